"""What a contact limit counts.

An outbound contact counts by itself. Inbound, one showing a day, action and item counts once: the
day is that of the decision, so that a hold taken at 23:50 and seen at 00:10 is not two. A contact
seen again on a later day is another showing. A showing is in a window while any of its views is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tuttu.ledger.periods import local_date
from tuttu.ledger.standing import Entry
from tuttu.ledger.state import HELD, RELEASED
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.library import ContactLimit
from tuttu.vocabulary.values import Instant

Key = tuple[FragmentId, str, str | None, int]
"""(person, action, item, day) of a showing, or (person, contact id, None, 0). The customer
himself, whatever his fragments, is the empty person; the members of his groups are counted by
fragment."""

NEW: Key = (b"", "", None, 0)
"""An outbound contact that is not made yet: it is like no other."""


def keys_within(
    entries: Iterable[Entry], limit: ContactLimit, person: FragmentId, now: Instant, zone: str
) -> Iterator[Key]:
    """Showings that the limit counts. What is held counts whatever its age: it counts from when
    it is seen."""
    for entry in entries:
        contact = entry.contact
        if concerns(limit, contact.purpose, contact.channel, contact.action, contact.issue_group):
            for time, key in _showings(entry, person, zone):
                if time is None or now - limit.window <= time:
                    yield key


def leaving(
    entries: Iterable[Entry], limit: ContactLimit, person: FragmentId, now: Instant, zone: str
) -> Iterator[tuple[Key, Instant | None]]:
    """The same showings, each with the instant from which the limit counts it no more; None: time
    alone does not tell."""
    for entry in entries:
        contact = entry.contact
        if concerns(limit, contact.purpose, contact.channel, contact.action, contact.issue_group):
            for time, key in _showings(entry, person, zone):
                if time is None:
                    yield key, contact.held_until
                elif now - limit.window <= time:
                    yield key, time + limit.window + 1


def concerns(
    limit: ContactLimit, purpose: str, channel: str, action: str | None, issue_group: str | None
) -> bool:
    return (
        limit.purpose in (None, purpose)
        and limit.channel in (None, channel)
        and limit.action in (None, action)
        and limit.issue_group in (None, issue_group)
    )


def _showings(entry: Entry, person: FragmentId, zone: str) -> Iterator[tuple[Instant | None, Key]]:
    contact = entry.contact
    if contact.state == RELEASED:
        return
    if not entry.inbound or contact.action is None:
        yield contact.time, (person, contact.id, None, 0)
        return
    action, item = contact.action, contact.item
    made = local_date(entry.reserved, zone).toordinal()
    yield None if contact.state == HELD else contact.time, (person, action, item, made)
    first = local_date(contact.time, zone).toordinal()
    for view in entry.views:
        day = local_date(view, zone).toordinal()
        yield view, (person, action, item, made if day in (made, first) else day)
