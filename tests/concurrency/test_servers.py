"""Several `tuttu serve` on one PostgreSQL: one company, whichever of them is asked."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.concurrency.crowd import SENDERS, Want, company, dealt, introduce, moment, wanted
from tests.concurrency.test_caps import judged
from tests.kills.senders import Request, Wire
from tests.kills.server import SCOPES, Server, stored

from tuttu.engine import open_engine
from tuttu.vocabulary.clock import ManualClock

if TYPE_CHECKING:
    from tests.kills.conftest import Serving
else:
    Serving = Any

pytestmark = pytest.mark.kills

COUNTER = Path(__file__).parents[1] / "stories" / "counter"


def served(folder: Path, storage: str, serving: Serving, number: int) -> list[Server]:
    """So many servers, each with a copy of the project folder of its own, and one key for all."""
    stored(folder, storage)
    with closing(open_engine(folder, clock=ManualClock(moment(0)))) as engine:
        key = engine.keyring.issue("sender", SCOPES)
    servers = []
    for each in range(number):
        copied = shutil.copytree(folder, folder.with_name(f"{folder.name}-{each}"))
        server: Server = serving(copied)
        server.key = key
        server.begin()
        servers.append(server)
    for server in servers:
        server.opened()
    return servers


def test_three_servers_break_no_cap(
    tmp_path: Path,
    postgres_url: str,
    serving: Serving,
    seed: int,
    scale: Callable[[int, int], int],
) -> None:
    folder = company(tmp_path / "crowd")
    with closing(open_engine(folder, clock=ManualClock(moment(0)), storage=postgres_url)) as engine:
        introduce(engine)
    servers = served(folder, postgres_url, serving, 3)
    days = scale(1, 10)
    for day in range(days):
        for server in servers:
            server.set_clock(moment(day))
        hands = dealt(wanted(day, seed), len(servers) * SENDERS)
        with ThreadPoolExecutor(len(hands)) as pool:
            asked = [servers[number % len(servers)] for number in range(len(hands))]
            list(pool.map(ask, asked, hands))
    judged(postgres_url, folder, folder / ".tuttu" / "secret", days)


def ask(server: Server, wants: Sequence[Want]) -> None:
    """One sender; nobody is sent away because others were faster."""
    with closing(Wire(server.url, server.key)) as wire:
        for want in wants:
            body = {"who": {"user_id": want.who}, "surfaces": [want.surface]}
            status, answer = wire.ask(Request("/v1/decide", body))
            assert status == 200, answer


def test_a_decision_sees_what_another_process_has_acknowledged(
    tmp_path: Path,
    postgres_url: str,
    serving: Serving,
    seed: int,
    scale: Callable[[int, int], int],
) -> None:
    """Several senders in alternation: an event to one server, and at once the question to the
    other, which must know of that event and of no later one."""
    servers = served(
        shutil.copytree(COUNTER, tmp_path / "counter"), postgres_url, serving, 2
    )  # fmt: skip
    turns = scale(30, 2_000)
    start = threading.Barrier(3)

    def work(sender: int) -> None:
        chance = random.Random(f"{seed}/{sender}")
        with ExitStack() as stack:
            wires = [stack.enter_context(closing(Wire(each.url, each.key))) for each in servers]
            start.wait()
            for turn in range(1, turns + 1):
                there = chance.randrange(2)
                track(wires[there], f"customer-{sender}", turn)
                assert wins(wires[1 - there], f"customer-{sender}", turn)
                assert not wins(wires[1 - there], f"customer-{sender}", turn + 1)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))


def track(wire: Wire, who: str, turn: int) -> None:
    """Returns when the event is acknowledged."""
    call = {"type": "track", "userId": who, "event": "Seen", "messageId": f"{who}.{turn}"}
    status, answer = wire.ask(Request("/v1/track", call))
    assert (status, answer) == (200, {"success": True, "accepted": 1})


def wins(wire: Wire, who: str, times: int) -> bool:
    """Whether a decision counts at least so many events of the customer."""
    body = {"who": {"user_id": who}, "surfaces": ["front"], "dry_run": True}
    status, answer = wire.ask(Request("/v1/decide", {**body, "context": {"wanted": times}}))
    assert status == 200, answer
    return "prize" in {choice["action"] for choice in answer["choices"]}
