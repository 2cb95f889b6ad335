"""What is kept of a fragment, as the present definitions read it."""

from tuttu.ledger import external
from tuttu.ledger.definitions import OWN, definitions_of
from tuttu.ledger.state import FRAGMENTS, Answer, FragmentState
from tuttu.vocabulary import events, facts
from tuttu.vocabulary.project import Project


def state_of(
    reader: facts.Reader, project: Project, fragment: events.FragmentId, *, watch: bool = True
) -> FragmentState:
    """What is declared no more, or differently, is not in it."""
    record = reader.get(FRAGMENTS, fragment, watch=watch)
    if record is None:
        return FragmentState()
    definitions = definitions_of(project)
    read = {OWN, *definitions.outcomes, *definitions.rules}
    contacts = {key: each for key, each in record.contacts.items() if each.decision_id is not None}
    reports = {
        key: tuple(report for report in record.reports.get(key, ()) if report.part in read)
        for key in contacts
    }
    for part, mapped in definitions.mappings.items():
        for event_id, made in record.external.get(part, {}).items():
            contact = external.contact_of(project, mapped, fragment, event_id, made)
            own = external.report_of(part, made)
            others = [each for each in record.reports.get(contact.id, ()) if each.part in read]
            contacts[contact.id] = contact
            reports[contact.id] = tuple(sorted([*others, own] if own else others))
    answers: dict[str, set[Answer]] = {}
    for part, rule in definitions.rules.items():
        if part in record.answers:
            answers.setdefault(rule.action, set()).update(record.answers[part])
    return FragmentState(
        contacts=contacts,
        reports={key: found for key, found in reports.items() if found},
        answers={action: tuple(sorted(found)) for action, found in answers.items()},
        units=record.units,
    )
