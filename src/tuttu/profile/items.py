"""A customer's items: all that their fragments keep, and those of them that rules see."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from tuttu.profile import extract
from tuttu.profile import records as r
from tuttu.profile.plan import ProfilePlan
from tuttu.vocabulary import company, conversion, events, facts
from tuttu.vocabulary.values import Row, Value

ItemsByKey = dict[str, dict[str, r.Item]]
"""By collection and key."""


class ItemsOfFragment(NamedTuple):
    """Where the items of one fragment are read."""

    reader: facts.Reader
    plan: ProfilePlan
    fragment: events.FragmentId


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
        several = [_read(each) for each in self.parts]
        if len(several) == 1:
            return several[0]
        return r.each_joined(several, lambda some: r.each_joined(some, _joined))

    def shown(self, plan: ProfilePlan) -> ShownItems:
        """Of each collection at most as many as its limit: live items first, then closed ones, of
        each kind the newest by (time, key)."""
        if self._shown is None:
            shown: dict[str, Sequence[ShownItem]] = {}
            beyond: dict[str, int] = {}
            for name, collection in plan.collections.items():
                found = self.all.get(name, {}).values()
                items = [ShownItem(each, _row(collection, each, plan.zone)) for each in found]
                if len(items) > collection.limit:
                    beyond[name] = len(items) - collection.limit
                    items = _within_limit(collection, items)
                shown[name] = sorted(items, key=_KEY)
            self._shown = ShownItems(shown, beyond)
        return self._shown


def _read(part: ItemsOfFragment) -> ItemsByKey:
    """All of one fragment, of current definitions only."""
    plan, start = part.plan, len(part.fragment)
    names = {one: name for name, one in plan.places.items()}
    found: ItemsByKey = {}
    for key, kept in part.reader.scan(r.ITEMS, part.fragment) if names else ():
        name = names.get(key[start : start + r.DEFINITION_BYTES])
        if name is not None and kept.time is not None:
            ids = plan.fields[name].items()
            fields = {field: kept.fields[one] for field, one in ids if one in kept.fields}
            found.setdefault(name, {})[kept.key] = r.Item(name, kept.key, kept.time, fields)
    return found


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
