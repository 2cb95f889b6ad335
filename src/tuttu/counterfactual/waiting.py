"""What time alone may mend: suppressions, contact limits, offers that are kept."""

from __future__ import annotations

from collections.abc import Iterator

from tuttu.counterfactual.case import Case, Seen
from tuttu.counterfactual.parts import Later
from tuttu.decision import stages
from tuttu.policy import solver
from tuttu.policy.tree import NOW
from tuttu.vocabulary.values import DAY, Instant, Kind

_AGAIN = 4
"""How often a moment is looked for after one that did not help: silence may follow on silence."""


def waits(seen: Seen) -> bool:
    """Whether the ledger says: not yet."""
    candidate, situation = seen.candidate, seen.situation
    return (
        stages.suppressions(candidate, situation) is not None
        or stages.contact_limits(candidate, situation) is not None
    )


def waiting(case: Case, seen: Seen) -> list[solver.Move]:
    """Moments from which the ledger does not stop the candidate; the earliest, and later ones at
    which a rule turns or an offer is kept no more."""
    return _moves(case, seen, {*_ends(case, seen), *_turns(case, seen), *_given_up(case, seen)})


def kept_offers(case: Case, seen: Seen) -> list[solver.Move]:
    """When offers that hold their slots on the candidate's surface are kept no more, and nothing
    else stops it."""
    return _moves(case, seen, {*_given_up(case, seen)})


def _moves(case: Case, seen: Seen, moments: set[Instant]) -> list[solver.Move]:
    """Of the moments that make a difference, each the first of its kind."""
    found: list[solver.Move] = []
    known: set[tuple[str, int]] = set()
    kept = [*_kept(case, seen)]
    for moment in sorted(moments):
        if moment <= case.situation.now:
            continue
        then = _at(case, seen, moment)
        values = [solver.value_of(tree, then.item_row) for tree in case.domains[True].watched]
        kind = repr(values), sum(end > moment for end in kept)
        if not waits(then) and kind not in known:
            known.add(kind)
            part = Later(now=case.situation.now, would_be=moment)
            found.append(solver.Move(NOW, part, away(case.situation.now, moment)))
    return found


def _at(case: Case, seen: Seen, moment: Instant) -> Seen:
    """At that moment instead of any that was taken."""
    part = Later(now=case.situation.now, would_be=moment)
    return case.see((*(each for each in seen.parts if not isinstance(each, Later)), part))


def away(now: Instant, moment: Instant) -> float:
    """A moment is a little nearer than a column that is as many days away."""
    return solver.distance(now, moment, Kind.TIMESTAMP) * (1 - 1 / DAY)


def _ends(case: Case, seen: Seen) -> Iterator[Instant]:
    """When what stops it ends; then, if something else has begun meanwhile, when that ends."""
    for _ in range(_AGAIN):
        moments = [*_open(seen)]
        yield from moments
        if not moments or max(moments) <= seen.situation.now:
            return
        seen = _at(case, seen, max(moments))
        if not waits(seen):
            return


def _open(seen: Seen) -> Iterator[Instant]:
    candidate, history = seen.candidate, seen.situation.history
    policy, action = seen.situation.project.policy, candidate.action
    for suppression in policy.suppressions:
        until = history.silent_until(suppression, action, candidate.item)
        if until is not None:
            yield until
    for limit in policy.contact_limits:
        opens = history.opens(limit)
        if opens is not None:
            yield opens


def _turns(case: Case, seen: Seen) -> Iterator[Instant]:
    """When a rule that reads the time may turn."""
    domain = case.domains[True]
    for tree in domain.watched:
        for value in solver.propose(tree, seen.item_row, domain).of(NOW):
            if isinstance(value, int):
                yield value


def _given_up(case: Case, seen: Seen) -> Iterator[Instant]:
    """When a slot is given up, and from when the ledger allows it then: a slot that is free
    while the candidate must be silent is of no use."""
    for end in _kept(case, seen):
        yield end
        yield from _ends(case, _at(case, seen, end))


def _kept(case: Case, seen: Seen) -> Iterator[Instant]:
    """The ends of offers that hold their slots on the candidate's surface."""
    surface = seen.candidate.treatment.surface
    for action in seen.situation.project.actions.values():
        for treatment in action.treatments.values():
            if treatment.surface != surface or treatment.holds is None:
                continue
            for contact in seen.situation.history.contacts:
                end = contact.time + treatment.holds
                same = (contact.action, contact.treatment) == (action.name, treatment.name)
                if same and end > case.situation.now:
                    yield end
