"""A fragment's record and its older pages: what is read of them, and when the record is enough.

Pages hold contacts and answers that no decision asks for (see `newest`), so that a decision about
somebody with very many contacts reads few.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

from msgspec.structs import replace

from tuttu.ledger import external, state
from tuttu.ledger.definitions import OWN, Definitions, definitions_of
from tuttu.vocabulary import events, facts, values
from tuttu.vocabulary.project import Project

Records = Mapping[events.FragmentId, state.FragmentRecord]


def records_of(
    reader: facts.Reader, fragments: Iterable[events.FragmentId], *, watch: bool = True
) -> Records:
    """Of the fragments that have any."""
    found = ((each, reader.get(state.FRAGMENTS, each, watch=watch)) for each in fragments)
    return {fragment: record for fragment, record in found if record is not None}


def whole(
    reader: facts.Reader, fragment: events.FragmentId, record: state.FragmentRecord
) -> state.FragmentRecord:
    """With all that its older pages hold."""
    if record.older is None:
        return record
    pages = [page for _, page in reader.scan(state.OLDER, fragment)]
    return replace(reduce(_joined, pages, record), older=None)


def joined(pages: Sequence[state.FragmentRecord]) -> state.FragmentRecord:
    """One page of several."""
    return reduce(_joined, pages, state.FragmentRecord())


def _joined(record: state.FragmentRecord, page: state.FragmentRecord) -> state.FragmentRecord:
    made, answers = dict(record.external), dict(record.answers)
    for part, found in page.external.items():
        made[part] = {**found, **made.get(part, {})}
    for part, said in page.answers.items():
        answers[part] = tuple(sorted({*answers.get(part, ()), *said}))
    return replace(
        record,
        contacts={**page.contacts, **record.contacts},
        external=made,
        reports={**page.reports, **record.reports},
        answers=answers,
        units={**page.units, **record.units},
    )


def as_read(
    project: Project, fragment: events.FragmentId, record: state.FragmentRecord
) -> state.FragmentState:
    """As the present definitions read it: what is declared no more, or differently, is not in
    it."""
    definitions = definitions_of(project)
    read = {OWN, *definitions.outcomes, *definitions.rules}
    contacts = {key: each for key, each in record.contacts.items() if each.decision_id is not None}
    reports = {
        key: tuple(report for report in said if report.part in read)
        for key, said in record.reports.items()
        if key in contacts
    }
    for part, mapped in definitions.mappings.items():
        for event_id, made in record.external.get(part, {}).items():
            contact = external.contact_of(project, mapped, fragment, event_id, made)
            contacts[contact.id] = contact
            own, said = external.report_of(part, made), record.reports.get(contact.id, ())
            if own or said:
                others = [each for each in said if each.part in read]
                reports[contact.id] = tuple(sorted([*others, own] if own else others))
    answers: dict[str, set[state.Answer]] = {}
    for part, rule in definitions.rules.items():
        if part in record.answers:
            answers.setdefault(rule.action, set()).update(record.answers[part])
    return state.FragmentState(
        contacts=contacts,
        reports={key: found for key, found in reports.items() if found},
        answers={action: tuple(sorted(found)) for action, found in answers.items()},
        units=record.units,
    )


def suffice(records: Records, definitions: Definitions, now: values.Instant) -> bool:
    """Whether a decision at `now` sees in the records alone all that it asks for.

    Each fragment's newest were chosen as if it were the customer. What several fragments hold
    together differs only in whose contact an answer is about: that is asked of all contacts where
    an action's contacts or answers lie under several of them, and some of these on pages.
    """
    paged = [(fragment, each.older) for fragment, each in records.items() if each.older is not None]
    if any(older.part != definitions.newest or now < older.since for _, older in paged):
        return False
    if not paged or len(records) == 1:
        return True
    if any(_names_others(each) for each in records.values()):
        return False
    found = {fragment: _actions(each, definitions) for fragment, each in records.items()}
    for fragment, older in paged:
        for other, (named, answered) in found.items():
            shared = named.intersection(older.actions) if other != fragment else frozenset()
            if shared & (answered | found[fragment][1]):
                return False
    return True


def _names_others(record: state.FragmentRecord) -> bool:
    """Whether an answer names a contact that may be another fragment's."""
    named = (answer.contact_id for said in record.answers.values() for answer in said)
    paged = record.older is not None and record.older.named
    return paged or any(each and each not in record.contacts for each in named)


def _actions(
    record: state.FragmentRecord, definitions: Definitions
) -> tuple[frozenset[str], frozenset[str]]:
    """Actions of contacts or answers, and of answers."""
    older = record.older or state.OlderContacts(b"", 0, 0)
    answered = {*older.answered, *answered_by(record, definitions)}
    made = (each.action for each in record.contacts.values())
    elsewhere = (each.action for made in record.external.values() for each in made.values())
    named = {*older.actions, *answered, *made, *elsewhere}
    return frozenset(each for each in named if each is not None), frozenset(answered)


def answered_by(record: state.FragmentRecord, definitions: Definitions) -> set[str]:
    """Actions of its answers."""
    rules = definitions.rules
    return {rules[part].action for part, said in record.answers.items() if said and part in rules}
