"""Suppressions: no contact for a while after an outcome came several times in a row."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tuttu.ledger import lifecycle, state
from tuttu.vocabulary import library, values, verdicts


class ContactAnswer(NamedTuple):
    """One answer, in the order in which they count."""

    time: values.Instant
    contact_id: str
    outcome: str
    contact: verdicts.Contact


def answers_by_scope(
    entries: Iterable[lifecycle.HistoryEntry], suppression: library.Suppression
) -> Mapping[str, Sequence[ContactAnswer]]:
    """The answers of each value of the scope (an action's name, an issue group…), newest first.

    That a contact was sent or viewed is no answer, unless it is the suppression's own outcome.
    """
    found: dict[str, list[ContactAnswer]] = defaultdict(list)
    for entry in entries:
        # A contact names its action, issue group, owner and purpose as suppressions name scopes.
        value: str | None = getattr(entry.contact, suppression.scope)
        if value is not None and entry.outcomes:
            found[value] += [
                ContactAnswer(outcome.time, outcome.contact_id, outcome.name, entry.contact)
                for outcome in entry.outcomes
                if outcome.name == suppression.outcome or outcome.name not in state.NO_ANSWER
            ]
    for answers in found.values():
        answers.sort(key=lambda answer: answer[:3], reverse=True)
    return found


def silent_until(
    answers: Sequence[ContactAnswer], suppression: library.Suppression, item: str | None
) -> values.Instant | None:
    """The instant from which contacts of the scope are allowed again; None: nothing stopped them.

    In a row: at the end of all answers, newest first; any other answer ends it. With the scope
    `action`, answers about another item are not counted; wider scopes count all items together.
    """
    if suppression.scope == "action":
        answers = [answer for answer in answers if lifecycle.may_be_about(answer.contact, item)]
    in_a_row = 0
    for answer in answers:
        if answer.outcome != suppression.outcome:
            break
        in_a_row += 1
    return answers[0].time + suppression.window if in_a_row >= suppression.times else None
