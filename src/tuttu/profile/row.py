"""The customer's part of the wide row, as conditions read it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tuttu.profile import known as knowing
from tuttu.profile.aggregates import cell, outcome
from tuttu.profile.known import Known
from tuttu.profile.plan import Plan, Source, Tally, plan_of
from tuttu.profile.records import Item, Stamped, last_written
from tuttu.profile.sequences import happened
from tuttu.profile.windows import inside
from tuttu.vocabulary.company import Collection, Trait
from tuttu.vocabulary.conversion import convert
from tuttu.vocabulary.facts import Reader
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Instant, Kind, Row, Type, Value

TEXT = Type(Kind.TEXT)


def read(
    reader: Reader, customer: Customer, project: Project, now: Instant, *, profiling: bool
) -> dict[str, Value]:
    """One customer at one moment: every trait, ``source.trait`` and collection, and ``now``.

    What is unknown is NULL; a count of nothing is 0, and a sequence that did not happen FALSE. A
    collection is a list of its items in the order of their keys, each with all declared fields.
    profiling False: traits for the use `profiling` read NULL, and so does what derives from them.

    Windows and sequences leave out events after `now`. Everything else is as of the snapshot,
    not as of `now`: who asks about an earlier moment asks a receipt.
    """
    plan = plan_of(project)
    known = knowing.of_customer(reader, plan, customer)
    return row_of(plan, known, now, profiling=profiling)


def row_of(plan: Plan, known: Known, now: Instant, *, profiling: bool) -> dict[str, Value]:
    """`read`, of what is known already."""
    hidden = frozenset() if profiling else plan.profiling
    view = _View(plan, known, now)
    row: dict[str, Value] = {"now": now}
    for collection in plan.collections.values():
        row[collection.name] = [_shown(collection, item) for item in view.items(collection.name)]
    for trait in plan.stored:
        row[trait.name] = None if trait.name in hidden else view.stored(trait)
    for one in plan.sources:
        row[one.column] = None if one.trait in hidden else view.told(one)
    for trait in plan.late:
        row[trait.name] = None if trait.name in hidden else _late(trait, row)
    return row


class _View(msgspec.Struct, frozen=True):
    """What is known, seen at one moment."""

    plan: Plan
    known: Known
    now: Instant

    def items(self, collection: str) -> list[Item]:
        items = self.known.items.get(collection, {})
        return [items[key] for key in sorted(items)]

    def told(self, column: Source) -> Value:
        stamped = self.known.written.get(column.trait, {}).get(column.source)
        return stamped.value if stamped else None

    def stored(self, trait: Trait) -> Value:
        """A trait that comes from state alone."""
        if trait.sequence:
            return happened(trait.sequence, trait.window, self.known.steps, self.now)
        if trait.aggregate is None:
            return last_written(self.known.written.get(trait.name, {}))
        tally = self.plan.tallies.get(trait.name)
        cells = self._of_items(trait) if tally is None else self._of_events(tally)
        return outcome(trait.aggregate, cells)

    def _of_events(self, tally: Tally) -> list[Stamped]:
        if tally.window is not None:
            return inside(self.known.windows.get(tally.slot, {}), tally.window, self.now)
        total = self.known.totals.get(tally.slot)
        return [] if total is None else [total]

    def _of_items(self, trait: Trait) -> list[Stamped]:
        """A cell for each item that passes; in a window, if an event was about it in there."""
        collection = self.plan.collections[trait.over]
        cells = (_of_item(trait, collection, item, self.now) for item in self.items(trait.over))
        return [cell for cell in cells if cell is not None]


def _of_item(trait: Trait, collection: Collection, item: Item, now: Instant) -> Stamped | None:
    shown: dict[str, Value] = {**_shown(collection, item), "now": now}
    recent = trait.window is None or now - trait.window <= item.time <= now
    if not recent or (trait.test is not None and trait.test(shown) is not True):
        return None
    field = trait.field or collection.key
    unsaid = Stamped(shown.get(field), item.time, item.key)
    return cell(trait.aggregate or "count", item.fields.get(field, unsaid))


def _shown(collection: Collection, item: Item) -> dict[str, Value]:
    """An item as conditions see it: what was never written is NULL."""
    shown = {name: _field(item, name) for name in collection.fields}
    shown[collection.key] = convert(item.key, collection.fields.get(collection.key, TEXT))
    return shown


def _field(item: Item, name: str) -> Value:
    stamped = item.fields.get(name)
    return stamped.value if stamped else None


def _late(trait: Trait, row: Row) -> Value:
    """A trait made of other columns."""
    if trait.derived is not None:
        return trait.derived(row)
    values = (row.get(column) for column in trait.first_known)
    return next((value for value in values if value is not None), None)


def completed(project: Project, row: Row, ledger: Row, *, profiling: bool) -> dict[str, Value]:
    """What `read` gave, with the ledger's columns, and the traits that rest on them worked out."""
    plan = plan_of(project)
    whole = {**row, **ledger}
    hidden = frozenset() if profiling else plan.profiling
    for trait in plan.of_ledger:
        whole[trait.name] = None if trait.name in hidden else _late(trait, whole)
    return whole


def changed(project: Project, row: Row, columns: Row) -> dict[str, Value]:
    """The row with some columns set to other values, and the traits made of them worked out again.

    A trait that does not follow from the row as it is (laid over, or hidden) stays as it is.
    """
    after = {**row, **columns}
    for trait in following(project, row):
        if trait.name not in columns:
            after[trait.name] = _late(trait, after)
    return after


def following(project: Project, row: Row) -> list[Trait]:
    """Traits made of other columns that are what the row says, each after what it reads."""
    return [trait for trait in late(project) if _late(trait, row) == row.get(trait.name)]


def late(project: Project) -> tuple[Trait, ...]:
    """Traits made of other columns, each after what it reads."""
    return plan_of(project).late


def beneath(project: Project, columns: Iterable[str]) -> set[str]:
    """Columns, and all that those of them which are made of others rest on."""
    made = {trait.name: trait for trait in late(project)}
    found: set[str] = set()
    waiting = [*columns]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            trait = made.get(name)
            if trait is not None:
                waiting += trait.derived.columns if trait.derived else trait.first_known
    return found
