"""Which columns an export has, and which of them are not masked.

A trait's value is in an export only if a condition, formula or other trait reads it; of all others
there is a mask. Columns that belong together are shown together: a trait, its sources, and the
traits of which it is the first known.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from tuttu.policy import Reads, Relation, reads_of
from tuttu.vocabulary import company, values
from tuttu.vocabulary.project import Project

TEXT = values.Type(values.Kind.TEXT)
CUSTOMER, FRAGMENT, EVENT_ID = "tuttu customer", "tuttu fragment", "tuttu id"
PROFILING, KEY, TIME = "tuttu profiling", "tuttu key", "tuttu time"
TOO_MANY = "tuttu too many"
"""Internal columns: no declared name has a space in it."""
EVENTS, TRAITS = "events", "its traits"
Place = tuple[str, str]
"""A trait (`TRAITS`), a property of events (`EVENTS`), or a field of a collection; and its name."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """traits: whose values are shown. fields: by collection, the fields that are. events: what
    the aggregates over events read of one. masked: columns of an event that are only copied
    into a trait that nothing reads."""

    project: Project
    reads: Reads
    traits: frozenset[str]
    fields: Mapping[str, frozenset[str]]
    events: Reads
    masked: frozenset[str]

    def shows(self, column: str) -> bool:
        """column: a trait, or ``source.trait``."""
        return base_of(self.project, column) in self.traits

    @property
    def by_calendar(self) -> bool:
        """Whether anything may count by the customer's own calendar."""
        return self.shows(values.ZONE)

    def column(self, name: str) -> str:
        """The name of a trait's or a source's column in the export."""
        return name if self.shows(name) else masked(name)

    def type_of(self, name: str) -> values.Type:
        return self.project.row_schema.columns[name] if self.shows(name) else TEXT

    def field(self, collection: str, name: str) -> str:
        """The same of a field of an item."""
        return name if name in self.fields[collection] else masked(name)

    def relation(self) -> Relation:
        """What conditions and formulas read of a customer, and the traits that are shown."""
        schema = self.project.row_schema
        shown = {name for name in compared(self.project) if self.shows(name)}
        relation = dict(Reads(self.reads.columns | shown, self.reads.fields).relation(schema))
        for name in abouts(self.project):
            fields = {each: schema.collections[name][each] for each in self.reads.fields[name]}
            relation[name] = {KEY: TEXT, **fields}
        return relation


def masked(name: str) -> str:
    return f"tuttu masked {name}"


def layout_of(project: Project, expressions: Iterable[values.Expression]) -> Layout:
    """expressions: all that are evaluated for a customer, beside those of derived traits."""
    traits = project.profile.traits
    derived = [trait.derived for trait in traits.values() if trait.derived]
    reads = _of_rows(project, reads_of([*expressions, *derived]))
    over_events = [each for each in traits.values() if each.aggregate and each.over == EVENTS]
    tests = reads_of(each.test for each in over_events if each.test)
    shown = _closed(set(_shown(project, reads, tests)), list(_together(project)))
    read = {each.field for each in over_events if each.field}
    return Layout(
        project=project,
        reads=reads,
        traits=_named(shown, TRAITS),
        fields={name: _named(shown, name) for name in project.profile.collections},
        events=Reads(_named(shown, EVENTS), tests.fields),
        masked=frozenset(read) - _named(shown, EVENTS),
    )


def base_of(project: Project, column: str) -> str:
    """The trait that a column belongs to: itself, or the one that the source wrote."""
    return column if column in project.profile.traits else column.partition(".")[2]


def sources_of(project: Project) -> list[str]:
    """The columns ``source.trait``."""
    traits = project.profile.traits
    return [
        column
        for column in project.row_schema.columns
        if column not in traits and column.partition(".")[2] in traits
    ]


def abouts(project: Project) -> frozenset[str]:
    """The collections that some rule is about."""
    of_actions = {each.about for each in project.actions.values()}
    of_guards = {each.about for each in project.policy.guards}
    return frozenset(each for each in of_actions | of_guards if each is not None)


def groups_asked(project: Project) -> list[str]:
    """The groups of which a trait or a guard is."""
    of_traits = {each.group for each in project.profile.traits.values()}
    of_guards = {each.group for each in project.policy.guards}
    return sorted(each for each in of_traits | of_guards if each is not None)


def compared(project: Project) -> list[str]:
    """All columns that come from the log."""
    return [*project.profile.traits, *sources_of(project)]


def item_columns(layout: Layout, collection: company.Collection) -> dict[str, values.Type]:
    """The columns of an item, its key's field included; masked ones are text."""
    return {
        layout.field(collection.name, name): declared
        if name in layout.fields[collection.name]
        else TEXT
        for name, declared in collection.fields.items()
    }


def as_it_is(trait: company.Trait) -> bool:
    """What cannot be computed of masks."""
    return trait.derived is not None or bool(trait.sequence) or trait.aggregate in {"count", "sum"}


def _shown(project: Project, rows: Reads, events: Reads) -> Iterator[Place]:
    """What conditions read, and what cannot be masked."""
    traits = project.profile.traits
    for name, trait in traits.items():
        if as_it_is(trait):
            yield TRAITS, name
        if trait.over in project.profile.collections and trait.test is not None:
            fields = trait.test.columns - {values.OWNERS_ZONE}
            yield from ((trait.over, field) for field in fields)
        if trait.by_calendar:
            yield TRAITS, values.ZONE
    for each in project.profile.collections.values():
        if each.closed is not None:
            yield from ((each.name, field) for field in each.closed.columns)
    named = {base_of(project, each) for each in rows.columns} & traits.keys()
    yield from ((TRAITS, each) for each in named)
    for collection, fields in rows.fields.items():
        yield from ((collection, each) for each in fields)
    yield from ((EVENTS, each) for each in {*events.columns, "event", "call", "source"})


def _together(project: Project) -> Iterator[set[Place]]:
    """A choice and what it chooses from; a trait and the field that it is made of."""
    for name, trait in project.profile.traits.items():
        if trait.first_known:
            choices = {name, *(base_of(project, each) for each in trait.first_known)}
            yield {(TRAITS, each) for each in choices}
        if trait.aggregate is not None and trait.field is not None:
            yield {(TRAITS, name), (trait.over, trait.field)}


def _closed(shown: set[Place], together: Sequence[set[Place]]) -> set[Place]:
    grown = -1
    while grown != len(shown):
        grown = len(shown)
        shown.update(*(places for places in together if places & shown))
    return shown


def _named(shown: set[Place], where: str) -> frozenset[str]:
    return frozenset(name for place, name in shown if place == where)


def _of_rows(project: Project, reads: Reads) -> Reads:
    """``item.<field>`` is read of the collection that the rule is about."""
    of_item = {each for each in reads.columns if each.startswith(f"{values.ITEM}.")}
    fields = {name: set(found) for name, found in reads.fields.items()}
    for collection in abouts(project):
        declared = project.profile.collections[collection].fields
        named = {each.partition(".")[2] for each in of_item}
        fields.setdefault(collection, set()).update(named & declared.keys())
    columns = (reads.columns - of_item) | abouts(project)
    return Reads(columns, {name: frozenset(found) for name, found in fields.items()})
