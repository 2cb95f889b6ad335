"""Guards: they block unless FALSE, and cool down."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tuttu.decision.situation import Candidate, Situation
from tuttu.vocabulary.library import Guard
from tuttu.vocabulary.values import Instant, Row


def blocking(candidate: Candidate, situation: Situation) -> tuple[Guard, ...]:
    """The guards that block the candidate's purpose now, in the order of the file.

    One that is about a collection is asked of the candidate's own item, and blocks that alone.
    """
    action = candidate.action
    key = (action.purpose, action.about, candidate.item)
    if key not in situation.blocking:
        row = situation.row_of(candidate)
        situation.blocking[key] = tuple(
            guard
            for guard in situation.project.policy.guards
            if guard.blocks == action.purpose
            and concerns(guard, candidate)
            and _blocks(guard, situation.row if guard.about is None else row, situation.now)
        )
    return situation.blocking[key]


def concerns(guard: Guard, candidate: Candidate) -> bool:
    """Whether what the guard is about is what the candidate is about."""
    if guard.about is None:
        return True
    return guard.about == candidate.action.about and candidate.item is not None


def _blocks(guard: Guard, row: Row, now: Instant) -> bool:
    return guard.when(row) is not False or _cools(guard, row, now)


def _cools(guard: Guard, row: Row, now: Instant) -> bool:
    """`until` excludes its last instant, `through` includes it; no instant, no cooling."""
    start = None if guard.after is None else guard.after(row)
    if not isinstance(start, int):
        return False
    end = start + guard.cooling
    return now <= end if guard.inclusive else now < end


class StandIn(NamedTuple):
    """An action that comes first where a guard has blocked something; item None: whatever it is
    about."""

    action: str
    item: str | None = None

    def is_for(self, candidate: Candidate) -> bool:
        return self.action == candidate.action.name and self.item in (None, candidate.item)


def stand_ins(blocked: Iterable[Candidate], situation: Situation) -> dict[str, list[StandIn]]:
    """Surface to what comes first there, because a guard that names it `instead` blocked something
    on it; in the order of the guards. Where guard and stand-in are about items of one collection,
    it stands in for the item that was blocked."""
    found: dict[str, dict[StandIn, int]] = {}
    for candidate in blocked:
        here = found.setdefault(candidate.treatment.surface, {})
        for guard in blocking(candidate, situation):
            if guard.instead is not None:
                place = situation.project.policy.guards.index(guard)
                here.setdefault(_stand_in(guard, guard.instead, candidate, situation), place)
    return {surface: sorted(here, key=lambda each: here[each]) for surface, here in found.items()}


def _stand_in(guard: Guard, instead: str, blocked: Candidate, situation: Situation) -> StandIn:
    action = situation.project.actions.get(instead)
    same = guard.about is not None and action is not None and action.about == guard.about
    return StandIn(instead, blocked.item if same else None)
