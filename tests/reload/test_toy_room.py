"""A room that nobody knows by name: its record alone brings it into every use of the house."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from tests.builders import NOON
from tests.reload.company import Version
from tests.reload.conftest import PLAIN, order, write
from tests.reload.worlds import tell

from tuttu import engine as use
from tuttu.api import DecideRequest, ExplainRequest, FunnelQuery
from tuttu.engine import ROOMS, Runtime, open_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.facts import Logged, Reader, Table, Transaction
from tuttu.vocabulary.history import Behind, Part, part
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Folds, Room
from tuttu.vocabulary.values import Instant, Kind, Type

COUNTED = part("toy", "every event")
TV = "actions/sales/tv/tv.yaml"
FEW = "has been heard often: toy_events >= 3"


class Heard(msgspec.Struct, frozen=True):
    """Ids of events, each once, in order."""

    ids: tuple[str, ...] = ()


TOYS = Table("toy.fragments", Heard, personal=True)


def _hear(transaction: Transaction, logged: Logged) -> None:
    fragment = logged.fact.fragment
    assert fragment is not None
    heard = transaction.get(TOYS, fragment) or Heard()
    ids = tuple(sorted({*heard.ids, logged.fact.id}))
    transaction.put(TOYS, fragment, Heard(ids))


def _filler(_project: Project, behind: Behind) -> Folds:
    def fill(transaction: Transaction, logged: Logged) -> None:
        if COUNTED in behind.at(logged.position):
            _hear(transaction, logged)

    return {Event: fill}


def _ids(reader: Reader, customer: Customer) -> list[str]:
    heard = (reader.get(TOYS, fragment) for fragment in customer.fragments)
    return sorted({each for one in heard if one is not None for each in one.ids})


def _read(
    reader: Reader, customer: Customer, _project: Project, _now: Instant
) -> Mapping[str, int]:
    return {"toy_events": len(_ids(reader, customer))}


def _parts(_project: Project) -> frozenset[Part]:
    return frozenset({COUNTED})


TOY = Room(
    name="toy",
    tables=(TOYS,),
    folds=lambda _project: {Event: _hear},
    parts=_parts,
    filler=_filler,
    columns=lambda _project: {"toy_events": Type(Kind.INTEGER)},
    read=_read,
    canonical=lambda reader, customer, _project: _ids(reader, customer) or None,
)
WITH_TOY = (*ROOMS, TOY)


@pytest.fixture
def ruled(folder: Path) -> Path:
    """The folder with a condition over the toy's column, and a derived trait over it."""
    action = folder / TV
    action.write_text(action.read_text() + f"eligible:\n  {FEW}\n")
    traits = folder / "traits.yaml"
    derived = '  is_heard: {expression: "toy_events > 0"}\n'
    traits.write_text(traits.read_text().replace("traits:\n", f"traits:\n{derived}"))
    return folder


@pytest.fixture
def engine(ruled: Path) -> Iterator[Runtime]:
    clock = ManualClock(NOON)
    with closing(
        open_engine(ruled, clock=clock, storage="sqlite:.tuttu/toy.db", rooms=WITH_TOY)
    ) as opened:
        yield opened


def _asked(engine: Runtime, who: str) -> tuple[list[str], list[tuple[str, str]]]:
    """What is chosen on the front, and the refused actions with their stages."""
    request = DecideRequest(who={"user_id": who}, surfaces=["front"], dry_run=True, seed=1)
    answer = use.decide(engine, request)
    return (
        [each.action for each in answer.choices],
        [(each.action, each.stage) for each in answer.refused],
    )


def test_its_column_decides_explains_and_is_counted(engine: Runtime) -> None:
    tell(engine, [order(number, "maija") for number in range(3)])
    tell(engine, [order(10 + number, "pekka") for number in range(2)])
    assert _asked(engine, "maija") == (["tv"], [("radio", "arbitration")])
    assert _asked(engine, "pekka") == (["radio"], [("tv", "eligibility")])
    request = ExplainRequest(who={"user_id": "pekka"}, surfaces=["front"])
    [refused] = [
        each for each in use.explain(engine, request, "anna").refused if each.action == "tv"
    ]
    assert [(each.name, each.would_be) for each in refused.would_pass_if] == [("toy_events", 3)]
    picture = use.customer(engine, {"user_id": "pekka"}, "anna")
    assert (picture.traits["toy_events"], picture.traits["is_heard"]) == (2, True)
    funnel = use.funnel(engine, FunnelQuery(surfaces="front"))
    [tv] = [line for line in funnel.actions if line.action == "tv"]
    assert (tv.stages[0].entered, tv.stages[0].refused, tv.chosen) == (2, 1, 1)
    found = use.verify(engine)
    assert found.agree
    assert sum(each.compared for each in found.parts) > 0
    answer = use.replay(engine)
    assert answer.live == answer.replayed


def test_a_receipt_keeps_what_it_read(engine: Runtime) -> None:
    tell(engine, [order(number) for number in range(3)])
    decided = use.decide(engine, DecideRequest(who={"user_id": "maija"}, surfaces=["front"]))
    tell(engine, [order(20)])
    kept = use.decision_by_id(engine, decided.decision_id or "", "anna")
    assert kept.read["toy_events"] == 3


def test_a_reload_fills_it_from_the_log(ruled: Path, tmp_path: Path) -> None:
    clock, plain = ManualClock(NOON), write(tmp_path / "plain", PLAIN)
    with closing(
        open_engine(plain, clock=clock, storage=f"sqlite:{ruled}/.tuttu/toy.db")
    ) as before:
        tell(before, [order(number) for number in range(5)])
        old = use.digest(before)
    opened = open_engine(ruled, clock=clock, storage="sqlite:.tuttu/toy.db", rooms=WITH_TOY)
    with closing(opened) as engine:
        assert opened.reloads is not None
        assert opened.reloads.opened.filled >= 1
        assert use.customer(engine, {"user_id": "maija"}, "anna").traits["toy_events"] == 5
        assert use.digest(engine) != old
        answer = use.replay(engine)
        assert answer.live == answer.replayed


def test_without_it_the_digest_is_the_old_one(folder: Path, tmp_path: Path) -> None:
    """A room that keeps nothing says nothing: neither its presence nor its column is seen."""
    silent = msgspec.structs.replace(TOY, canonical=lambda *_: None)
    digests = []
    for number, rooms in enumerate((ROOMS, (*ROOMS, silent), (*ROOMS, Room(name="empty")))):
        clock = ManualClock(NOON)
        secret = folder / f"{number}.db"
        with closing(
            open_engine(folder, clock=clock, storage=f"sqlite:{secret}", rooms=rooms)
        ) as engine:
            tell(engine, [order(each) for each in range(4)])
            digests.append(use.digest(engine).digest)
    assert len(set(digests)) == 1


def test_its_tables_are_its_own(ruled: Path) -> None:
    """A fold that writes a table which its room does not list fails, and keeps nothing; the event
    waits as a dead letter."""
    thief = msgspec.structs.replace(TOY, name="thief", tables=())
    clock = ManualClock(NOON)
    with closing(
        open_engine(ruled, clock=clock, storage="sqlite:.tuttu/thief.db", rooms=(*ROOMS, thief))
    ) as engine:
        noted: list[str] = []

        def note(error: Exception) -> str:
            noted.append(f"{type(error).__name__}: {error}")
            return "1"

        engine.note_mistake = note
        body = msgspec.json.encode({"batch": [order(1)]})
        [refused] = use.accept(engine, "batch", body, None, "test").refused
        assert refused.code == "unforeseen"
        assert noted == ["PermissionError: room 'thief' wrote the table 'toy.fragments'"]
        with engine.view() as seen:
            bodies = [logged.fact.body for logged in seen.snapshot.facts()]
        assert not any(isinstance(body, Event) for body in bodies)


def test_a_version_may_change_beside_it(engine: Runtime, ruled: Path) -> None:
    tell(engine, [order(number) for number in range(3)])
    write(ruled, Version(size=None, tickets=None, group=None))
    assert use.reload(engine, "anna").changed
    assert use.customer(engine, {"user_id": "maija"}, "anna").traits["toy_events"] == 3
