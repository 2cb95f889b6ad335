"""What a contact limit counts.

An outbound contact counts by itself. Inbound, one showing a day, action and item counts once: the
day is that of the decision, so that a hold taken at 23:50 and seen at 00:10 is not two. A contact
seen again on a later day is another showing. A showing is in a window while any of its views is.
A limit `per: day` counts what was seen on the calendar day of now, and what is held.
"""

from collections.abc import Iterable, Iterator, Mapping

from tuttu.ledger import lifecycle, state
from tuttu.vocabulary import events, library, values
from tuttu.vocabulary.zones import day_ends, day_in

Key = tuple[events.FragmentId, str, str | None, int]
"""(person, action, item, day) of a showing, or (person, contact id, None, 0). The customer is the
empty person, another member of their groups is named by their oldest fragment."""

NEW: Key = (b"", "", None, 0)
"""Key of an outbound contact that is not made yet: it equals no other."""


def counted(
    people: Mapping[events.FragmentId, Iterable[lifecycle.HistoryEntry]],
    limit: library.ContactLimit,
    now: values.Instant,
    zone: str,
) -> dict[Key, values.Instant]:
    """The showings that the limit counts now, each with the instant from which it counts them no
    more; `INTEGER_MAX`: not known from time alone. A held contact counts whatever its age: its time
    begins when it is seen.

    people: whose contacts it counts. zone: whose calendar days it counts by.
    """
    found: dict[Key, values.Instant] = {}
    today = midnight = now
    if limit.window is None:
        today, midnight = day_of(now, zone), day_ends(zone, now)
    for person, entries in people.items():
        for entry in entries:
            made = entry.contact
            if not concerns(limit, made.purpose, made.channel, made.action, made.issue_group):
                continue
            for time, key in _showings(entry, person, limit, today, zone):
                if time is None:
                    end = values.INTEGER_MAX if made.held_until is None else made.held_until
                elif limit.window is None:
                    end = midnight if day_of(time, zone) == today else now
                else:
                    end = time + limit.window + 1
                if now < end:
                    found[key] = max(found.get(key, end), end)
    return found


def day_of(instant: values.Instant, zone: str) -> int:
    return day_in(zone)(instant)


def opening(
    showings: Mapping[Key, values.Instant], limit: library.ContactLimit
) -> values.Instant | None:
    """When time alone will have made room for one more contact; None: never."""
    place = len(showings) - limit.at_most
    opens = sorted(showings.values())[place] if 0 <= place < len(showings) else values.INTEGER_MAX
    return None if opens == values.INTEGER_MAX else opens


def concerns(
    limit: library.ContactLimit,
    purpose: str,
    channel: str,
    action: str | None,
    issue_group: str | None,
) -> bool:
    return (
        limit.purpose in (None, purpose)
        and limit.channel in (None, channel)
        and limit.action in (None, action)
        and limit.issue_group in (None, issue_group)
    )


def _showings(
    entry: lifecycle.HistoryEntry,
    person: events.FragmentId,
    limit: library.ContactLimit,
    today: int,
    zone: str,
) -> Iterator[tuple[values.Instant | None, Key]]:
    """Each with when it was seen; None: it is held, and may yet be seen."""
    contact = entry.contact
    if contact.state == state.RELEASED:
        return
    if not entry.inbound or contact.action is None:
        yield contact.time, (person, contact.id, None, 0)
        return
    action, item, held = contact.action, contact.item, contact.state == state.HELD
    first = day_of(contact.time, zone)
    made = day_of(entry.reserved, zone)
    if limit.window is None:
        # Whatever is seen today is today's, whenever it was decided; what is held may be.
        made = today if held else first
    yield None if held else contact.time, (person, action, item, made)
    for view in entry.views:
        day = day_of(view, zone)
        yield view, (person, action, item, made if day in (made, first) else day)
