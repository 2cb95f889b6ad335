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

NOTHING: Mapping[Key, values.Instant] = {}

NEW: Key = (b"", "", None, 0)
"""Key of an outbound contact that is not made yet: it equals no other."""

Scope = tuple[str, str, str | None, str | None]
"""Purpose, channel, action and issue group of contacts."""


Tail = tuple[str, str | None, int]
"""Of a key, behind the person."""


class Scoped(NamedTuple):
    """One person's contacts of one scope, but the released ones.

    seen: each showing that a limit with a window counts, with when it was seen last, newest first.
    held: the others: they are held, and may yet be seen; each with when its hold ends. entries:
    with when each was seen last, while it is held `HELD`; newest first.
    """

    seen: Sequence[tuple[values.Instant, Key]]
    held: Sequence[tuple[values.Instant, Key]]
    entries: Sequence[tuple[values.Instant, lifecycle.HistoryEntry]]


HELD = values.INTEGER_MAX

ByScope = Mapping[Scope, Scoped]
"""One person's contacts."""


def by_scope(
    entries: Iterable[lifecycle.HistoryEntry], zone: str, person: events.FragmentId = b""
) -> ByScope:
    """zone: the project's. person: as in a key."""
    alike: dict[Scope, list[lifecycle.HistoryEntry]] = {}
    for entry in entries:
        made = entry.contact
        if made.state != state.RELEASED:
            scope = (made.purpose, made.channel, made.action, made.issue_group)
            alike.setdefault(scope, []).append(entry)
    return {scope: _scoped(found, zone, person) for scope, found in alike.items()}


def _scoped(
    entries: Sequence[lifecycle.HistoryEntry], zone: str, person: events.FragmentId
) -> Scoped:
    seen: dict[Key, values.Instant] = {}
    held: list[tuple[values.Instant, Key]] = []
    timed = []
    for entry in entries:
        contact = entry.contact
        if not entry.inbound:
            seen[person, contact.id, None, 0] = contact.time
            timed.append((contact.time, entry))
            continue
        at = values.INTEGER_MIN
        for time, tail in _showings(entry, zone):
            key = (person, *tail)
            if time is None:
                at = HELD
                held.append((_held_until(entry), key))
            else:
                at = max(at, time)
                seen[key] = max(seen.get(key, time), time)
        timed.append((at, entry))
    newest = sorted(((time, key) for key, time in seen.items()), key=_place, reverse=True)
    timed.sort(key=_at, reverse=True)
    return Scoped(newest, held, timed)


def _at(timed: tuple[values.Instant, object]) -> values.Instant:
    return timed[0]


def _place(seen: tuple[values.Instant, Key]) -> tuple[object, ...]:
    """Of showings at the same time, the order of keys; the item may be none, which cannot be
    compared."""
    time, (person, name, item, day) = seen
    return time, person, name, item or "", day


def most(limit: library.ContactLimit) -> int:
    """How many showings say all that is asked: one more than are allowed."""
    return limit.at_most + 1


def counted(
    people: Mapping[events.FragmentId, ByScope],
    limit: library.ContactLimit,
    now: values.Instant,
    zone: str,
) -> Mapping[Key, values.Instant]:
    """The showings that the limit counts now, each with the instant from which it counts them no
    more; `INTEGER_MAX`: not known from time alone. A held contact counts whatever its age: its time
    begins when it is seen. Of more than `most`, those that it counts longest.

    people: whose contacts it counts. zone: whose calendar days it counts by.
    """
    if limit.window is None:
        return _of_day(people, limit, now, zone)
    found: dict[Key, values.Instant] = {}
    number, more = most(limit), limit.window + 1
    for scopes in people.values():
        for scoped in _concerned(scopes, limit):
            for time, key in scoped.seen[:number]:
                end = time + more
                if end <= now:
                    break
                if end > found.get(key, now):
                    found[key] = end
            for until, key in scoped.held:
                if until > found.get(key, now):
                    found[key] = until
    return found if len(found) <= number else _first(found, number)


def _first(
    found: Mapping[Key, values.Instant], number: int, rank: Mapping[Key, values.Instant] = NOTHING
) -> Mapping[Key, values.Instant]:
    """Those that count longest; of those that end at once the last by `rank`, then by key."""
    cut = sorted(found.values(), reverse=True)[number - 1]
    kept = {key: end for key, end in found.items() if cut < end}
    last = [(rank.get(key, 0), key) for key, end in found.items() if end == cut]
    kept.update((key, cut) for _, key in heapq.nlargest(number - len(kept), last, key=_place))
    return kept


def _of_day(
    people: Mapping[events.FragmentId, ByScope],
    limit: library.ContactLimit,
    now: values.Instant,
    zone: str,
) -> Mapping[Key, values.Instant]:
    found: dict[Key, values.Instant] = {}
    seen: dict[Key, values.Instant] = {}
    midnight = day_ends(zone, now)
    for person, scopes in people.items():
        for scoped in _concerned(scopes, limit):
            for time, until, tail in _today(scoped.entries, most(limit), now, zone):
                key = (person, *tail)
                end = midnight if until is None else until
                found[key] = max(found.get(key, end), end)
                if until is None:
                    seen[key] = max(seen.get(key, time), time)
    return found if len(found) <= most(limit) else _first(found, most(limit), seen)


def _today(
    timed: Iterable[tuple[values.Instant, lifecycle.HistoryEntry]],
    number: int,
    now: values.Instant,
    zone: str,
) -> Iterator[tuple[values.Instant, values.Instant | None, Tail]]:
    """When each was seen; if it is held, until when."""
    day = day_in(zone)
    today = day(now)
    near = [*takewhile(lambda each: now <= each[0] or day(each[0]) == today, timed)]
    # What is seen after today has perhaps a view of today.
    after = [each for each in near if each[0] != HELD and day(each[0]) > today]
    others = (each for each in near if each[0] == HELD or day(each[0]) <= today)
    for _, entry in chain(after, _newest(others, number, _offer)):
        for time, tail in _showings(entry, zone, today):
            if time is None:
                until = _held_until(entry)
                if now < until:
                    yield now, until, tail
            elif day(time) == today:
                yield time, None, tail


def _held_until(entry: lifecycle.HistoryEntry) -> values.Instant:
    until = entry.contact.held_until
    return values.INTEGER_MAX if until is None else until


def newest(scopes: ByScope, limit: library.ContactLimit, zone: str) -> set[str]:
    """Ids of the contacts that have the `most` newest showings, whatever the time and, for a limit
    per day, whatever the calendar; of those that are held all. zone: the project's."""

    def day(entry: lifecycle.HistoryEntry) -> object:
        *_, (_, tail) = sorted(_showings(entry, zone), key=lambda each: each[0] or 0)
        return tail

    timed = (scoped.entries for scoped in _concerned(scopes, limit))
    merged = heapq.merge(*timed, key=_at, reverse=True)
    same = _offer if limit.window is None else day
    return {entry.contact.id for _, entry in _newest(merged, most(limit), same)}


def _concerned(scopes: ByScope, limit: library.ContactLimit) -> list[Scoped]:
    return [scoped for scope, scoped in scopes.items() if concerns(limit, *scope)]


def _newest(
    timed: Iterable[tuple[values.Instant, lifecycle.HistoryEntry]],
    number: int,
    same: Callable[[lifecycle.HistoryEntry], object],
) -> Iterator[tuple[values.Instant, lifecycle.HistoryEntry]]:
    """From the newest on, until so many showings were found: all others are older. same: what
    contacts have alike that are one showing."""
    found: set[object] = set()
    oldest: values.Instant | None = None
    for at, entry in timed:
        if oldest is not None and at < oldest:
            return
        yield at, entry
        if oldest is None and at != HELD:
            found.add(same(entry))
            if len(found) >= number:
                oldest = at


def _offer(entry: lifecycle.HistoryEntry) -> object:
    """What is one showing on one day."""
    contact = entry.contact
    alone = not entry.inbound or contact.action is None
    return contact.id if alone else (contact.action, contact.item)


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
