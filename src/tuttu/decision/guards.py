"""Guards: they block unless FALSE, and cool down."""

from __future__ import annotations

from collections.abc import Iterable

from tuttu.decision.situation import Candidate, Situation
from tuttu.vocabulary.library import Guard
from tuttu.vocabulary.values import Instant, Row


def blocking(candidate: Candidate, situation: Situation) -> tuple[Guard, ...]:
    """The guards that block the candidate's purpose now, in the order of the file."""
    purpose = candidate.action.purpose
    if purpose not in situation.blocking:
        situation.blocking[purpose] = tuple(
            guard
            for guard in situation.project.policy.guards
            if guard.blocks == purpose and _blocks(guard, situation.row, situation.now)
        )
    return situation.blocking[purpose]


def _blocks(guard: Guard, row: Row, now: Instant) -> bool:
    return guard.when(row) is not False or _cools(guard, row, now)


def _cools(guard: Guard, row: Row, now: Instant) -> bool:
    """`until` excludes its last instant, `through` includes it; no instant, no cooling."""
    start = None if guard.after is None else guard.after(row)
    if not isinstance(start, int):
        return False
    end = start + guard.cooling
    return now <= end if guard.inclusive else now < end


def stand_ins(blocked: Iterable[Candidate], situation: Situation) -> dict[str, list[str]]:
    """Surface to the actions that come first there, because a guard that names them `instead`
    blocked something on it; in the order of the guards."""
    at_work: dict[str, set[str]] = {}
    for candidate in blocked:
        names = at_work.setdefault(candidate.treatment.surface, set())
        names.update(guard.name for guard in blocking(candidate, situation))
    return {
        surface: [
            guard.instead
            for guard in situation.project.policy.guards
            if guard.instead is not None and guard.name in names
        ]
        for surface, names in at_work.items()
    }
