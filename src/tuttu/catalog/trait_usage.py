"""Where a trait may be read: `use` names purposes, and what derives from it follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tuttu.catalog.findings import quote
from tuttu.catalog.scope import PROFILING, LoadScope
from tuttu.vocabulary.company import Trait
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.values import Expression


class TraitUsage:
    """Checks that no rule for a purpose reads a trait that is not for it.

    A trait for `profiling` may be read for every purpose: it is NULL where profiling is refused.
    """

    def __init__(self, traits: Mapping[str, Trait], scope: LoadScope) -> None:
        self.traits = traits
        self.scope = scope

    def check(self, expression: Expression, purpose: str, where: Where) -> None:
        for trait in self._read(expression.columns, set()):
            if not trait.uses or trait.uses & {purpose, PROFILING}:
                continue
            allowed = ", ".join(sorted(trait.uses))
            found = f"{quote(trait.name)}, which is for {allowed}, in a rule for {purpose}"
            self.scope.findings.add(where, found, f"traits for {purpose} (see {trait.where})")

    def _read(self, columns: Iterable[str], seen: set[str]) -> Iterator[Trait]:
        """Traits behind columns, and those that they are computed from."""
        for column in sorted(columns):
            source, _, name = column.rpartition(".")
            trait = self.traits.get(name) if source in {"", *self.scope.sources} else None
            if trait is None or trait.name in seen:
                continue
            seen.add(trait.name)
            yield trait
            yield from self._read(trait.first_known, seen)
            if trait.derived:
                yield from self._read(trait.derived.columns, seen)
