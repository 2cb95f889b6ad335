"""The key of a fragment is lost: its facts are left out and counted, and the rest goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.reload.company import Version
from tests.reload.conftest import Opening, order, trait, write
from tests.reload.worlds import tell

from tuttu import engine as use
from tuttu.api import DecideRequest, TimelineQuery
from tuttu.engine import Runtime
from tuttu.vocabulary.errors import BadRequest, NotFound

COUNTED = Version(size=None, tickets=None, group=None)
NUMBERS = count(1)
PEOPLE, DEVICES = ("aino", "eero", "outi"), ("phone", "tablet")
NAMES = (*(("user_id", each) for each in PEOPLE), *(("anonymous_id", each) for each in DEVICES))

said = st.tuples(st.sampled_from([*PEOPLE, None]), st.sampled_from([*DEVICES, None])).filter(any)


def call(world: int, person: str | None, device: str | None) -> dict[str, Any]:
    """An order of a person, at a device, or of nobody but a device."""
    who = {"userId": person and f"{person}{world}", "anonymousId": device and f"{device}{world}"}
    named = {name: value for name, value in who.items() if value}
    told = order(next(NUMBERS))
    del told["userId"]
    return {**told, **named}


def forget(folder: Path, url: str, fragments: Iterable[bytes]) -> None:
    """Behind everybody's back, while nobody has the store open."""
    keys = [(each,) for each in fragments]
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(folder / url.removeprefix("sqlite:"))) as store:
            store.executemany("DELETE FROM fragment_keys WHERE fragment = ?", keys)
            store.commit()
        return
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.executemany("DELETE FROM tuttu.fragment_keys WHERE fragment = %b", keys)


def fragments_of(engine: Runtime) -> list[bytes | None]:
    """Of every fact that can be read."""
    with engine.store.read() as snapshot:
        return [each.fact.fragment for each in snapshot.facts(limit=10_000)]


@settings(max_examples=4, phases=[Phase.explicit, Phase.generate])
@given(st.lists(said, min_size=1, max_size=8), st.sets(st.sampled_from(NAMES), min_size=1))
def test_the_rest_goes_on_whoever_is_lost(
    folder: Path,
    opening: Opening,
    storage_url: str,
    calls: list[tuple[str | None, str | None]],
    lost: set[tuple[str, str]],
) -> None:
    """State afterwards is that of the facts that can be read, in every fold, by replay, by the
    independent check, and after everybody has been heard of again."""
    write(folder, COUNTED)
    engine, world = opening(), next(NUMBERS)
    tell(engine, [call(world, *each) for each in calls])
    keys = {engine.store.pseudonym(kind, f"{name}{world}") for kind, name in lost}
    before, missing = fragments_of(engine), use.project(engine).unreadable
    apart = {
        name: trait(engine, "orders", f"{name}{world}")
        for name in PEOPLE
        if not any(key in keys for key in _linked(engine, world, name, calls))
    }
    opening.close()
    forget(folder, storage_url, keys)

    engine = opening()
    missing += sum(fragment in keys for fragment in before)
    _holds(engine, missing)
    rest = [fragment for fragment in before if fragment not in keys]
    assert fragments_of(engine)[: len(rest)] == rest
    for name, orders in apart.items():
        assert trait(engine, "orders", f"{name}{world}") == orders
    for person in PEOPLE:
        kept = trait(engine, "orders", f"{person}{world}") or 0
        tell(engine, [call(world, person, None)])
        assert trait(engine, "orders", f"{person}{world}") == kept + 1
        asked = DecideRequest(who={"user_id": f"{person}{world}"}, surfaces=["front"])
        use.decide(engine, asked)
        use.timeline(engine, {"user_id": f"{person}{world}"}, "test", TimelineQuery())
    opening.close()
    _holds(opening(), missing)


def _linked(
    engine: Runtime, world: int, name: str, calls: list[tuple[str | None, str | None]]
) -> set[bytes]:
    """The fragments of all that a person was ever named with, directly or not."""
    met: set[tuple[str, str]] = {("user_id", name)}
    for _ in calls:
        for person, device in calls:
            pair = {("user_id", person), ("anonymous_id", device)}
            if met & pair:
                met |= {(kind, each) for kind, each in pair if each}
    return {engine.store.pseudonym(kind, f"{each}{world}") for kind, each in met}


def _holds(engine: Runtime, missing: int) -> None:
    replayed = use.replay(engine)
    assert replayed.live == replayed.replayed
    assert (replayed.unreadable, replayed.refused) == (missing, 0)
    assert use.project(engine).unreadable == missing
    assert use.verify(engine).agree


def test_a_new_trait_leaves_out_what_cannot_be_read(
    folder: Path, opening: Opening, storage_url: str
) -> None:
    write(folder, Version(size=None, orders=None, tickets=None, group=None))
    engine = opening()
    tell(engine, [order(1, "aino"), order(2, "eero"), order(3, "aino"), order(4, "outi")])
    lost = engine.store.pseudonym("user_id", "aino")
    opening.close()
    forget(folder, storage_url, [lost])
    write(folder, COUNTED)
    engine = opening()
    tell(engine, [order(5, "aino")])
    assert engine.reloads is not None
    assert engine.reloads.opened.filled == 0, "the whole log was folded by the new version"
    assert [trait(engine, "orders", who) for who in PEOPLE] == [1, 1, 1]
    write(folder, Version(size=None, orders=None, tickets=None, group="household_id"))
    assert use.reload(engine, "anna").unreadable == 2


def test_a_decision_that_cannot_be_read_is_not_there(
    folder: Path, opening: Opening, storage_url: str
) -> None:
    """The last fact of the log is of the lost key: the engine starts, and time does not go back
    behind the newest fact that it can read."""
    engine = opening()
    asked = DecideRequest(who={"user_id": "aino"}, surfaces=["front"], create=True)
    decided = use.decide(engine, asked, idempotency=b"once")
    assert decided.decision_id is not None
    lost = engine.store.pseudonym("user_id", "aino")
    opening.close()
    forget(folder, storage_url, [lost])
    engine = opening()
    assert use.project(engine).unreadable == 1
    with pytest.raises(NotFound):
        use.decision_by_id(engine, decided.decision_id, "test")
    with pytest.raises(BadRequest, match="whose answer can no longer be read"):
        use.decide(engine, asked, idempotency=b"once")
