"""Which version of the project holds, as one process knows it.

Any process of a store may activate a version. Every commit rests on the record that says which one
is active, and every snapshot shows it: so whoever meets another version than the one he knows takes
it from the store and goes on with it. What was asked before keeps the version it began with; its
facts are folded by the rules that hold when they are committed.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import msgspec

from tuttu.content import Renderer
from tuttu.engine.house import House, folds_of
from tuttu.storage import Store, Turn
from tuttu.versions import history
from tuttu.versions.history import Active
from tuttu.versions.withdrawal import withdrawing_the_gone
from tuttu.vocabulary.clock import Clock
from tuttu.vocabulary.errors import Unavailable
from tuttu.vocabulary.facts import Conflict, Reader, Result, Unit
from tuttu.vocabulary.project import Project

KEPT_HOUSES = 4
"""Of the newest activations: a snapshot may be older than the newest one."""


class OneVersion:
    """Fulfils `house.Present` where nothing is ever activated: a scratch store."""

    def __init__(self, project: Project, store: Store, clock: Clock) -> None:
        self.house = House(
            project=project,
            store=store,
            clock=clock,
            renderer=Renderer(project),
            folds=folds_of(project),
            present=self,
        )
        store.register(self.house.folds)

    def at(self, reader: Reader) -> House:  # noqa: ARG002 - there is no other
        return self.house

    def commit(self, units: Sequence[Unit]) -> list[Result]:
        return self.house.store.commit(units)

    def commit_in(self, turn: Turn, units: Sequence[Unit]) -> list[Result]:
        return turn.commit(units)


class ActiveVersion:
    """Fulfils `house.Present`: the version that is active in the store, whoever activated it.

    `house`: the newest that this process knows. Raises Unavailable for a version that the present
    code cannot read.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._houses: dict[int, House] = {}
        with store.read() as snapshot:
            self.house = self.at(snapshot)

    def at(self, reader: Reader) -> House:
        active = history.active(reader)
        if active is None:
            raise LookupError("found a store in which no project was activated")
        return self._houses.get(active.position) or self._take(reader, active)

    def commit(self, units: Sequence[Unit]) -> list[Result]:
        results = self._tried(self.house, units)
        while stale := [place for place, result in enumerate(results) if result == SUPERSEDED]:
            with self._store.read() as snapshot:
                house = self.at(snapshot)
            again = self._tried(house, [units[place] for place in stale])
            for place, result in zip(stale, again, strict=True):
                results[place] = result
        return results

    def commit_in(self, turn: Turn, units: Sequence[Unit]) -> list[Result]:
        house = self.at(turn)
        return turn.commit([withdrawing_the_gone(house, each) for each in units], folds=house.folds)

    def _tried(self, house: House, units: Sequence[Unit]) -> list[Result]:
        rests_on = (history.ACTIVE.name, history.HERE, house.activated)
        marked = [
            msgspec.structs.replace(unit, reads=(rests_on, *unit.reads))
            for unit in (withdrawing_the_gone(house, each) for each in units)
        ]
        return self._store.commit(marked, folds=house.folds)

    def _take(self, reader: Reader, active: Active) -> House:
        project = history.project_of(reader, active.digest)
        if project is None:
            raise Unavailable(
                f"the store runs version {active.digest[:12]} of the project, which this version"
                " of tuttu cannot read; start the one that activated it"
            )
        house = House(
            project=project,
            store=self._store,
            clock=self._clock,
            renderer=Renderer(project),
            folds=folds_of(project),
            present=self,
            activated=active.position,
        )
        with self._lock:
            newest = max(self._houses, default=0)
            self._houses[active.position] = house
            if active.position > newest:
                self._store.register(house.folds)
                self.house = house
            for position in sorted(self._houses)[:-KEPT_HOUSES]:
                del self._houses[position]
        return house


SUPERSEDED = Conflict(history.ACTIVE.name)
