"""What is kept of a fragment, as the present definitions read it."""

from __future__ import annotations

from collections.abc import Iterator

from tuttu.ledger.declared import OWN, declared_by
from tuttu.ledger.elsewhere import contact_of, report_of
from tuttu.ledger.state import FRAGMENTS, QUEUE, Answer, FragmentState, Kept
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Reader
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import Contact

FRAGMENT = 16


def state_of(
    reader: Reader, project: Project, fragment: FragmentId, *, watch: bool = True
) -> FragmentState:
    """What is declared no more, or differently, is not in it."""
    kept = reader.get(FRAGMENTS, fragment, watch=watch)
    return FragmentState() if kept is None else _view(project, fragment, kept)


def queued(reader: Reader) -> Iterator[Contact]:
    """Contacts that wait to be sent, by fragment."""
    for key, waiting in reader.scan(QUEUE):
        kept = reader.get(FRAGMENTS, key[:FRAGMENT], watch=False)
        if kept is not None and waiting.contact_id in kept.contacts:
            yield kept.contacts[waiting.contact_id]


def _view(project: Project, fragment: FragmentId, kept: Kept) -> FragmentState:
    declared = declared_by(project)
    heard = {OWN, *declared.outcomes, *declared.questions}
    contacts = {name: each for name, each in kept.contacts.items() if each.decision_id is not None}
    reports = {
        name: [report for report in kept.reports.get(name, ()) if report.part in heard]
        for name in contacts
    }
    for part, mapped in declared.mappings.items():
        for event_id, each in kept.elsewhere.get(part, {}).items():
            contact = contact_of(project, mapped, fragment, event_id, each)
            own = report_of(part, each)
            said = [one for one in kept.reports.get(contact.id, ()) if one.part in heard]
            contacts[contact.id] = contact
            reports[contact.id] = sorted([*said, own] if own else said)
    return FragmentState(
        contacts=contacts,
        reports={name: found for name, found in reports.items() if found},
        answers=_answers(project, kept),
        units=kept.units,
    )


def _answers(project: Project, kept: Kept) -> dict[str, list[Answer]]:
    found: dict[str, set[Answer]] = {}
    for part, question in declared_by(project).questions.items():
        if part in kept.answered:
            found.setdefault(question.action, set()).update(kept.answered[part])
    return {action: sorted(answers) for action, answers in found.items()}
