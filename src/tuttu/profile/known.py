"""What is known of a customer: the states of his fragments, merged.

Merging is commutative and associative, and merging the states of fragments gives what one
fragment with all their events would hold: so it does not matter under which of his identifiers an
event came.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import chain
from typing import TypeVar

import msgspec

from tuttu.profile import windows
from tuttu.profile.aggregates import join
from tuttu.profile.plan import Plan
from tuttu.profile.records import (
    FRAGMENTS,
    ITEMS,
    SLOT_BYTES,
    Cells,
    Item,
    Moment,
    Slot,
    Stamped,
    newest,
    recent,
)
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Reader
from tuttu.vocabulary.people import Customer

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Known(msgspec.Struct, frozen=True):
    """written: trait to source to value. windows: whole logs. steps: event name to moments.
    items: collection to item key to item."""

    written: Mapping[str, Mapping[str, Stamped]] = {}
    totals: Mapping[Slot, Stamped] = {}
    windows: Mapping[Slot, Cells] = {}
    steps: Mapping[str, list[Moment]] = {}
    items: Mapping[str, Mapping[str, Item]] = {}


def of_customer(reader: Reader, plan: Plan, customer: Customer) -> Known:
    return merge(plan, [of_fragment(reader, plan, one) for one in customer.fragments])


def of_fragment(reader: Reader, plan: Plan, fragment: FragmentId) -> Known:
    """What one fragment holds; one that was never heard of holds nothing."""
    state = reader.get(FRAGMENTS, fragment)
    if state is None:
        return Known()
    return Known(
        written=_by_name(plan.told, state.told),
        totals=state.totals,
        windows=windows.load(reader, fragment, state),
        steps=_by_name(plan.steps, state.happened),
        items=_items(reader, plan, fragment) if plan.collections else {},
    )


def _by_name(slots: Mapping[str, Slot], kept: Mapping[Slot, T]) -> dict[str, T]:
    """What is declared now, by its name; what was once declared stays out."""
    return {name: kept[slot] for name, slot in slots.items() if slot in kept}


def _items(reader: Reader, plan: Plan, fragment: FragmentId) -> dict[str, dict[str, Item]]:
    names = {slot: name for name, slot in plan.places.items()}
    found: dict[str, dict[str, Item]] = {}
    for key, item in reader.scan(ITEMS, fragment):
        name = names.get(key[len(fragment) : len(fragment) + SLOT_BYTES])
        if name is not None and item.time is not None:
            fields = _by_name(plan.fields[name], item.fields)
            found.setdefault(name, {})[item.key] = Item(name, item.key, item.time, fields)
    return found


def merge(plan: Plan, several: Sequence[Known]) -> Known:
    """One for all of them, in any order; changes none of them."""
    if len(several) == 1:
        return several[0]
    return Known(
        written=_each([one.written for one in several], lambda some: _each(some, newest)),
        totals=_totals(plan, several),
        windows=_windows(plan, several),
        steps=_each([one.steps for one in several], lambda some: recent(chain(*some))),
        items=_each([one.items for one in several], lambda some: _each(some, _item)),
    )


def _each(maps: Sequence[Mapping[K, T]], joined: Callable[[list[T]], T]) -> dict[K, T]:
    """Maps to one map, joining the values that stand under the same key."""
    found: dict[K, list[T]] = {}
    for key, value in chain(*(one.items() for one in maps)):
        found.setdefault(key, []).append(value)
    return {key: joined(values) for key, values in found.items()}


def _item(some: list[Item]) -> Item:
    """The same item, as several fragments heard of it: field by field."""
    fields = _each([one.fields for one in some], newest)
    return Item(some[0].collection, some[0].key, max(one.time for one in some), fields)


def _totals(plan: Plan, several: Sequence[Known]) -> dict[Slot, Stamped]:
    totals: dict[Slot, Stamped] = {}
    for tally in plan.tallies.values():
        cells = [one.totals[tally.slot] for one in several if tally.slot in one.totals]
        if cells:
            totals[tally.slot] = join(tally.aggregate, cells)
    return totals


def _windows(plan: Plan, several: Sequence[Known]) -> dict[Slot, Cells]:
    return {
        tally.slot: windows.merge(tally, [one.windows.get(tally.slot, {}) for one in several])
        for tally in plan.tallies.values()
        if tally.window is not None
    }
