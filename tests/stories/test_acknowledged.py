"""Acknowledged means applied: a decision sees every event that was acknowledged before it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.local import local_client

if TYPE_CHECKING:
    from tests.stories.conftest import Company, Copy, Open
else:
    Company = Copy = Open = Any

pytestmark = pytest.mark.stories

COUNTER = Path(__file__).parent / "counter"
MOMENT = "2026-03-05T09:00:00Z"
SENDERS = 6


@pytest.fixture
def company(copy: Copy, opened: Open, storage_url: str) -> Company:
    """On a store of each kind."""
    return opened(copy(COUNTER, "counter"), MOMENT, "--storage", storage_url)


class Tally:
    """How many events were sent, and how many of them are acknowledged."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.sent = 0
        self.acknowledged = 0

    def sending(self) -> int:
        with self._lock:
            self.sent += 1
            return self.sent

    def heard(self) -> None:
        with self._lock:
            self.acknowledged += 1


class Sender:
    """One thread: every other one speaks TCP, the rest over the project's own socket."""

    def __init__(self, company: Company, number: int, client: httpx.Client) -> None:
        self.client = client
        self.company = company
        self.number = number

    def track(self, who: str, event: str, name: str, **properties: str) -> None:
        """Returns when the event is acknowledged."""
        call = {"event": event, "userId": who, "messageId": name, "properties": properties}
        answer = self.company.ask("POST", "/v1/track", call, by=self.client)
        assert answer == {"success": True, "accepted": 1}

    def wins(self, who: str, wanted: int) -> bool:
        """Whether a decision counts at least so many events of the customer."""
        context = {"wanted": wanted}
        answer = self.company.decide(who, "front", by=self.client, context=context)
        return "prize" in {choice["action"] for choice in answer["choices"]}

    def left_open(self, who: str) -> bool:
        """Whether a kept decision sees an open door of the customer."""
        answer = self.company.decide(who, "front", by=self.client, dry_run=False)
        refused = {no["action"] for no in answer["refused"]}
        assert refused | {choice["action"] for choice in answer["choices"]} == {
            "prize",
            "shut-the-door",
        }
        return "shut-the-door" not in refused


def together(company: Company, work: Callable[[Sender], None]) -> None:
    """The work of every sender, all at once; raises what any of them raised."""

    def run(number: int) -> None:
        with local_client(company.folder) if number % 2 else company.connect() as client:
            start.wait()
            work(Sender(company, number, client))

    start = threading.Barrier(SENDERS)
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(run, range(SENDERS)))


def test_a_decision_sees_what_anybody_was_acknowledged(
    company: Company, scale: Callable[[int, int], int]
) -> None:
    """All of them tell of one customer; whoever asks sees at least what was acknowledged by then,
    and never more than there will ever be."""
    tally = Tally()

    def work(sender: Sender) -> None:
        for turn in range(scale(25, 1_000)):
            tally.sending()
            sender.track("maija", "Seen", f"seen-{sender.number}-{turn}")
            tally.heard()
            before = tally.acknowledged
            assert sender.wins("maija", before), f"{before} were acknowledged"
            assert not sender.wins("maija", SENDERS * scale(25, 1_000) + 1)

    together(company, work)
    assert company.customer("maija")["traits"]["times_seen"] == tally.sent == tally.acknowledged


def test_a_decision_sees_the_last_word_of_its_asker(
    company: Company, scale: Callable[[int, int], int]
) -> None:
    """Each opens and shuts a door of their own customer, and asks in between, while the others do
    the same: what holds changes with every event. The clock stands still, so that the ids say
    which word was the last."""

    def work(sender: Sender) -> None:
        who = f"customer-{sender.number}"
        for turn in range(scale(20, 500)):
            state = ("open", "shut")[turn % 2]
            sender.track(who, "Door Moved", f"{who}-{turn:04d}", door="front", state=state)
            assert sender.left_open(who) == (state == "open"), turn

    together(company, work)
