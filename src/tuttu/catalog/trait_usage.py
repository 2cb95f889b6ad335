"""Where a trait may be read: `use` names purposes, and what derives from it follows."""

from collections.abc import Iterable, Iterator, Mapping

from tuttu.catalog.findings import quote
from tuttu.catalog.scope import PROFILING, LoadScope
from tuttu.vocabulary import company, errors, values


class TraitUsage:
    """Checks that no rule for a purpose reads a trait that is not for it.

    A trait for `profiling` may be read for every purpose: it is NULL where profiling is refused.
    """

    def __init__(self, traits: Mapping[str, company.Trait], scope: LoadScope) -> None:
        self.traits = traits
        self.scope = scope

    def check(self, expression: values.Expression, purpose: str, where: errors.Where) -> None:
        for trait in self._read(expression.columns, set()):
            if not trait.uses or trait.uses & {purpose, PROFILING}:
                continue
            allowed = ", ".join(sorted(trait.uses))
            found = f"{quote(trait.name)}, which is for {allowed}, in a rule for {purpose}"
            self.scope.findings.add(where, found, f"traits for {purpose} (see {trait.where})")

    def _read(self, columns: Iterable[str], seen: set[str]) -> Iterator[company.Trait]:
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
