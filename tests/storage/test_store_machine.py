"""Any store against a plain model in memory: whatever is done to it, in whatever order.

The model is a list of facts and a few dictionaries; it knows nothing of sealing, snapshots or
databases. Handles are closed and opened again, snapshots stay open while others write.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from copy import deepcopy
from functools import partial
from typing import Any, NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tuttu.storage import Store, StoreUnavailableError
from tuttu.testing.stores import SHARED, SUITE, Note, Step, Subject, unit_of
from tuttu.testing.stores.handling import PERSONAL
from tuttu.vocabulary.facts import Committed, Conflict, Duplicate, Refused, Result, Unit

pytestmark = pytest.mark.laws

PEOPLE = ("maija", "matti", "aino")
KEYS = st.sampled_from([b"", b"a", b"a\x00", b"a\xff", b"b", b"\x80", b"\xff", b"\xff\xff"])
STEPS = st.lists(
    st.builds(
        Step,
        what=st.sampled_from(["put", "put", "put", "delete", "refuse"]),
        key=KEYS,
        text=st.text(max_size=5),
        table=st.sampled_from([SHARED.name, PERSONAL.name]),
    ),
    max_size=4,
)


class Said(NamedTuple):
    """One unit, as it is told to the store and to the model."""

    who: str
    steps: list[Step]
    dedupe_keys: tuple[bytes, ...]
    watched: tuple[tuple[str, str, bytes], ...]
    """(table, whose, key) of records that must be as they are now."""


WATCHED = st.tuples(st.sampled_from([SHARED.name, PERSONAL.name]), st.sampled_from(PEOPLE), KEYS)
SAID = st.builds(
    Said,
    who=st.sampled_from(PEOPLE),
    steps=STEPS,
    dedupe_keys=st.lists(st.sampled_from([b"1", b"2", b"3", b"4", b"5", b"6"]), max_size=2).map(
        tuple
    ),
    watched=st.lists(WATCHED, max_size=2).map(tuple),
)


class Model:
    """What a store is."""

    def __init__(self) -> None:
        self.log: list[tuple[str, str]] = []
        self.records: dict[tuple[str, bytes], tuple[int, str]] = {}
        self.seen: dict[bytes, int] = {}

    def version(self, place: tuple[str, bytes]) -> int:
        return self.records.get(place, (0, ""))[0]

    def commit(self, said: Said, unit: Unit) -> Result:
        known = [self.seen[key] for key in said.dedupe_keys if key in self.seen]
        if known:
            return Duplicate(known[0])
        for table, key, version in unit.reads:
            if self.version((table, key)) != version:
                return Conflict(table)
        refused = [step.text for step in said.steps if step.what == "refuse"]
        if refused:
            return Refused(refused[0])
        [fact] = unit.facts
        self.log.append((said.who, fact.id))
        position = len(self.log)
        self.seen.update(dict.fromkeys(said.dedupe_keys, position))
        for step in said.steps:
            personal = step.table == PERSONAL.name
            place = (step.table, (fact.fragment or b"") + step.key if personal else step.key)
            if step.what == "put":
                self.records[place] = (position, step.text)
            else:
                self.records.pop(place, None)
        return Committed(position)

    def scan(self, table: str, prefix: bytes) -> list[tuple[bytes, str]]:
        return sorted(
            (key, text)
            for (name, key), (_, text) in self.records.items()
            if name == table and key.startswith(prefix)
        )


class StoreMachine(RuleBasedStateMachine):
    """`subject` is set by the test."""

    make: Callable[[], Subject]
    snapshots = Bundle("snapshots")

    def __init__(self) -> None:
        super().__init__()
        self.subject = self.make()
        self.model = Model()
        self.number = 0
        self.open: list[Any] = []
        self.handles = [self.opened() for _ in range(2 if self.subject.several else 1)]

    def opened(self) -> Store:
        store = self.subject.open()
        store.register([SUITE])
        return store

    def handle(self) -> Store:
        """In turn, so that what one did is seen by the other."""
        self.number += 1
        return self.handles[self.number % len(self.handles)]

    def key(self, table: str, who: str, key: bytes) -> bytes:
        return self.handles[0].pseudonym("user_id", who) + key if table == PERSONAL.name else key

    @rule(batch=st.lists(SAID, max_size=4), stale=st.booleans())
    def commit(self, batch: list[Said], stale: bool) -> None:
        self.say(self.handle(), batch, stale)

    @rule(batches=st.lists(st.lists(SAID, max_size=2), max_size=4), full=st.booleans())
    def tick(self, batches: list[list[Said]], full: bool) -> None:
        """As its units one by one, for all who look inside it; or as if it had never been."""
        store, before = self.handle(), deepcopy(self.model)

        def work(batch: list[Said]) -> None:
            with store.read() as held:
                model = deepcopy(self.model)
                self.say(store, batch, False)
                self.compare(held, model)
            with store.read() as snapshot:
                self.compare(snapshot, self.model)

        tick = store.tick()
        done = [tick.add(partial(work, batch)) for batch in batches]
        with self.subject.full() if full else nullcontext():
            tick.close()
        if full and len(self.model.log) > len(before.log):
            self.model = before
            with pytest.raises(StoreUnavailableError):
                done[-1].result()
        else:
            for ticket in done:
                ticket.result()
        with store.read() as snapshot:
            self.compare(snapshot, self.model)

    def say(self, store: Store, batch: list[Said], stale: bool) -> None:
        units = []
        for said in batch:
            self.number += 1
            reads = []
            for table, who, key in said.watched:
                place = (table, self.key(table, who, key))
                reads.append((*place, self.model.version(place) + (1 if stale else 0)))
            units.append(
                unit_of(
                    store,
                    *said.steps,
                    who=said.who,
                    id=f"m{self.number}",
                    dedupe_keys=said.dedupe_keys,
                    reads=tuple(reads),
                )
            )  # fmt: skip
        expected = [self.model.commit(*each) for each in zip(batch, units, strict=True)]
        assert store.commit(units) == expected

    @rule(target=snapshots)
    def begin_to_read(self) -> Any:
        if len(self.open) >= 3:
            return multiple()
        context = self.handle().read()
        snapshot = context.__enter__()
        self.open.append(context)
        return (context, snapshot, deepcopy(self.model))

    @rule(taken=snapshots)
    def look_again(self, taken: Any) -> None:
        context, snapshot, model = taken
        if context in self.open:
            self.compare(snapshot, model)

    @rule(taken=consumes(snapshots))
    def end_reading(self, taken: Any) -> None:
        context = taken[0]
        if context in self.open:
            self.open.remove(context)
            context.__exit__(None, None, None)

    @rule()
    def reopen(self) -> None:
        self.stop_reading()
        for store in self.handles:
            store.close()
        self.handles = [self.opened() for _ in self.handles]

    @rule()
    def look(self) -> None:
        with self.handle().read() as snapshot:
            self.compare(snapshot, self.model)

    def compare(self, snapshot: Any, model: Model) -> None:
        assert snapshot.position == len(model.log)
        found = [(entry.position, entry.fact.id) for entry in snapshot.facts()]
        assert found == [(n, name) for n, (_, name) in enumerate(model.log, 1)]
        for who in PEOPLE:
            fragment = self.handles[0].pseudonym("user_id", who)
            mine = [name for whose, name in model.log if whose == who]
            assert [entry.fact.id for entry in snapshot.facts(fragment)] == mine
            self.compare_scan(snapshot, model, PERSONAL, fragment)
        for prefix in (b"", b"a", b"a\xff", b"\xff"):
            self.compare_scan(snapshot, model, SHARED, prefix)
        for (name, key), (_, text) in model.records.items():
            table = SHARED if name == SHARED.name else PERSONAL
            assert snapshot.get(table, key) == Note(text)
        assert {(name, key): version for name, key, version in snapshot.reads} == {
            place: version for place, (version, _) in model.records.items()
        }

    def compare_scan(self, snapshot: Any, model: Model, table: Any, prefix: bytes) -> None:
        found = [(key, note.text) for key, note in snapshot.scan(table, prefix)]
        assert found == model.scan(table.name, prefix)

    def stop_reading(self) -> None:
        while self.open:
            self.open.pop().__exit__(None, None, None)

    def teardown(self) -> None:
        self.stop_reading()
        for store in self.handles:
            store.close()


@pytest.mark.parametrize("subjects", ["sqlite", "postgresql 18"], indirect=True)
def test_a_store_is_what_the_model_is(
    subjects: Callable[[], Subject], scale: Callable[[int, int], int]
) -> None:
    machine = type("Machine", (StoreMachine,), {"make": staticmethod(subjects)})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=scale(12, 250), stateful_step_count=scale(15, 30))
    )
