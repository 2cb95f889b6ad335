"""Contacts that the company made outside tuttu, reported by events."""

from tuttu.ledger.definitions import ContactMapping
from tuttu.ledger.state import COUNTED, ContactReport, ExternalContact
from tuttu.vocabulary import company, conversion, events, history, verdicts
from tuttu.vocabulary.project import Project


def action_of(mapping: company.ElsewhereContact, event: events.Event) -> str | None:
    return mapping.action or _text(event, mapping.action_from)


def outcome_of(mapping: company.ElsewhereContact, event: events.Event) -> str | None:
    if mapping.outcome is not None:
        return mapping.outcome
    outcome = _text(event, mapping.outcome_from)
    return None if outcome is None else mapping.outcome_map.get(outcome)


def contact_id(mapped: ContactMapping, event_id: str) -> str:
    return f"elsewhere:{event_id}:{mapped.number}"


def contact_of(
    project: Project,
    mapped: ContactMapping,
    fragment: events.FragmentId,
    event_id: str,
    made: ExternalContact,
) -> verdicts.Contact:
    """As the current library of actions describes it."""
    action = project.actions.get(made.action or "")
    return verdicts.Contact(
        id=contact_id(mapped, event_id),
        fragment=fragment,
        action=made.action,
        treatment=None,
        issue_group=action.issue_group if action else None,
        owner=action.owner if action else None,
        purpose=mapped.mapping.purpose,
        channel=mapped.mapping.channel,
        surface=None,
        state=COUNTED,
        time=made.time,
        item=made.item,
    )


def report_of(part: history.Part, made: ExternalContact) -> ContactReport | None:
    return ContactReport(made.time, made.outcome, part=part) if made.outcome else None


def _text(event: events.Event, path: str | None) -> str | None:
    """A property as text; numbers and booleans as JSON writes them."""
    value = conversion.property_of(event, path) if path else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) and value != "" else None
