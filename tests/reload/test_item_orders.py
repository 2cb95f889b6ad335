"""What is closed may be said anew, at any time and of many items: as if it had always been so."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tuttu import engine as use
from tuttu.engine import Runtime, load_project, open_engine, scratch_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant, parse_instant
from tuttu.vocabulary.values import MINUTE

HELPDESK = Path(__file__).parents[2] / "src/tuttu/examples/helpdesk"
MOMENT = parse_instant("2026-03-01T09:00:00Z") or 0
CLOSED = "    closed: status = 'resolved'\n"
WAYS = ("status = 'resolved'", "activity = 'b'", "status = 'resolved' OR activity = 'b'", "")
ANNA = {"user_id": "anna"}
Calls = list[dict[str, Any]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(HELPDESK, tmp_path / "helpdesk")


@pytest.fixture
def engine(folder: Path, storage_url: str) -> Iterator[Runtime]:
    with closing(open_engine(folder, clock=ManualClock(MOMENT), storage=storage_url)) as opened:
        yield opened


def _say(folder: Path, closed: str) -> None:
    traits = folder / "traits.yaml"
    before, _, after = (HELPDESK / "traits.yaml").read_text().partition(CLOSED)
    line = f"    closed: {closed}\n" if closed else ""
    traits.write_text(f"{before}{line}    limit: 20\n{after}")


def _calls(chance: random.Random, count: int, first: int) -> Calls:
    return [
        {
            "type": "track",
            "messageId": f"m{first + number}",
            "userId": "anna",
            "event": "Ticket Updated",
            "timestamp": format_instant(MOMENT - chance.randrange(500) * MINUTE),
            "properties": {
                "ticket_id": f"T{chance.randrange(150)}",
                "status": chance.choice(["open", "resolved"]),
                "activity": chance.choice(["a", "b"]),
            },
        }
        for number in range(count)
    ]


def _tell(engine: Runtime, calls: Calls) -> None:
    outcome = use.accept(engine, "batch", json.dumps({"batch": calls}).encode(), None, "test")
    assert outcome.accepted == len(calls), outcome


def _seen(engine: Runtime) -> tuple[object, object]:
    picture = use.customer(engine, ANNA, "test")
    return picture.collections["tickets"], picture.beyond_limit


def test_a_reload_fills_the_order_as_if_it_had_always_been_so(
    seed: int, engine: Runtime, folder: Path
) -> None:
    chance, told = random.Random(seed), list[dict[str, Any]]()
    for closed in (*WAYS, *WAYS):
        _say(folder, closed)
        assert use.reload(engine, "test").changed
        told += (calls := _calls(chance, 60, len(told)))
        _tell(engine, calls)
        with closing(scratch_engine(load_project(folder), clock=ManualClock(MOMENT))) as other:
            _tell(other, chance.sample(told, len(told)))
            assert _seen(engine) == _seen(other), closed
