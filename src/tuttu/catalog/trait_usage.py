"""Where a trait may be read: `use` names purposes, and what derives from it follows; and what may
be worked out of a group."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter

from tuttu.catalog.findings import quote
from tuttu.catalog.scope import PROFILING, LoadScope
from tuttu.policy import named_columns
from tuttu.policy.tree import NOW
from tuttu.vocabulary import company, errors, values

TEXT = values.Type(values.Kind.TEXT)
OTHER_WORDS = ("contacted", "answered", "fulfilled", "last_contact", values.ITEM)
"""Words that mean something else before a point."""


class TraitUsage:
    """Checks that no rule for a purpose reads a trait that is not for it.

    A trait for `profiling` may be read for every purpose: it is NULL where profiling is refused.
    """

    def __init__(self, traits: Mapping[str, company.Trait], scope: LoadScope) -> None:
        self.traits = traits
        self.scope = scope

    def check_groups(self) -> None:
        """Traits of groups read no trait of a group."""
        for trait in self.traits.values():
            if trait.group is not None:
                self._check_members(trait.reads, trait.where, frozenset())

    def check_zone(self) -> None:
        """The customer's time zone is text, and known before their calendar is, and before their
        contacts are counted."""
        zone = self.traits.get(values.ZONE)
        if zone is None:
            return
        if zone.type != TEXT:
            found = f"{quote(zone.name)}, {zone.type}"
            self.scope.findings.add(zone.where, found, "text: it names the customer's time zone")
        behind = list(self._read([values.ZONE], set()))
        for trait in behind:
            if values.ZONE in trait.reads:
                found = f"{quote(trait.name)}, which counts by the calendar of the time zone"
                expected = f"no calendar in what {quote(zone.name)} is made of (see {zone.where})"
                self.scope.findings.add(trait.where, found, expected)
        read = {each for trait in behind for each in trait.reads}
        expected = "traits and collections: contacts are counted by the customer's time zone"
        self._check_profile(read, zone.where, "read by a time zone", expected)

    def check_paths(self) -> None:
        """A trait inside an object is named by its path, and what stands before the point of other
        names means something else."""
        scope = self.scope
        taken = {*scope.sources, *scope.row_columns.schema.collections, *OTHER_WORDS}
        for name, trait in self.traits.items():
            first, dot, _ = name.partition(".")
            if dot and (first in taken or first in self.traits):
                found = f"the name {quote(name)}, where {quote(first)} means something else"
                scope.findings.add(trait.where, found, "another name: a write may read this path")

    def check_group(self, expression: values.Expression, group: str, where: errors.Where) -> None:
        """A rule that is asked of a group's members as one customer."""
        self._check_members(expression.columns, where, frozenset({group}))

    def _check_members(
        self, columns: Iterable[str], where: errors.Where, groups: frozenset[str]
    ) -> None:
        """groups: whose traits may be read, being the same there."""
        read = {*columns}
        for trait in self._read(columns, set()):
            if trait.group is not None and trait.group not in groups:
                found = f"{quote(trait.name)}, which is of the group {quote(trait.group)}"
                expected = "a trait of the customer: of all members it is worked out here"
                self.scope.findings.add(where, found, f"{expected} (see {trait.where})")
            read.update(trait.reads)
        expected = "traits and collections: a contact limit `of` a group counts contacts"
        self._check_profile(read, where, "asked of a group", expected)

    def _check_profile(
        self, columns: Iterable[str], where: errors.Where, what: str, expected: str
    ) -> None:
        """Nothing is read that is not the profile's."""
        row = self.scope.row_columns
        own = {*self.traits, *row.schema.collections, *row.broken, NOW}
        for column in sorted(columns):
            if column not in own and self._trait(column) is None:
                self.scope.findings.add(where, f"{quote(column)}, {what}", expected)

    def check(self, expression: values.Expression, purpose: str, where: errors.Where) -> None:
        for trait in self._read(expression.columns, set()):
            if not trait.uses or trait.uses & {purpose, PROFILING}:
                continue
            allowed = ", ".join(sorted(trait.uses))
            found = f"{quote(trait.name)}, which is for {allowed}, in a rule for {purpose}"
            self.scope.findings.add(where, found, f"traits for {purpose} (see {trait.where})")

    def behind(self, expressions: Iterable[values.Expression]) -> Iterator[company.Trait]:
        """Traits that expressions name, and those that these are computed from; each once. The time
        zone by whose calendar they count is not among them: they never lack it."""
        named = frozenset().union(*map(named_columns, expressions))
        return self._read(named, set(), _named)

    def _trait(self, column: str) -> company.Trait | None:
        """Of a column ``trait`` or ``source.trait``."""
        source, _, name = column.partition(".")
        of_source = self.traits.get(name) if source in self.scope.sources else None
        return self.traits.get(column) or of_source

    def _read(
        self,
        columns: Iterable[str],
        seen: set[str],
        made_of: Callable[[company.Trait], Iterable[str]] = attrgetter("reads"),
    ) -> Iterator[company.Trait]:
        """Traits behind columns, and those that they are computed from."""
        for column in sorted(columns):
            trait = self._trait(column)
            if trait is None or trait.name in seen:
                continue
            seen.add(trait.name)
            yield trait
            yield from self._read(made_of(trait), seen, made_of)


def _named(trait: company.Trait) -> Iterable[str]:
    return trait.first_known or (named_columns(trait.derived) if trait.derived else ())
