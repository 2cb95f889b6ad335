"""Stolen files of a store reveal nobody's name: the examples, in both stores."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tuttu import engine as use
from tuttu.catalog import ScenarioStep, read_scenarios
from tuttu.engine import Runtime, open_engine
from tuttu.simulation.steps import StepError, perform
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import parse_instant
from tuttu.vocabulary.errors import BadRequest

EXAMPLES = Path(str(files("tuttu"))) / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if (path / "tuttu.yaml").exists())
Calls = list[dict[str, Any]]
PLANTED = {
    "first_name": "Hilma-Sofia",
    "last_name": "Meikäläinen",
    "email": "hilma-sofia@example.com",
    "phone": "+358 50 7654321",
}
TELLING = re.compile(r"(?s)(?=.*[^0-9a-f]).{5,}|.{10,}")
"""A shorter text, or a short one of hexadecimal digits alone, turns up by chance; if it is an
identifier, it is looked for together with its namespace."""


def steps_of(folder: Path) -> list[ScenarioStep]:
    return [step for scenario in read_scenarios(folder) for step in scenario.given]


def demo_calls(folder: Path) -> Calls:
    path = folder / "demo" / "events.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def live(engine: Runtime, clock: ManualClock, steps: list[ScenarioStep], demo: Calls) -> None:
    """Everything that the example tells, in one store."""
    for number, step in enumerate(steps):
        clock.set(max(step.at, engine.now()))
        with suppress(StepError, BadRequest):
            perform(engine, step, number)
    clock.set(max(clock.now(), parse_instant("2026-06-01T00:00:00Z") or 0))
    planted = {"type": "identify", "messageId": "planted-4711", "userId": "hilma-sofia-77"}
    calls = [*demo, {**planted, "traits": PLANTED}]
    answer = use.accept(engine, "batch", json.dumps({"batch": calls}).encode(), None, "raw")
    assert answer.accepted + len(answer.refused) == len(calls)
    with suppress(BadRequest):
        use.customer(engine, {"user_id": "hilma-sofia-77"}, "somebody-curious")


def personal(steps: list[ScenarioStep], demo: Calls) -> Iterator[str]:
    """What must not be readable: identifiers with their namespaces, names, addresses, numbers."""
    yield from ("hilma-sofia-77", "planted-4711", *PLANTED.values(), "358507654321")
    for step in steps:
        for namespace, value in {**step.who, **step.previous}.items():
            yield from (f"{namespace}{glue}{value}" for glue in (":", "\x00", "=", '":"', '": "'))
            yield f'"{value}"'
            yield value
    for call in demo:
        yield from (str(call[key]) for key in ("userId", "anonymousId", "messageId") if key in call)
        yield from (value for value in call.get("traits", {}).values() if isinstance(value, str))


def needles(steps: list[ScenarioStep], demo: Calls) -> list[bytes]:
    return sorted({each.encode() for each in personal(steps, demo) if TELLING.fullmatch(each)})


def found(looked_for: list[bytes], raw: bytes) -> list[bytes]:
    return [needle for needle in looked_for if needle in raw]


@pytest.mark.parametrize("subjects", ["sqlite", "postgresql 18"], indirect=True)
@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_readable_in_the_raw_files(name: str, subjects: Callable[[], Any]) -> None:
    """Of SQLite its file and its log; of PostgreSQL its tables, its log, and what it says of each
    statement with all its values."""
    subject = subjects()
    folder = shutil.copytree(EXAMPLES / name, subject.folder, dirs_exist_ok=True)
    steps, demo = steps_of(folder), demo_calls(folder)
    looked_for = needles(steps, demo)
    assert len(looked_for) > 10
    clock = ManualClock(0)
    with closing(open_engine(folder, clock=clock, storage=subject.url)) as engine:
        live(engine, clock, steps, demo)
        raw = subject.raw()
        assert b"identity.nodes" in raw
        assert found(looked_for, raw) == []
    if subject.several:
        said = subject.said()
        assert b"INSERT INTO tuttu.log" in said
        assert found([needle.hex().encode() for needle in looked_for], said) == []
    else:
        assert found(looked_for, subject.raw()) == []
