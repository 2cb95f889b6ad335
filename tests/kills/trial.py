"""Kills in a row on one and the same store, and what must hold after each of them."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
from tests.kills.books import Books
from tests.kills.senders import Diary, Request, Sender, Wire, settle, whole_or_absent
from tests.kills.server import Server
from tests.waiting import HANG_SECONDS, random_moment, until

SENDERS = 4


class Database(Protocol):
    """A database server of the tests' own."""

    def signal(self, number: int) -> None: ...

    def kill(self) -> None: ...

    def start(self) -> None: ...


@dataclass
class Blow:
    """One kill. in_flight: requests that were sent before it and not acknowledged."""

    victims: frozenset[str]
    in_flight: int
    seconds_to_serve: float


@dataclass
class Trial:
    """storage: the store's URL. database: its server, where it has one."""

    server: Server
    storage: str
    seed: int
    books: Books
    database: Database | None = None
    diary: Diary = field(default_factory=Diary)
    blows: list[Blow] = field(default_factory=list)

    def round(self) -> None:
        """Load, a kill at a random moment, a restart, and the checks."""
        number = len(self.blows)
        chance = random.Random(f"{self.seed}/round/{number}")
        victims = self._victims(chance)
        senders = [Sender(f"{number}.{each}", self.seed, self.diary) for each in range(SENDERS)]
        in_flight = self._under_load(senders, victims, chance)
        assert {status for sender in senders for status in sender.others} <= {503}
        start = time.perf_counter()
        self._stand_up(victims, chance)
        self.blows.append(Blow(victims, in_flight, time.perf_counter() - start))
        self._reckon({who for sender in senders for who in sender.customers}, chance)

    def _victims(self, chance: random.Random) -> frozenset[str]:
        if self.database is None:
            return frozenset({"tuttu"})
        return frozenset(chance.choice((["tuttu"], ["database"], ["tuttu", "database"])))

    def _under_load(
        self, senders: list[Sender], victims: frozenset[str], chance: random.Random
    ) -> int:
        """Requests in flight when the blow fell. Every tenth falls on a server at rest."""
        stopped = threading.Event()
        arguments = (self.server.url, self.server.key, stopped)
        threads = [threading.Thread(target=each.run, args=arguments) for each in senders]
        for thread in threads:
            thread.start()
        while not self.diary.in_flight():
            assert any(thread.is_alive() for thread in threads), self.server.said()[-2_000:]
        random_moment(chance, 0.4)
        if len(self.blows) % 10 == 9:
            stopped.set()
            for thread in threads:
                thread.join()
        caught = self._strike(victims)
        stopped.set()
        for thread in threads:
            thread.join()
        return len([request for request in caught if request in self.diary.open])

    def _strike(self, victims: frozenset[str]) -> list[Request]:
        """The requests on which the blow fell: whoever is to die stands still while they are
        counted, or some would be answered meanwhile."""
        database = self.database if "database" in victims else None
        server = self.server if "tuttu" in victims else None
        if database:
            database.signal(signal.SIGSTOP)
        if server:
            server.freeze()
        caught = self.diary.in_flight()
        if database:
            database.kill()
        if server:
            server.kill()
        return caught

    def _stand_up(self, victims: frozenset[str], chance: random.Random) -> None:
        """Now and then the start itself is killed too."""
        if "database" in victims and self.database is not None:
            self.database.start()
        if "tuttu" in victims:
            if chance.random() < 0.15:
                self.server.begin()
                random_moment(chance, 1.2)
                self.server.kill()
            self.server.start()
        assert self.server.running, self.server.said()[-2_000:]
        self._ready()

    def _ready(self) -> None:
        """Served again, without a word from us."""
        url = f"{self.server.url}/readyz"
        until(
            lambda: httpx.get(url, timeout=HANG_SECONDS, trust_env=False).status_code == 200,
            "the store was not taken up again",
        )

    def _reckon(self, touched: set[str], chance: random.Random) -> None:
        self.books.read(self.storage, self.server.folder)
        logged, receipts, letters = self._kept()
        assert not self.diary.events - logged, "an acknowledged event is lost"
        assert not self._decided() - receipts, "an acknowledged decision is lost"
        assert not self.diary.letters - letters, "an acknowledged dead letter is lost"
        assert not whole_or_absent(self.diary.open, logged), "a batch was kept in part"
        settle(self.diary, self.server.url, self.server.key)
        self.books.read(self.storage, self.server.folder)
        logged, receipts, _ = self._kept()
        assert logged == self.diary.events, "the log has other events than were sent"
        assert receipts == self._decided(), "the log has other decisions than were asked for"
        self._as_answered()
        assert not self.books.broken()
        whom = sorted(touched)
        self.effects(chance.sample(whom, min(len(whom), 8)))

    def _kept(self) -> tuple[set[str], set[str], set[str]]:
        """Message ids, decision ids and ids of dead letters in the log."""
        kinds = ("event", "receipt", "dead_letter")
        events, receipts, letters = (
            {found for (found,) in self.books.ask("SELECT id FROM facts WHERE kind = ?", kind)}
            for kind in kinds
        )
        return events, receipts, letters

    def _decided(self) -> set[str]:
        return {answer["decision_id"] for answer in self.diary.decisions.values()}

    def _as_answered(self) -> None:
        """The receipts chose what their askers were told."""
        kept = set(self.books.ask("SELECT decision, contact, action, surface FROM choices"))
        told = {
            (answer["decision_id"], each["contact_id"], each["action"], each["surface"])
            for answer in self.diary.decisions.values()
            for each in answer["choices"]
        }
        assert kept == told

    def effects(self, customers: Iterable[str]) -> None:
        """Each acknowledged event was applied once; used, held and free are the amount."""
        with closing(Wire(self.server.url, self.server.key)) as wire:
            for who in customers:
                traits = wire.get(f"/v1/customers/{who}")["traits"]
                assert (traits["report_views_30d"] or 0) == self.diary.views[who], who
                assert (traits["spend_90d"] or 0) == self.diary.spent[who], who
            used: dict[str, Any] = dict(
                self.books.ask("SELECT resource, sum(used) FROM uses GROUP BY resource")
            )
            held: dict[str, Any] = dict(
                self.books.ask("SELECT resource, sum(units) FROM holds GROUP BY resource")
            )
            for each in wire.get("/v1/resources"):
                name = each["name"]
                assert (each["used"], each["held"]) == (used.get(name, 0), held.get(name, 0))
                assert each["used"] + each["held"] + each["free"] == each["amount"], name


def set_amount(server: Server, name: str, amount: int) -> None:
    headers = {"Authorization": f"Bearer {server.key}"}
    path = f"{server.url}/v1/resources/{name}"
    with httpx.Client(headers=headers, timeout=HANG_SECONDS, trust_env=False) as client:
        client.put(path, json={"amount": amount}).raise_for_status()


def sent(requests: Iterable[Request]) -> int:
    return sum(request.sent for request in requests)
