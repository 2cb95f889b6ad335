"""What is owed to the customer, as an answer shows it."""

from collections.abc import Mapping

import msgspec

from tuttu.vocabulary import conversion, values, verdicts
from tuttu.vocabulary.events import FragmentId

Addresses = Mapping[FragmentId, dict[str, str]]
"""The addresses of contacts by their fragments, as far as the caller may see them."""


class ShownOwed(msgspec.Struct, kw_only=True):
    """What is owed to the customer and told now, beside the slots. due: by when; due_known false:
    the row does not say, and it is now. late: past due. reminder: the contact will not fulfil it.
    reused: nothing new was reserved, it is under way. item, address, why, basis, kind_of_person,
    language, subject: as of a choice."""

    contact_id: str
    action: str
    treatment: str
    surface: str
    item: str | None = None
    due: str
    due_known: bool
    late: bool
    reminder: bool
    content: str
    why: list[str]
    reused: bool = False
    held_until: str | None = None
    address: dict[str, str] | None = None
    basis: str | None = None
    kind_of_person: str | None = None
    language: str | None = None
    subject: str | None = None


class OwedLeft(msgspec.Struct, kw_only=True):
    """What is owed and not told now: the surface takes no more of them."""

    action: str
    item: str | None = None
    surface: str


def shown_owed(owed: verdicts.OwedChoice, now: values.Instant, addresses: Addresses) -> ShownOwed:
    due = now if owed.due is None else owed.due
    return ShownOwed(
        contact_id=owed.contact_id,
        action=owed.action,
        treatment=owed.treatment,
        surface=owed.surface,
        item=owed.item,
        due=conversion.format_instant(due),
        due_known=owed.due is not None,
        late=due < now,
        reminder=owed.reminder,
        content=owed.rendered,
        why=list(owed.why),
        reused=owed.reused,
        held_until=conversion.shown_instant(owed.held_until),
        address=addresses.get(owed.address or b""),
        basis=owed.basis or None,
        kind_of_person=owed.kind or None,
        language=owed.language or None,
        subject=owed.subject,
    )
