"""A customer's items: all that their fragments keep, and those of them that rules see."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from tuttu.profile import extract, ordered_items
from tuttu.profile import records as r
from tuttu.profile.ordered_items import FEW
from tuttu.profile.plan import ProfilePlan
from tuttu.vocabulary import company, conversion, events, facts
from tuttu.vocabulary.values import Instant, Row, Value

ItemsByKey = dict[str, dict[str, r.Item]]
"""By collection and key."""


class ItemsOfFragment(NamedTuple):
    """Where the items of one fragment are read. counts: by order, how many there are."""

    reader: facts.Reader
    plan: ProfilePlan
    fragment: events.FragmentId
    counts: Mapping[r.DefinitionId, int]

    @property
    def is_large(self) -> bool:
        return any(count > FEW for count in self.counts.values())

    def count(self, collection: str) -> int:
        return self.counts.get(self.plan.orders[collection].id, 0)


class ShownItem(NamedTuple):
    """row: as conditions read it."""

    item: r.Item
    row: Row


_KEY = attrgetter("item.key")


class ShownItems(NamedTuple):
    """What rules see: by collection, in the order of keys. beyond: how many more there are."""

    items: Mapping[str, Sequence[ShownItem]]
    beyond: Mapping[str, int]


class CustomerItems:
    """The items of some fragments, merged. Read when they are asked for, of the snapshot that the
    fragments were read of."""

    def __init__(self, parts: Iterable[ItemsOfFragment] = ()) -> None:
        self.parts = tuple(parts)
        self._shown: ShownItems | None = None

    @cached_property
    def all(self) -> ItemsByKey:
        return _merged([_read(each, [each.fragment]) for each in self.parts])

    def shown(self, plan: ProfilePlan) -> ShownItems:
        """Of each collection at most as many as its limit: live items first, then closed ones, of
        each kind the newest by (time, key)."""
        if self._shown is None:
            shown: dict[str, Sequence[ShownItem]] = {}
            beyond: dict[str, int] = {}
            many = self._many(plan)
            whole = self.all if not many else self._without(plan, many)
            for name, collection in plan.collections.items():
                found, unread = whole.get(name, {}), 0
                if name in many:
                    found, unread = _first_of(many[name], collection, found)
                items = [ShownItem(one, _row(collection, one, plan.zone)) for one in found.values()]
                if len(items) + unread > collection.limit:
                    beyond[name] = len(items) + unread - collection.limit
                    items = _within_limit(collection, items)
                shown[name] = sorted(items, key=_KEY)
            self._shown = ShownItems(shown, beyond)
        return self._shown

    def _many(self, plan: ProfilePlan) -> dict[str, ItemsOfFragment]:
        """By collection, the fragment that has the most items, if it has them in order, and more
        than are shown."""
        found: dict[str, ItemsOfFragment] = {}
        for part in self.parts:
            for name in plan.collections if part.is_large else ():
                count = part.count(name)
                most = found[name].count(name) if name in found else plan.collections[name].limit
                if count > max(FEW, most):
                    found[name] = part
        return found

    def _without(self, plan: ProfilePlan, many: Mapping[str, ItemsOfFragment]) -> ItemsByKey:
        """All items but those that these fragments have in these collections."""
        several = []
        for part in self.parts:
            places = [one for name, one in plan.places.items() if many.get(name) is not part]
            several.append(_read(part, [part.fragment + one for one in places]))
        return _merged(several)


def _merged(several: Sequence[ItemsByKey]) -> ItemsByKey:
    if len(several) == 1:
        return several[0]
    return r.each_joined(several, lambda some: r.each_joined(some, _joined))


def _read(part: ItemsOfFragment, prefixes: Iterable[bytes]) -> ItemsByKey:
    """Those of one fragment whose keys begin so, of current definitions only."""
    plan, start = part.plan, len(part.fragment)
    names = {one: name for name, one in plan.places.items()}
    found: ItemsByKey = {}
    for prefix in prefixes if names else ():
        for key, kept in part.reader.scan(r.ITEMS, prefix):
            name = names.get(key[start : start + r.DEFINITION_BYTES])
            if name is not None and kept.time is not None:
                found.setdefault(name, {})[kept.key] = _item(plan, name, kept, kept.time)
    return found


def _item(plan: ProfilePlan, name: str, kept: r.StoredItem, time: Instant) -> r.Item:
    ids = plan.fields[name].items()
    fields = {field: kept.fields[one] for field, one in ids if one in kept.fields}
    return r.Item(name, kept.key, time, fields)


def _first_of(
    part: ItemsOfFragment, collection: company.Collection, others: Mapping[str, r.Item]
) -> tuple[dict[str, r.Item], int]:
    """The items of a customer of which one fragment has many: of these, the first ones, and those
    that others have too; and how many of them were not read. others: what the customer's other
    fragments have; merged with these, an item may be live that is closed in each."""
    reader, name, plan = part.reader, collection.name, part.plan
    place = part.fragment + plan.places[name]
    shared = [reader.pseudonym(f"item:{name}", key) for key in others]
    order = plan.orders[name].id
    first = ordered_items.first(reader, part.fragment, order, collection.limit, {*shared})
    kept = reader.get_many(r.ITEMS, [place + under for under in (*shared, *first)])
    own = {
        each.key: _item(plan, name, each, each.time)
        for each in kept
        if each is not None and each.time is not None
    }
    found = r.each_joined([others, own], _joined)
    return found, part.count(name) - len(own)


def _joined(some: list[r.Item]) -> r.Item:
    """The same item, as several fragments know it: field by field."""
    if len(some) == 1:
        return some[0]
    fields = r.each_joined([one.fields for one in some], r.newest)
    return r.Item(some[0].collection, some[0].key, max(one.time for one in some), fields)


def _within_limit(collection: company.Collection, items: list[ShownItem]) -> list[ShownItem]:
    def rank(one: ShownItem) -> tuple[bool, int, str]:
        closed = collection.closed is not None and collection.closed(one.row) is True
        return not closed, one.item.time, one.item.key

    return sorted(items, key=rank, reverse=True)[: collection.limit]


def _row(collection: company.Collection, item: r.Item, zone: str) -> dict[str, Value]:
    """What was never written is NULL."""
    known = item.fields
    row = {name: known[name].value if name in known else None for name in collection.fields}
    row[collection.key] = conversion.convert(
        item.key, collection.fields.get(collection.key, extract.TEXT), zone
    )
    return row
