"""What time alone may mend: suppressions, contact limits, offers that are kept."""

from collections.abc import Iterator

from tuttu.counterfactual.change import Later
from tuttu.counterfactual.refused_candidate import RefusedCandidate, Trial
from tuttu.decision.stages import CONTACT_LIMITS, GUARDS, SUPPRESSIONS
from tuttu.decision.stages.guards import cooled
from tuttu.policy import solver
from tuttu.policy.tree import NOW
from tuttu.vocabulary.values import DAY, Instant, Kind

_AGAIN = 4
"""How often a later moment is tried: one suppression may follow another."""


def must_wait(trial: Trial) -> bool:
    """Whether the ledger says: not yet; or a guard does because of others who may be the customer,
    of whom nothing but time is known to change."""
    candidate, view = trial.candidate, trial.view
    return (
        SUPPRESSIONS.why_not(candidate, view) is not None
        or CONTACT_LIMITS.why_not(candidate, view) is not None
        or _is_shaded(trial)
    )


def _is_shaded(trial: Trial) -> bool:
    own = trial.view.shade is None or trial.unmet
    return not own and GUARDS.why_not(trial.candidate, trial.view) is not None


def waiting_moves(refused: RefusedCandidate, trial: Trial) -> list[solver.Move]:
    """Moments from which the ledger does not stop the candidate; the earliest, and later ones at
    which a rule turns or an offer is kept no more."""
    return _moves(
        refused,
        trial,
        {*_ends(refused, trial), *_turns(refused, trial), *_given_up(refused, trial)},
    )


def held_offers(refused: RefusedCandidate, trial: Trial) -> list[solver.Move]:
    """When offers that hold their slots on the candidate's surface are kept no more, and nothing
    else stops it."""
    return _moves(refused, trial, {*_given_up(refused, trial)})


def _moves(refused: RefusedCandidate, trial: Trial, moments: set[Instant]) -> list[solver.Move]:
    """Of the moments that make a difference, each the first of its kind."""
    found: list[solver.Move] = []
    known: set[tuple[str, int]] = set()
    held = [*_held(refused, trial)]
    for moment in sorted(moments):
        if moment <= refused.view.now:
            continue
        then = _at(refused, trial, moment)
        values = [solver.value_of(tree, then.item_row) for tree in refused.domains[True].watched]
        kind = repr(values), sum(end > moment for end in held)
        if not must_wait(then) and kind not in known:
            known.add(kind)
            part = Later(now=refused.view.now, would_be=moment)
            found.append(solver.Move(NOW, part, time_distance(refused.view.now, moment)))
    return found


def _at(refused: RefusedCandidate, trial: Trial, moment: Instant) -> Trial:
    """At that moment instead of any that was taken."""
    part = Later(now=refused.view.now, would_be=moment)
    return refused.trial((*(each for each in trial.parts if not isinstance(each, Later)), part))


def time_distance(now: Instant, moment: Instant) -> float:
    """A moment is a little nearer than a column that is as many days away."""
    return solver.distance(now, moment, Kind.TIMESTAMP) * (1 - 1 / DAY)


def _ends(refused: RefusedCandidate, trial: Trial) -> Iterator[Instant]:
    """When what stops it ends; then, if something else has begun meanwhile, when that ends."""
    for _ in range(_AGAIN):
        moments = [*_open(trial)]
        yield from moments
        if not moments or max(moments) <= trial.view.now:
            return
        trial = _at(refused, trial, max(moments))
        if not must_wait(trial):
            return


def _open(trial: Trial) -> Iterator[Instant]:
    """When something that may stop it ends: on the ledger, and guards of the shade."""
    candidate, view = trial.candidate, trial.view
    policy, action = view.project.policy, candidate.action
    for each in (view,) if view.shade is None else (view, view.shade):
        for suppression in policy.suppressions:
            until = each.history.silent_until(suppression, action, candidate.item)
            if until is not None:
                yield until
        for limit in policy.contact_limits:
            opens = each.history.opens(limit)
            if opens is not None:
                yield opens
    if view.shade is not None:
        yield from cooled(candidate, view.shade)


def _turns(refused: RefusedCandidate, trial: Trial) -> Iterator[Instant]:
    """When a rule that reads the time may turn."""
    domain = refused.domains[True]
    for tree in domain.watched:
        for value in solver.propose(tree, trial.item_row, domain).of(NOW):
            if isinstance(value, int):
                yield value


def _given_up(refused: RefusedCandidate, trial: Trial) -> Iterator[Instant]:
    """When a slot is given up, and from when the ledger allows it then: a slot that is free
    while the candidate is still suppressed is of no use."""
    for end in _held(refused, trial):
        yield end
        yield from _ends(refused, _at(refused, trial, end))


def _held(refused: RefusedCandidate, trial: Trial) -> Iterator[Instant]:
    """The ends of offers that hold their slots on the candidate's surface."""
    surface = trial.candidate.treatment.surface
    for action in trial.view.project.actions.values():
        for treatment in action.treatments.values():
            if treatment.surface != surface or treatment.holds is None:
                continue
            for contact in trial.view.history.contacts:
                end = contact.time + treatment.holds
                same = (contact.action, contact.treatment) == (action.name, treatment.name)
                if same and end > refused.view.now:
                    yield end
