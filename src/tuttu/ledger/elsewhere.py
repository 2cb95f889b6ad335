"""Contacts that the company made outside tuttu, told by events."""

from __future__ import annotations

from collections.abc import Mapping

from tuttu.ledger.declared import Mapped
from tuttu.ledger.state import COUNTED, Elsewhere, Report
from tuttu.vocabulary.company import ElsewhereContact
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.history import Part
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import Contact


def action_of(mapping: ElsewhereContact, said: Mapping[str, object]) -> str | None:
    return mapping.action or _text(said, mapping.action_from)


def outcome_of(mapping: ElsewhereContact, said: Mapping[str, object]) -> str | None:
    if mapping.outcome is not None:
        return mapping.outcome
    told = _text(said, mapping.outcome_from)
    return None if told is None else mapping.outcome_map.get(told)


def contact_id(mapped: Mapped, event_id: str) -> str:
    return f"elsewhere:{event_id}:{mapped.number}"


def contact_of(
    project: Project, mapped: Mapped, fragment: FragmentId, event_id: str, kept: Elsewhere
) -> Contact:
    """As the present library of actions sees it."""
    action = project.actions.get(kept.action or "")
    return Contact(
        id=contact_id(mapped, event_id),
        fragment=fragment,
        action=kept.action,
        treatment=None,
        issue_group=action.issue_group if action else None,
        owner=action.owner if action else None,
        purpose=mapped.mapping.purpose,
        channel=mapped.mapping.channel,
        surface=None,
        state=COUNTED,
        time=kept.time,
        item=kept.item,
    )


def report_of(part: Part, kept: Elsewhere) -> Report | None:
    return Report(kept.time, kept.outcome, part=part) if kept.outcome else None


def _text(said: Mapping[str, object], name: str | None) -> str | None:
    """A property as text; numbers and booleans as JSON writes them."""
    value = said.get(name) if name else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) and value != "" else None
