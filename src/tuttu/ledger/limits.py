"""What a contact limit counts.

An outbound contact counts by itself. Inbound, one showing a day, action and item counts once: the
day is that of the decision, so that a hold taken at 23:50 and seen at 00:10 is not two. A contact
seen again on a later day is another showing. A showing is in a window while any of its views is.
A limit `per: day` counts what was seen on the calendar day of now, and what is held.

Of what it counts, only the `most` newest are ever found: whether there is room for one more, and
when there will be, follows from these. So the contacts are asked from the newest on.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, takewhile
from typing import NamedTuple

from tuttu.ledger import lifecycle, state
from tuttu.vocabulary import events, library, values
from tuttu.vocabulary.zones import day_ends, day_in

Key = tuple[events.FragmentId, str, str | None, int]
"""(person, action, item, day) of a showing, or (person, contact id, None, 0). The customer is the
empty person, another member of their groups is named by their oldest fragment."""

NEW: Key = (b"", "", None, 0)
"""Key of an outbound contact that is not made yet: it equals no other."""

Scope = tuple[str, str, str | None, str | None]
"""Purpose, channel, action and issue group of contacts."""


Tail = tuple[str, str | None, int]
"""Of a key, behind the person."""


class Shown(NamedTuple):
    """A contact. at: when it was seen last; while it is held, the end of time. showings: what a
    limit with a window counts of it, each with when it was seen; None: it is held, and may yet be
    seen. last: the showing in which it was seen last."""

    at: values.Instant
    entry: lifecycle.HistoryEntry
    showings: tuple[tuple[values.Instant | None, Tail], ...]
    last: Tail


Ends = tuple[values.Instant, values.Instant]
"""When a limit counts a showing no more, and when that was seen."""
HELD = values.INTEGER_MAX

ByScope = Mapping[Scope, Sequence[Shown]]
"""One person's contacts but the released ones, newest first."""


def by_scope(entries: Iterable[lifecycle.HistoryEntry], zone: str) -> ByScope:
    """zone: the project's."""
    found: dict[Scope, list[Shown]] = {}
    for entry in entries:
        made = entry.contact
        if made.state != state.RELEASED:
            scope = (made.purpose, made.channel, made.action, made.issue_group)
            found.setdefault(scope, []).append(_shown(entry, zone))
    for shown in found.values():
        shown.sort(key=_at, reverse=True)
    return found


def _shown(entry: lifecycle.HistoryEntry, zone: str) -> Shown:
    contact = entry.contact
    showings = tuple(_showings(entry, zone))
    at, last = contact.time, showings[0][1]
    if showings[0][0] is None:
        at = HELD
    elif len(showings) > 1 and contact.time <= entry.views[-1]:
        at, last = entry.views[-1], showings[-1][1]
    return Shown(at, entry, showings, last)


def _at(shown: Shown) -> values.Instant:
    return shown.at


def most(limit: library.ContactLimit) -> int:
    """How many showings say all that is asked: one more than are allowed."""
    return limit.at_most + 1


def counted(
    people: Mapping[events.FragmentId, ByScope],
    limit: library.ContactLimit,
    now: values.Instant,
    zone: str,
) -> dict[Key, values.Instant]:
    """The showings that the limit counts now, each with the instant from which it counts them no
    more; `INTEGER_MAX`: not known from time alone. A held contact counts whatever its age: its time
    begins when it is seen. Of more than `most`, the newest.

    people: whose contacts it counts. zone: whose calendar days it counts by.
    """
    found: dict[Key, Ends] = {}
    for person, scopes in people.items():
        for shown in _concerned(scopes, limit):
            if limit.window is None:
                showings = _today(shown, most(limit), now, zone)
            else:
                showings = _within(shown, most(limit), now, limit.window)
            for tail, ends in showings:
                key = (person, *tail)
                found[key] = max(found.get(key, ends), ends)
    if len(found) <= most(limit):
        return {key: end for key, (end, _) in found.items()}
    # Of those that end at once the newest; the item may be none, which cannot be compared.
    kept = heapq.nlargest(
        most(limit), found, key=lambda key: (found[key], *key[:2], key[2] or "", key[3])
    )
    return {key: found[key][0] for key in kept}


def _within(
    shown: Iterable[Shown], number: int, now: values.Instant, window: values.Duration
) -> Iterator[tuple[Tail, Ends]]:
    for each in _newest(shown, number, _last):
        if each.at + window < now:
            return
        for time, tail in each.showings:
            if time is None:
                yield tail, (_held_until(each), 0)
            elif now <= time + window:
                yield tail, (time + window + 1, time)


def _today(
    shown: Iterable[Shown], number: int, now: values.Instant, zone: str
) -> Iterator[tuple[Tail, Ends]]:
    """Of what is seen after today only a view of today counts."""
    day = day_in(zone)
    today, midnight = day(now), day_ends(zone, now)
    near = list(takewhile(lambda each: now <= each.at or day(each.at) == today, shown))
    after = [each for each in near if each.at != HELD and day(each.at) > today]
    others = (each for each in near if each.at == HELD or day(each.at) <= today)
    for each in chain(after, _newest(others, number, _offer)):
        for time, tail in _showings(each.entry, zone, today):
            if time is None:
                yield tail, (_held_until(each), 0)
            elif day(time) == today:
                yield tail, (midnight, time)


def _held_until(shown: Shown) -> values.Instant:
    until = shown.entry.contact.held_until
    return values.INTEGER_MAX if until is None else until


def newest(scopes: ByScope, limit: library.ContactLimit) -> set[str]:
    """Ids of the contacts that have the `most` newest showings, whatever the time and, for a limit
    per day, whatever the calendar; of those that are held all."""
    merged = heapq.merge(*_concerned(scopes, limit), key=_at, reverse=True)
    same = _offer if limit.window is None else _last
    return {each.entry.contact.id for each in _newest(merged, most(limit), same)}


def _concerned(scopes: ByScope, limit: library.ContactLimit) -> list[Sequence[Shown]]:
    return [shown for scope, shown in scopes.items() if concerns(limit, *scope)]


def _newest(
    shown: Iterable[Shown], number: int, same: Callable[[Shown], object]
) -> Iterator[Shown]:
    """From the newest on, until so many showings were found: all others are older. shown: newest
    first. same: what contacts have alike that are one showing."""
    found: set[object] = set()
    oldest: values.Instant | None = None
    for each in shown:
        if oldest is not None and each.at < oldest:
            return
        yield each
        if oldest is None and each.at != HELD:
            found.add(same(each))
            if len(found) >= number:
                oldest = each.at


def _last(shown: Shown) -> object:
    return shown.last


def _offer(shown: Shown) -> object:
    """On one day."""
    return shown.last[:2]


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
    entry: lifecycle.HistoryEntry, zone: str, today: int | None = None
) -> Iterator[tuple[values.Instant | None, Tail]]:
    """Each with when it was seen; None: it is held, and may yet be seen. today: as a limit per day
    counts; None: as one with a window does."""
    contact = entry.contact
    if not entry.inbound or contact.action is None:
        yield contact.time, (contact.id, None, 0)
        return
    action, item, held = contact.action, contact.item, contact.state == state.HELD
    first = day_of(contact.time, zone)
    made = day_of(entry.reserved, zone)
    if today is not None:
        # Whatever is seen today is today's, whenever it was decided; what is held may be.
        made = today if held else first
    yield None if held else contact.time, (action, item, made)
    for view in entry.views:
        day = day_of(view, zone)
        yield view, (action, item, made if day in (made, first) else day)
