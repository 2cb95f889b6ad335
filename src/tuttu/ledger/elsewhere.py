"""Contacts that the company made outside tuttu, told by events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tuttu.ledger.state import COUNTED, Report
from tuttu.vocabulary.company import ElsewhereContact
from tuttu.vocabulary.events import Event, FragmentId
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Row
from tuttu.vocabulary.verdicts import Contact


def contacts_elsewhere(
    project: Project, event: Event, fragment: FragmentId, row: Row, said: Mapping[str, object]
) -> Iterator[tuple[Contact, Report | None]]:
    """Each with what came of it, if the event says so. Ids follow from the event's id."""
    for number, mapping in enumerate(project.tracking.contacts):
        if mapping.event == event.name and (mapping.when is None or mapping.when(row) is True):
            name = mapping.action or _text(said, mapping.action_from)
            action = project.actions.get(name) if name else None
            outcome = _outcome(mapping, said)
            contact = Contact(
                id=f"elsewhere:{event.id}:{number}",
                fragment=fragment,
                action=name,
                treatment=None,
                issue_group=action.issue_group if action else None,
                owner=action.owner if action else None,
                purpose=mapping.purpose,
                channel=mapping.channel,
                surface=None,
                state=COUNTED,
                time=event.time,
            )
            yield contact, Report(event.time, outcome) if outcome else None


def _outcome(mapping: ElsewhereContact, said: Mapping[str, object]) -> str | None:
    if mapping.outcome is not None:
        return mapping.outcome
    told = _text(said, mapping.outcome_from)
    return None if told is None else mapping.outcome_map.get(told)


def _text(said: Mapping[str, object], name: str | None) -> str | None:
    """A property as text; numbers and booleans as JSON writes them."""
    value = said.get(name) if name else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) and value != "" else None
