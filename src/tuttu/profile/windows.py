"""Logs of windowed aggregates, in pages so small that a long history does not slow an event down.

Time is cut into *buckets*, a power of two of microseconds wide, about an eighth of the window. A
bucket is kept while an instant of it may still lie in the window, seen from the log's newest
entry; older buckets fall as a whole. Inside a bucket, a page that holds more than `PAGE` different
instants is halved by time, again and again until none does. So both what is kept and how it is
laid out are functions of the set of events alone, and one more event reads and writes at most two
pages, however many came before it.

What is read is exact for every present that is not older than the newest entry.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence

from tuttu.profile.aggregates import join
from tuttu.profile.hearing import Entry
from tuttu.profile.plan import Tally
from tuttu.profile.records import PAGES, SLOT_BYTES, Cells, Fragment, Log, Page, Slot, Stamped
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Reader, Transaction
from tuttu.vocabulary.values import Duration, Instant

PAGE = 64
BUCKETS = 8
SHIFT = 2**63


def inside(cells: Cells, window: Duration, now: Instant) -> list[Stamped]:
    """The cells in the window, both of its ends included."""
    return [cell for time, cell in cells.items() if now - window <= time <= now]


def load(reader: Reader, fragment: FragmentId, state: Fragment) -> dict[Slot, Cells]:
    """All logs of a fragment, each in the order of time."""
    logs: dict[Slot, Cells] = {slot: {} for slot in state.logs}
    pages = reader.scan(PAGES, fragment) if logs else ()
    for key, page in pages:
        logs[key[len(fragment) : len(fragment) + SLOT_BYTES]].update(page.cells)
    return logs


def merge(tally: Tally, logs: Sequence[Cells]) -> Cells:
    """One log of several, without the buckets that have fallen for the newest entry of all."""
    if len(logs) == 1:
        return logs[0]
    together: dict[Instant, list[Stamped]] = {}
    for time, cell in (entry for log in logs for entry in log.items()):
        together.setdefault(time, []).append(cell)
    oldest = _oldest(tally, max(together)) if together else 0
    return {
        time: join(tally.aggregate, together[time]) for time in sorted(together) if time >= oldest
    }


def add(transaction: Transaction, fragment: FragmentId, log: Log, entry: Entry) -> None:
    """One more entry; one that is older than every bucket still kept is let go."""
    log.newest = max(log.newest, entry.time)
    place, oldest = fragment + entry.tally.slot, _oldest(entry.tally, log.newest)
    _drop(transaction, place, log, oldest)
    bucket = _bucket(entry.tally, entry.time)
    if bucket < oldest:
        return
    if bucket not in log.buckets:
        insort(log.buckets, bucket)
    _insert(transaction, place, bucket, entry)


def _drop(transaction: Transaction, place: bytes, log: Log, oldest: Instant) -> None:
    while log.buckets and log.buckets[0] < oldest:
        bucket = log.buckets.pop(0)
        head = transaction.get(PAGES, _key(place, bucket, bucket))
        for start in (bucket, *(head.splits if head else ())):
            transaction.delete(PAGES, _key(place, bucket, start))


def _insert(transaction: Transaction, place: bytes, bucket: Instant, entry: Entry) -> None:
    head = transaction.get(PAGES, _key(place, bucket, bucket)) or Page()
    ends = bisect_right(head.splits, entry.time)
    start = head.splits[ends - 1] if ends else bucket
    end = head.splits[ends] if ends < len(head.splits) else bucket + _width(entry.tally)
    page = head if start == bucket else transaction.get(PAGES, _key(place, bucket, start)) or Page()
    halves = _halved(_with(page.cells, entry), start, end - start)
    if len(halves) > 1:
        head.splits = sorted({*head.splits, *halves} - {bucket})
        halves.setdefault(bucket, head.cells)
    for begin, cells in halves.items():
        splits = head.splits if begin == bucket else []
        transaction.put(PAGES, _key(place, bucket, begin), Page(cells, splits))


def _with(cells: Cells, entry: Entry) -> Cells:
    """Cells and one more, in the order of time."""
    there = [cells[entry.time]] if entry.time in cells else []
    joined = join(entry.tally.aggregate, [*there, entry.cell])
    return dict(sorted({**cells, entry.time: joined}.items()))


def _halved(cells: Cells, start: Instant, size: Duration) -> dict[Instant, Cells]:
    """The pages of a stretch, by their first microsecond: halves of halves, none too full."""
    if len(cells) <= PAGE:
        return {start: cells}
    size //= 2
    middle = start + size
    early = {time: cell for time, cell in cells.items() if time < middle}
    late = {time: cell for time, cell in cells.items() if time >= middle}
    return _halved(early, start, size) | _halved(late, middle, size)


def _width(tally: Tally) -> Duration:
    """Of a bucket: the smallest power of two above an eighth of the window."""
    return 1 << ((tally.window or 0) // BUCKETS).bit_length()


def _bucket(tally: Tally, time: Instant) -> Instant:
    return time // _width(tally) * _width(tally)


def _oldest(tally: Tally, newest: Instant) -> Instant:
    """The first bucket of which an instant lies in the window of the newest entry."""
    return _bucket(tally, newest - (tally.window or 0))


def _key(place: bytes, bucket: Instant, start: Instant) -> bytes:
    """Keys are in the order of time, before 1970 too."""
    return place + (bucket + SHIFT).to_bytes(8, "big") + (start + SHIFT).to_bytes(8, "big")
