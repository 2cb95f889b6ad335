"""What a decision rests on beside the row, as its receipt keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tuttu.decision.situation import Candidate, Question, Situation
from tuttu.vocabulary.verdicts import Contact, Grounds, Silence


def grounds_of(situation: Situation, question: Question, field: Sequence[Candidate]) -> Grounds:
    """Only of what the candidates could ask for."""
    history, policy = situation.history, situation.project.policy
    states = [history.state(limit) for limit in policy.contact_limits]
    used = {name for each in field for name in each.treatment.uses}
    return Grounds(
        consents=_consents(situation, field),
        free={name: situation.free.get(name, 0) for name in sorted(used)},
        silences=tuple(_silences(situation, field)),
        limits=tuple(state for state in states if state is not None),
        offers=tuple(_offers(situation, field)),
        slots=dict(question.slots),
    )


def _consents(situation: Situation, field: Iterable[Candidate]) -> dict[str, dict[str, str]]:
    cells = sorted({(each.action.purpose, each.treatment.channel) for each in field})
    found: dict[str, dict[str, str]] = {}
    for purpose, channel in cells:
        found.setdefault(purpose, {})[channel] = situation.consents.why_not(purpose, channel)
    return found


def _silences(situation: Situation, field: Iterable[Candidate]) -> Iterable[Silence]:
    """Those that hold; there are none without contacts."""
    if not situation.history.entries:
        return
    judged = {(each.action.name, each.item): each for each in field}
    for candidate in judged.values():
        for suppression in situation.project.policy.suppressions:
            action, item = candidate.action, candidate.item
            until = situation.history.silent_until(suppression, action, item)
            if until is not None and situation.now < until:
                yield Silence(rule=suppression.name, action=action.name, item=item, until=until)


def _offers(situation: Situation, field: Iterable[Candidate]) -> Iterable[Contact]:
    if not situation.history.entries:
        return
    for each in field:
        contact = situation.history.held(each.action, each.treatment, each.item)
        if contact is not None:
            yield contact
