"""The items of a fragment that has many of them, in the order in which rules see them.

From the item on that is one more than `FEW`, each item of the collection has a record whose key
sorts as its rank: so a read of the first ones stops early, and one more event deletes and writes
one record, however many items there are. Which records there are follows from the set of events
alone.

The keys of records are not sealed. So live and closed items lie under pseudonyms, and their times
are moved by a span of the fragment's own that only the store's secret tells: what shows is how far
apart two items are.
"""

from collections.abc import Collection
from operator import itemgetter

import msgspec

from tuttu.profile import records as r
from tuttu.profile.plan import ItemOrder
from tuttu.vocabulary import conversion, events, facts
from tuttu.vocabulary.values import Value

FEW = 64
TIME_BYTES = 8
LATEST = 2**63
"""More than any moment that was moved."""


def begin(transaction: facts.Transaction, place: bytes, order: ItemOrder, zone: str) -> None:
    """Puts all items into the order. place: what their keys begin with."""
    for key, item in transaction.scan(r.ITEMS, place):
        if order.id in item.ranks:
            _put(transaction, key, item, order, zone)


def move(transaction: facts.Transaction, key: bytes, order: ItemOrder, zone: str) -> None:
    """Puts the item at this key, which has changed, where it belongs now."""
    item = transaction.get(r.ITEMS, key)
    if item is not None:
        _put(transaction, key, item, order, zone)


def _put(
    transaction: facts.Transaction, key: bytes, item: r.StoredItem, order: ItemOrder, zone: str
) -> None:
    before, rank = item.ranks[order.id], _rank(item, order, zone)
    if rank == before:
        return
    if before is not None:
        transaction.delete(r.ORDERED_ITEMS, _key(transaction, key, order.id, before))
    transaction.put(
        r.ORDERED_ITEMS, _key(transaction, key, order.id, rank), r.OrderedItem(item.key)
    )
    ranks = {**item.ranks, order.id: rank}
    transaction.put(r.ITEMS, key, msgspec.structs.replace(item, ranks=ranks))


def _rank(item: r.StoredItem, order: ItemOrder, zone: str) -> r.ItemRank:
    """Of an item as one fragment knows it: what the customer's others know is not here."""
    row: dict[str, Value] = {
        name: item.fields[one].value if one in item.fields else None
        for name, one in order.fields.items()
    }
    row[order.key] = conversion.convert(item.key, order.key_type, zone)
    closed = order.closed is not None and order.closed(row) is True
    return r.ItemRank(closed, item.time or 0)


def first(
    reader: facts.Reader,
    fragment: events.FragmentId,
    order: r.DefinitionId,
    most: int,
    without: Collection[bytes],
) -> list[bytes]:
    """The first ones by rank, but those of `without`, each as the end of its key."""
    found: list[bytes] = []
    for closed in (False, True):
        left = most - len(found)
        run: list[tuple[bytes, str, bytes]] = []
        if left:
            prefix = _kind(reader, fragment, order, closed=closed)
            for key, item in reader.scan(r.ORDERED_ITEMS, prefix):
                time, under = key[len(prefix) :][:TIME_BYTES], key[len(prefix) + TIME_BYTES :]
                # Of the same moment, the key decides, and the records are in no order of keys.
                if len(run) >= left and time != run[-1][0]:
                    break
                if under not in without:
                    run.append((time, item.key, under))
        run.sort(key=itemgetter(1), reverse=True)
        run.sort(key=itemgetter(0))
        found += [under for _, _, under in run[:left]]
    return found


def _key(reader: facts.Reader, key: bytes, order: r.DefinitionId, rank: r.ItemRank) -> bytes:
    """The later, the sooner. Moments of the years 1 to 9999 are within 2^58 of 0. key: the item's
    own."""
    fragment, under = key[: events.FRAGMENT_BYTES], key[-events.FRAGMENT_BYTES :]
    span = int.from_bytes(_hidden(reader, "span", fragment)[:TIME_BYTES], "big")
    moved = LATEST - 2**60 - (span >> 3) - rank.time
    kind = _kind(reader, fragment, order, closed=rank.closed)
    return kind + moved.to_bytes(TIME_BYTES, "big") + under


def _kind(
    reader: facts.Reader, fragment: events.FragmentId, order: r.DefinitionId, *, closed: bool
) -> bytes:
    return fragment + _hidden(reader, "closed" if closed else "live", order)


def _hidden(reader: facts.Reader, what: str, of: bytes) -> bytes:
    return reader.pseudonym(f"order:{what}", of.hex())
