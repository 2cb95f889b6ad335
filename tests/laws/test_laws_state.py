"""State is frozen: a fold puts new records and changes none that it has read."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laws import happening
from tests.laws.memory import Memory

from tuttu.engine.rooms import ROOMS
from tuttu.vocabulary.facts import Exhausted, Fact, Logged
from tuttu.vocabulary.history import Behind
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Folds
from tuttu.vocabulary.values import Value

TABLES = [table for room in ROOMS for table in room.tables]


def within(declared: Any) -> Iterator[Any]:
    """All types that lie in a type, itself too; a trait's value is looked at as a whole."""
    yield declared
    if declared == Value:
        return
    inner = typing.get_args(declared)
    if isinstance(declared, type) and issubclass(declared, msgspec.Struct):
        hints = typing.get_type_hints(declared)
        inner = tuple(hints[name] for name in declared.__struct_fields__)
    for each in inner:
        yield from within(each)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.name))
def test_what_is_stored_is_frozen(table: Any) -> None:
    for each in within(table.type):
        assert typing.get_origin(each) not in {dict, list, set}, each
        if isinstance(each, type) and issubclass(each, msgspec.Struct):
            assert each.__struct_config__.frozen, each


def fold_all(folds: Folds, memory: Memory, facts: list[Fact]) -> None:
    """A fold that refuses its unit leaves nothing; after each, what it read is what it was."""
    for position, fact in enumerate(facts, 1):
        fold = folds.get(type(fact.body))
        if fold is None:
            continue
        before = {name: dict(records) for name, records in memory.tables.items()}
        memory.position = position
        memory.read.clear()
        try:
            fold(memory, Logged(position, fact))
        except Exhausted:
            memory.tables = before
        for record, plain in memory.read:
            assert msgspec.msgpack.encode(record) == plain


@given(st.data())
@pytest.mark.laws
def test_a_fold_changes_no_record_that_it_has_read(project: Project, data: st.DataObject) -> None:
    """Of every room: in a commit, and in a fill."""
    facts = data.draw(happening.histories(project))
    for room in ROOMS:
        fold_all(room.folds(project), Memory(), facts)
        behind = Behind(dict.fromkeys(room.parts(project), 0))
        fold_all(room.filler(project, behind), Memory(), facts)


KEPT = {
    "consent.fragments": "e1cb71d5a9dc2ac1",
    "identity.barred": "eefd0889111ff868",
    "identity.members": "51ce7a00109e3274",
    "identity.neighbours": "9bb12a69a507720f",
    "identity.nodes": "f5e3b13c4f4984f2",
    "ledger.addresses": "2f84d1c3596863e6",
    "ledger.amounts": "81159c9fe1a5336e",
    "ledger.fragments": "9788d5fbe0698f5a",
    "ledger.queue": "e19cad8387f644e2",
    "ledger.uses": "7b188d237afce3cc",
    "profile.fragments": "495067b227cbc2f3",
    "profile.items": "8a778ad3d7d9506b",
    "profile.members": "46895098f190a096",
    "profile.pages": "d6c30fa03df81b24",
    "profile.rolls": "e45e6132a7787601",
}
"""Table to the digest of what commit f06ea64 kept of `happening.story`, to the byte; of identity
what is kept since who is who is told by priority, under the name of its rules, and of the ledger
since contacts and uses say what is owed, and of uses since holds have records of their own, and of
items since they may stand in an order."""


def test_stored_bytes_are_what_they_were(project: Project) -> None:
    """So that a store of today is read by the code of tomorrow, and records need no migration. It
    changes with the company of the laws: a definition's text is in the keys of its state."""
    facts, found = happening.story(project), dict[str, str]()
    for room in ROOMS:
        memory = Memory()
        fold_all(room.folds(project), memory, facts)
        found |= memory.digests()
    assert {name: found[name] for name in KEPT} == KEPT
