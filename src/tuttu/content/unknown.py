"""What a template prints though it may not be known: found by following its branches.

A name is known inside an `if` that is passed only where it is; what is assigned is known if what it
is assigned from is. In doubt a name counts as known: a warning is true.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from liquid import BoundTemplate, RenderContext
from liquid.ast import BlockNode, Node
from liquid.builtin.expressions import FilteredExpression, Path, logical
from liquid.builtin.expressions.primitive import Blank, Empty, Nil
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.case_tag import CaseNode
from liquid.builtin.tags.for_tag import ForNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.tablerow_tag import TablerowNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.expression import Expression

NOTHING: frozenset[str] = frozenset()
_ORDERED = (
    logical.LtExpression,
    logical.LeExpression,
    logical.GtExpression,
    logical.GeExpression,
)
DEFAULT = "default"
_OF_FIELDS = {"map", "sort", "sort_natural", "sum"}
"""Filters that read a field of each item, and fail where one is not known."""


_OF_LISTS = {"where", "reject", "sort", "sort_natural", "reverse", "slice", "uniq", "compact"}
"""Filters that choose items of a list, or put them in order."""


class Printed(msgspec.Struct, frozen=True, order=True):
    """A name that may be unknown where it is needed. index: where in the template."""

    index: int
    name: str


class Unknown(msgspec.Struct, frozen=True):
    """What may be unknown. names: columns and fields of the item, as templates write them.
    collections: name to the fields of its items that may be."""

    names: frozenset[str]
    collections: Mapping[str, frozenset[str]]


class _Scope(msgspec.Struct, frozen=True):
    """What holds at a place. unknown: names that may be. lists: variables and collections that are
    lists of items, to the fields of these that may be unknown."""

    unknown: frozenset[str]
    lists: Mapping[str, frozenset[str]]

    def given(self, known: Iterable[str]) -> "_Scope":
        return _Scope(self.unknown.difference(known), self.lists)

    def assigned(self, name: str, unknown: bool, items: frozenset[str] = NOTHING) -> "_Scope":
        """With a variable. items: the fields that may be unknown, if it is a list of items."""
        rest = self.without(name).unknown
        return _Scope(rest | {name} if unknown else rest, {**self.lists, name: items})

    def looped(self, name: str, fields: frozenset[str]) -> "_Scope":
        """With a variable that is an item."""
        inner = self.assigned(name, False)
        return _Scope(inner.unknown.union(f"{name}.{field}" for field in fields), inner.lists)

    def without(self, name: str) -> "_Scope":
        rest = frozenset(each for each in self.unknown if each.partition(".")[0] != name)
        return _Scope(rest, self.lists)

    def either(self, other: "_Scope") -> "_Scope":
        """After one of two branches."""
        return _Scope(self.unknown | other.unknown, self.lists)


def printed_unknown(template: BoundTemplate, unknown: Unknown) -> list[Printed]:
    """Every place where a template needs a value that may not be known, in order, each name once
    a place."""
    walk = _Walk(template)
    walk.nodes(template.nodes, _Scope(unknown.names, unknown.collections))
    return sorted(set(walk.found))


class _Walk:
    """Through the nodes of a template, in the order in which they are rendered."""

    def __init__(self, template: BoundTemplate) -> None:
        self.found: list[Printed] = []
        self._static = RenderContext(template)

    def nodes(self, nodes: Iterable[Node], scope: _Scope) -> _Scope:
        for node in nodes:
            scope = self._node(node, scope)
        return scope

    def _node(self, node: Node, scope: _Scope) -> _Scope:  # noqa: PLR0911
        """What holds behind the node: one way out for each kind of it."""
        match node:
            case IfNode():
                return self._branches(node, scope, node.condition, negated=False)
            case UnlessNode():
                return self._branches(node, scope, node.condition, negated=True)
            case ForNode() | TablerowNode():
                return self._loop(node, scope)
            case AssignNode():
                unknown = self._value(node.expression, scope)
                return scope.assigned(str(node.name), unknown, _items(node.expression, scope))
            case CaptureNode():
                return self._node(node.block, scope).assigned(str(node.name), False)
            case OutputNode():
                if self._value(node.expression, scope):
                    self._need(node.expression, scope)
                return scope
            case BlockNode():
                return self.nodes(node.nodes, scope)
            case CaseNode():
                inner = scope.given(_named(node.expression))
                ways = [
                    self._node(each, scope if isinstance(each, BlockNode) else inner)
                    for each in node.blocks
                ]
                return _after(ways, scope)
            case _:
                ways = [self._node(child, scope) for child in node.children(self._static)]
                return _after(ways, scope)

    def _branches(
        self, node: IfNode | UnlessNode, scope: _Scope, condition: Expression, *, negated: bool
    ) -> _Scope:
        passed, failed = _known_if(condition)
        if negated:
            passed, failed = failed, passed
        ends = [self._node(node.consequence, scope.given(passed))]
        left = scope.given(failed)
        for other in node.alternatives:
            passed, failed = _known_if(other.expression)
            ends.append(self._node(other.block, left.given(passed)))
            left = left.given(failed)
        ends.append(self._node(node.default, left) if node.default else left)
        return _after(ends, scope)

    def _loop(self, node: ForNode | TablerowNode, scope: _Scope) -> _Scope:
        loop = node.expression
        if self._value(loop.iterable, scope):
            self._need(loop.iterable, scope)
        inner = scope.looped(loop.identifier, scope.lists.get(str(loop.iterable), NOTHING))
        end = self._node(node.block, inner).without(loop.identifier)
        default = getattr(node, "default", None)
        return _Scope(end.unknown, scope.lists).either(
            self._node(default, scope) if default else scope
        )

    def _value(self, expression: Expression, scope: _Scope) -> bool:
        """Whether it may be unknown; what is needed on the way to it is found."""
        if not isinstance(expression, FilteredExpression):
            return isinstance(expression, Path) and str(expression) in scope.unknown
        unknown = self._value(expression.left, scope)
        for each in expression.filters or ():
            for argument in each.args:
                if self._value(argument.value, scope):
                    self._need(argument.value, scope)
            if unknown and each.name != DEFAULT:
                self._need(expression.left, scope)
            elif each.name in _OF_FIELDS and each.args:
                self._need_of_items(expression.left, each.args[0].value, scope)
            unknown = False
        return unknown

    def _need(self, expression: Expression, scope: _Scope) -> None:
        """It stands where only what is known may."""
        if isinstance(expression, FilteredExpression):
            expression = expression.left
        if isinstance(expression, Path) and str(expression) in scope.unknown:
            self.found.append(Printed(expression.token.start_index, str(expression)))

    def _need_of_items(self, collection: Expression, field: Expression, scope: _Scope) -> None:
        name = str(getattr(field, "value", ""))
        if name in scope.lists.get(str(collection), NOTHING):
            self.found.append(Printed(collection.token.start_index, f"{collection}.{name}"))


def _items(expression: Expression, scope: _Scope) -> frozenset[str]:
    """Of what is assigned, if it is a list of items: their fields that may be unknown."""
    if not isinstance(expression, FilteredExpression):
        return NOTHING
    same = all(each.name in _OF_LISTS for each in expression.filters or ())
    return scope.lists.get(str(expression.left), NOTHING) if same else NOTHING


def _after(ends: list[_Scope], before: _Scope) -> _Scope:
    """Behind branches, of which one was taken: what was unknown before stays so, what they assign
    is known if each of them makes it known."""
    if not ends:
        return before
    joined = ends[0]
    for each in ends[1:]:
        joined = joined.either(each)
    return _Scope(joined.unknown, before.lists)


def _known_if(  # noqa: PLR0911 - one way out for each kind of condition
    condition: Expression,
) -> tuple[frozenset[str], frozenset[str]]:
    """Names that are known where a condition is passed, and where it is not."""
    match condition:
        case logical.BooleanExpression():
            return _known_if(condition.expression)
        case Path():
            return _named(condition), NOTHING
        case logical.LogicalNotExpression():
            passed, failed = _known_if(condition.right)
            return failed, passed
        case logical.LogicalAndExpression():
            one, other = _known_if(condition.left), _known_if(condition.right)
            return one[0] | other[0], one[1] & other[1]
        case logical.LogicalOrExpression():
            one, other = _known_if(condition.left), _known_if(condition.right)
            return one[0] & other[0], one[1] | other[1]
        case logical.EqExpression():
            return _known_if_equal(condition.left, condition.right)
        case logical.NeExpression():
            passed, failed = _known_if_equal(condition.left, condition.right)
            return failed, passed
        case logical.ContainsExpression():
            return _named(condition.left), NOTHING
        case _ if isinstance(condition, _ORDERED):
            left, right = condition.children()
            return _named(left) | _named(right), NOTHING
    return NOTHING, NOTHING


def _known_if_equal(one: Expression, other: Expression) -> tuple[frozenset[str], frozenset[str]]:
    if isinstance(one, Nil | Blank | Empty):
        one, other = other, one
    if isinstance(other, Nil | Blank):
        return NOTHING, _named(one)
    if isinstance(other, Empty | Path):
        return NOTHING, NOTHING  # what is not known is neither of them: that says nothing
    return _named(one), NOTHING


def _named(expression: Expression) -> frozenset[str]:
    """A path, and what it leads through."""
    if not isinstance(expression, Path):
        return NOTHING
    return frozenset(_through(str(expression)))


def _through(path: str) -> Iterator[str]:
    parts = path.split(".")
    for end in range(1, len(parts) + 1):
        yield ".".join(parts[:end])
