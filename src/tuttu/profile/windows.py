"""Logs of windowed aggregates, in pages so small that a long history does not slow an event down.

Time is cut into *buckets*, a power of two of microseconds wide, about an eighth of the window. A
bucket is kept while it may still overlap the window, as seen from the log's newest entry; older
buckets are dropped as a whole. Inside a bucket, a page that holds more than `PAGE` different
instants is halved by time, again and again until none does. So both what is kept and how it is
laid out are functions of the set of events alone, and one more event reads and writes at most two
pages, however many came before it.

A read is exact for every `now` that is not before the newest entry.
"""

from bisect import bisect_right
from collections.abc import Sequence

from tuttu.profile import aggregates
from tuttu.profile import records as r
from tuttu.profile.plan import EventAggregate
from tuttu.vocabulary import events, facts
from tuttu.vocabulary.values import Duration, Instant

PAGE = 64
BUCKETS = 8
SHIFT = 2**63


def inside(cells: r.Cells, window: Duration, now: Instant) -> list[r.Stamped]:
    """The cells in the window, both of its ends included."""
    return [cell for time, cell in cells.items() if now - window <= time <= now]


def load(
    reader: facts.Reader, fragment: events.FragmentId, state: r.Fragment
) -> dict[r.DefinitionId, r.Cells]:
    """All logs of a fragment, each in the order of time."""
    logs: dict[r.DefinitionId, dict[Instant, r.Stamped]] = {one: {} for one in state.logs}
    pages = reader.scan(r.PAGES, fragment) if logs else ()
    for key, page in pages:
        logs[key[len(fragment) : len(fragment) + r.DEFINITION_BYTES]].update(page.cells)
    return dict(logs)


def merge(one: EventAggregate, logs: Sequence[r.Cells]) -> r.Cells:
    """Several logs merged into one, without the buckets too old for the newest entry of all."""
    if len(logs) == 1:
        return logs[0]
    together: dict[Instant, list[r.Stamped]] = {}
    for time, cell in (entry for log in logs for entry in log.items()):
        together.setdefault(time, []).append(cell)
    oldest = _oldest(one, max(together)) if together else 0
    return {
        time: aggregates.join(one.aggregate, together[time])
        for time in sorted(together)
        if time >= oldest
    }


def add(
    transaction: facts.Transaction,
    fragment: events.FragmentId,
    log: r.Log | None,
    one: EventAggregate,
    time: Instant,
    cell: r.Stamped,
) -> r.Log:
    """The log with one more cell, and its pages written; a cell older than every bucket still kept
    is dropped. log: None: there was none."""
    newest = time if log is None else max(log.newest, time)
    buckets = () if log is None else log.buckets
    place, oldest = fragment + one.id, _oldest(one, newest)
    for fallen in [each for each in buckets if each < oldest]:
        head = transaction.get(r.PAGES, _key(place, fallen, fallen))
        for start in (fallen, *(head.splits if head else ())):
            transaction.delete(r.PAGES, _key(place, fallen, start))
    buckets = tuple(each for each in buckets if each >= oldest)
    bucket = _bucket(one, time)
    if bucket >= oldest:
        buckets = tuple(sorted({*buckets, bucket}))
        _insert(transaction, place, bucket, one, time, cell)
    return r.Log(newest, buckets)


def _insert(
    transaction: facts.Transaction,
    place: bytes,
    bucket: Instant,
    one: EventAggregate,
    time: Instant,
    cell: r.Stamped,
) -> None:
    head = transaction.get(r.PAGES, _key(place, bucket, bucket)) or r.LogPage()
    ends = bisect_right(head.splits, time)
    start = head.splits[ends - 1] if ends else bucket
    end = head.splits[ends] if ends < len(head.splits) else bucket + _width(one)
    page = head
    if start != bucket:
        page = transaction.get(r.PAGES, _key(place, bucket, start)) or r.LogPage()
    there = [page.cells[time]] if time in page.cells else []
    joined = aggregates.join(one.aggregate, [*there, cell])
    halves = _halved(dict(sorted({**page.cells, time: joined}.items())), start, end - start)
    splits = head.splits
    if len(halves) > 1:
        splits = tuple(sorted({*splits, *halves} - {bucket}))
        halves.setdefault(bucket, head.cells)
    for begin, cells in halves.items():
        page = r.LogPage(cells, splits if begin == bucket else ())
        transaction.put(r.PAGES, _key(place, bucket, begin), page)


def _halved(cells: r.Cells, start: Instant, size: Duration) -> dict[Instant, r.Cells]:
    """The pages of a stretch, by their first microsecond: halves of halves, none too full."""
    if len(cells) <= PAGE:
        return {start: cells}
    size //= 2
    middle = start + size
    early = {time: cell for time, cell in cells.items() if time < middle}
    late = {time: cell for time, cell in cells.items() if time >= middle}
    return _halved(early, start, size) | _halved(late, middle, size)


def _width(one: EventAggregate) -> Duration:
    """Of a bucket: the smallest power of two above an eighth of the window."""
    return 1 << ((one.window or 0) // BUCKETS).bit_length()


def _bucket(one: EventAggregate, time: Instant) -> Instant:
    return time // _width(one) * _width(one)


def _oldest(one: EventAggregate, newest: Instant) -> Instant:
    """The first bucket that overlaps the window ending at the newest entry."""
    return _bucket(one, newest - (one.window or 0))


def _key(place: bytes, bucket: Instant, start: Instant) -> bytes:
    """Keys are in the order of time, before 1970 too."""
    return place + (bucket + SHIFT).to_bytes(8, "big") + (start + SHIFT).to_bytes(8, "big")
