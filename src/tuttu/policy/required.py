"""Which of many conditions may be TRUE of a row, found by the values that they require.

A condition *requires* a value of a column, or of a field of an item, where it cannot be TRUE with
any other: ``event = 'Order Completed' AND any(products, sku IN ('a', 'b'))`` requires one of one
event, and one of two of `products.sku`. What is required is necessary, not sufficient: those that
are found are then asked. So the answer is that of asking all, and costs as many questions as may
be answered yes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from tuttu.policy import tree as t
from tuttu.policy.expression import CompiledExpression
from tuttu.vocabulary.values import Expression, Row, Scalar

T = TypeVar("T")

Subject: TypeAlias = tuple[str] | tuple[str, str]
"""A column; or a collection and a field, of which *some* item must have a required value."""
Required: TypeAlias = Mapping[Subject, frozenset[Scalar]]
_NONE: frozenset[int] = frozenset()


class ConditionLookup(Generic[T]):
    """Many conditions, and what goes with each. Immutable."""

    def __init__(self, conditions: Iterable[tuple[Expression | None, T]], first: str) -> None:
        """No condition (None) is always TRUE. first: the column by which rows are told apart before
        any other is read."""
        branches: dict[Scalar, list[tuple[int, Required]]] = {}
        rest: list[tuple[int, Required]] = []
        listed = []
        for place, (test, one) in enumerate(conditions):
            listed.append(one)
            needed = required_by(test)
            others = {subject: found for subject, found in needed.items() if subject != (first,)}
            if (first,) not in needed:
                rest.append((place, others))
            for value in needed.get((first,), ()):
                branches.setdefault(value, []).append((place, others))
        self._listed = tuple(listed)
        self._first = first
        self._branches = {value: _branch(found) for value, found in branches.items()}
        self._rest = _branch(rest)

    def candidates(self, row: Row) -> list[T]:
        """What goes with the conditions that may be TRUE of the row, in order; all others are
        not."""
        places: set[int] = set()
        first = row.get(self._first)
        for branch in (self._rest, self._branches.get(first)):  # type: ignore[arg-type]
            if branch is None:
                continue
            places |= branch.always
            for subject, table in branch.tables:
                for value in _values_of(row, subject):
                    places |= table.get(value, _NONE)
        return list(map(self._listed.__getitem__, sorted(places)))


class _Branch(NamedTuple):
    """Conditions that are alike in the first column, by their places. always: they require no
    more. tables: of each subject, its values; a condition is under the one of its subjects that
    tells most of them apart."""

    always: frozenset[int]
    tables: tuple[tuple[Subject, Mapping[Scalar, frozenset[int]]], ...]


def _branch(conditions: Sequence[tuple[int, Required]]) -> _Branch:
    known: dict[Subject, set[Scalar]] = {}
    for _, needed in conditions:
        for subject, found in needed.items():
            known.setdefault(subject, set()).update(found)
    tables: dict[Subject, dict[Scalar, set[int]]] = {}
    for place, needed in conditions:
        if needed:
            chosen = max(needed, key=lambda subject: (len(known[subject]), subject))
            table = tables.setdefault(chosen, {})
            for value in needed[chosen]:
                table.setdefault(value, set()).add(place)
    return _Branch(
        frozenset(place for place, needed in conditions if not needed),
        tuple(
            (subject, {value: frozenset(places) for value, places in table.items()})
            for subject, table in tables.items()
        ),
    )


def _values_of(row: Row, subject: Subject) -> Iterable[Scalar]:
    value = row.get(subject[0])
    if len(subject) == 1:
        return (value,)  # type: ignore[return-value]
    return {item.get(subject[1]) for item in value or ()}  # type: ignore[union-attr]


def required_by(test: Expression | None) -> Required:
    """By subject, the only values with which the condition can be TRUE. A subject that is not there
    may have any."""
    return _required(test.tree) if isinstance(test, CompiledExpression) else {}


def _required(node: t.Node) -> Required:
    match node:
        case t.Compare("=", t.Column() | t.Field() as read, t.Literal(value)):
            return {_subject(read): frozenset({value})}
        case t.In(t.Column() | t.Field() as read, options):
            known = frozenset(each.value for each in options if isinstance(each, t.Literal))
            if all(isinstance(each, t.Literal) for each in options):
                return {_subject(read): known}
        case t.And(operands):
            return _all_of([_required(each) for each in operands])
        case t.Or(operands):
            return _one_of([_required(each) for each in operands])
        case t.Is(operand, True) | t.Quantifier("any", _, operand):
            return _required(operand)
    return {}


def _subject(read: t.Column | t.Field) -> Subject:
    return (read.name,) if isinstance(read, t.Column) else (read.collection, read.name)


def _all_of(parts: Sequence[Required]) -> Required:
    """A column has one value, so that what one part excludes no other lets in. Items may be
    several, each the one that another part asks for: there the part that asks most is enough."""
    joined: dict[Subject, frozenset[Scalar]] = {}
    for part in parts:
        for subject, found in part.items():
            before = joined.get(subject, found)
            joined[subject] = found & before if len(subject) == 1 else min(found, before, key=len)
    return joined


def _one_of(parts: Sequence[Required]) -> Required:
    shared = set(parts[0]).intersection(*parts[1:])
    return {
        subject: frozenset().union(*(part[subject] for part in parts)) for subject in sorted(shared)
    }
