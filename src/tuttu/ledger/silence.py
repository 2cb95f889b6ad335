"""Suppressions: after an outcome that came so many times in a row, quiet for a while."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from tuttu.ledger.standing import Entry
from tuttu.ledger.state import NO_ANSWER
from tuttu.vocabulary.library import Suppression
from tuttu.vocabulary.values import Instant
from tuttu.vocabulary.verdicts import Contact

Told = tuple[Instant, str, str]
"""(time, contact id, outcome)."""


def silences(entries: Iterable[Entry], suppression: Suppression) -> dict[str, Instant]:
    """For each value of the scope (an action's name, an issue group…) that is to be left alone:
    the instant from which its contacts are allowed again.

    In a row: at the end of all answers of the scope, by (time, contact id); any other answer ends
    it. That a contact was sent or viewed is no answer, unless the suppression asks for just that.
    """
    told: dict[str, list[Told]] = defaultdict(list)
    for entry in entries:
        value = _scope(entry.contact, suppression)
        if value is not None:
            told[value] += [
                (outcome.time, outcome.contact_id, outcome.name)
                for outcome in entry.outcomes
                if outcome.name == suppression.outcome or outcome.name not in NO_ANSWER
            ]
    return {
        value: max(answers)[0] + suppression.window
        for value, answers in told.items()
        if _in_a_row(answers, suppression.outcome) >= suppression.times
    }


def _in_a_row(answers: Iterable[Told], outcome: str) -> int:
    count = 0
    for _, _, name in sorted(answers, reverse=True):
        if name != outcome:
            break
        count += 1
    return count


def _scope(contact: Contact, suppression: Suppression) -> str | None:
    match suppression.scope:
        case "action":
            return contact.action
        case "issue_group":
            return contact.issue_group
        case "owner":
            return contact.owner
        case "purpose":
            return contact.purpose
