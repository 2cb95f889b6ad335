"""Somebody with very many contacts, in both stores: what a decision reads of them, and what a
changed limit makes of that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.builders import NOON

from tuttu import engine as use
from tuttu import identity, ledger
from tuttu.bench import company, customers
from tuttu.engine import Runtime, open_engine
from tuttu.ledger import definitions, state
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.events import Identifier

CONTACTS = 150
WHO = "contacted"


@pytest.fixture
def engine(tmp_path: Path, storage_url: str) -> Iterator[Runtime]:
    """Of a company with somebody who was contacted every hour."""
    folder = company.write(company.GeneratedCompany(12), tmp_path / "company")
    clock = ManualClock(NOON)
    with closing(open_engine(folder, clock=clock, storage=storage_url)) as opened:
        _contact(opened, range(CONTACTS))
        yield opened


def _contact(engine: Runtime, numbers: range) -> None:
    start = datetime.fromtimestamp(NOON / 1_000_000, UTC) - timedelta(hours=CONTACTS + 9)
    customers.accept(
        engine,
        (
            customers.event(
                WHO,
                f"letter-{each}",
                company.NEWSLETTER,
                start + timedelta(hours=each),
                offer=company.name_of(each % 12),
            )
            for each in numbers
        ),
    )


def _require_newest(engine: Runtime) -> int:
    """How many contacts a decision reads; it sees in them what it would see in all."""
    project = engine.project
    with engine.view() as seen:
        who = identity.resolve(seen.snapshot, project, Identifier("user_id", WHO))
        few, every = (
            ledger.read(seen.snapshot, who, project, engine.now(), {}, everything=everything)
            for everything in (False, True)
        )
        record = seen.snapshot.get(state.FRAGMENTS, who.oldest)
    assert record is not None
    assert record.older is not None
    assert record.older.part == definitions.definitions_of(project).newest
    assert few.columns() == every.columns()
    for limit in project.policy.contact_limits:
        assert few.state(limit) == every.state(limit)
    for action in project.actions.values():
        for rule in project.policy.suppressions:
            assert few.silent_until(rule, action) == every.silent_until(rule, action)
    assert [*few.entries] == [each for each in every.entries if each in few.entries]
    return len(few.entries)


def test_a_decision_reads_the_newest_and_a_changed_limit_is_filled(
    engine: Runtime, tmp_path: Path
) -> None:
    newest = _require_newest(engine)
    assert newest < CONTACTS
    company.write(company.GeneratedCompany(12, allowing=2), tmp_path / "company")
    filled = use.reload(engine, "test")
    assert (filled.changed, filled.filled) == (True, 1)
    more = _require_newest(engine)
    assert newest < more < CONTACTS
    _contact(engine, range(CONTACTS, CONTACTS + 9))
    assert _require_newest(engine) <= more + 9
    picture = use.customer(engine, {"user_id": WHO}, "test")
    assert len(picture.contacts) == CONTACTS + 9
