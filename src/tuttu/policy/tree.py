"""The typed tree: what a condition means, before anybody executes it.

Every node is frozen, comparable and hashable, and knows the type of its value. No node converts
silently: where an integer is read as real, money as real or a timestamp as a date, a `Convert`
is in the tree. No value raises: what would raise, overflow or give NaN or infinity is NULL.
"""

from typing import Literal as Choice
from typing import TypeAlias, cast

import msgspec

from tuttu.vocabulary.values import Duration, Kind, Scalar, Type

BOOL, INTEGER, MONEY, REAL = Type(Kind.BOOL), Type(Kind.INTEGER), Type(Kind.MONEY), Type(Kind.REAL)
TEXT, DATE, TIMESTAMP = Type(Kind.TEXT), Type(Kind.DATE), Type(Kind.TIMESTAMP)

NOW = "now"
"""The column that every row has."""

Comparison: TypeAlias = Choice["=", "<>", "<", "<=", ">", ">="]
Operator: TypeAlias = Choice["+", "-", "*", "/", "%"]
Summary: TypeAlias = Choice["count", "sum", "max", "min"]


class _Typed(msgspec.Struct, frozen=True):
    """Base of all nodes, so that a walk can distinguish child nodes from other fields."""


class Literal(_Typed, frozen=True):
    """A constant, in the run-time form of its type (a date is a count of days). None: NULL."""

    value: Scalar
    type: Type


class Column(_Typed, frozen=True):
    """A column of the row: a trait, ``source.trait``, or one of the ledger's."""

    name: str
    type: Type


class Field(_Typed, frozen=True):
    """A field of the item that the nearest `Quantifier` over `collection` looks at."""

    collection: str
    name: str
    type: Type


class Now(_Typed, frozen=True):
    """The row's column ``now``."""

    type: Type = TIMESTAMP


class Convert(_Typed, frozen=True):
    """The same value in another type.

    integer → real; integer → money (currency units); money → real (currency units);
    timestamp → date (the calendar date at that instant in `zone`; own: the customer's, which
    counts in its place where it names one).
    """

    operand: "Node"
    type: Type
    zone: str = "UTC"
    own: "Node | None" = None


class Hour(_Typed, frozen=True):
    """The hour of a timestamp, 0 to 23. zone, own: as of `Convert`."""

    operand: "Node"
    zone: str
    own: "Node | None" = None
    type: Type = INTEGER


class Not(_Typed, frozen=True):
    """NULL stays NULL."""

    operand: "Node"
    type: Type = BOOL


class And(_Typed, frozen=True):
    """FALSE if any is FALSE, else NULL if any is NULL, else TRUE."""

    operands: "tuple[Node, ...]"
    type: Type = BOOL


class Or(_Typed, frozen=True):
    """TRUE if any is TRUE, else NULL if any is NULL, else FALSE."""

    operands: "tuple[Node, ...]"
    type: Type = BOOL


class Compare(_Typed, frozen=True):
    """Two values of one type; text by code points. NULL if either is."""

    operator: Comparison
    left: "Node"
    right: "Node"
    type: Type = BOOL


class Between(_Typed, frozen=True):
    """low <= operand AND operand <= high."""

    operand: "Node"
    low: "Node"
    high: "Node"
    type: Type = BOOL


class In(_Typed, frozen=True):
    """operand = option for any option, as a chain of OR."""

    operand: "Node"
    options: "tuple[Node, ...]"
    type: Type = BOOL


class Has(_Typed, frozen=True):
    """operand = element for any element of a list column; NULL if the list or the operand is,
    or if none is equal and an element is NULL."""

    column: Column
    operand: "Node"
    type: Type = BOOL


class Like(_Typed, frozen=True):
    """``%`` stands for any text, ``_`` for one code point; case counts."""

    operand: "Node"
    pattern: str
    type: Type = BOOL


class IsNull(_Typed, frozen=True):
    """Never NULL itself."""

    operand: "Node"
    type: Type = BOOL


class Is(_Typed, frozen=True):
    """operand IS TRUE, or IS FALSE; never NULL itself."""

    operand: "Node"
    truth: bool
    type: Type = BOOL


class Case(_Typed, frozen=True):
    """The value of the first branch whose condition is TRUE, else the default."""

    branches: "tuple[tuple[Node, Node], ...]"
    default: "Node"
    type: Type


class Switch(_Typed, frozen=True):
    """The value of the first branch that the operand equals, else the default."""

    operand: "Node"
    branches: "tuple[tuple[Node, Node], ...]"
    default: "Node"
    type: Type


class Arithmetic(_Typed, frozen=True):
    """NULL if either side is, on overflow, and on division by zero.

    Either both sides have the result's type, or money is multiplied by an integer, or days are
    counted: date ± integer is a date, date - date an integer.
    """

    operator: Operator
    left: "Node"
    right: "Node"
    type: Type


class Shift(_Typed, frozen=True):
    """A timestamp moved by a fixed duration; NULL outside the years 1 to 9999."""

    operand: "Node"
    by: Duration
    type: Type = TIMESTAMP


class Negate(_Typed, frozen=True):
    """NULL for -(-2⁶³)."""

    operand: "Node"
    type: Type


class FunctionCall(_Typed, frozen=True):
    """A function of the table `tuttu.policy.functions.FUNCTIONS`, by its key there."""

    function: str
    arguments: "tuple[Node, ...]"
    type: Type


class Choose(_Typed, frozen=True):
    """One of several values of one type: the first, least or greatest that is not NULL, or for
    ``nullif`` the first unless it equals the second."""

    function: Choice["coalesce", "nullif", "least", "greatest"]
    arguments: "tuple[Node, ...]"
    type: Type


class Join(_Typed, frozen=True):
    """Texts one after another: NULL if any is (``||``), or leaving NULLs out (``concat``)."""

    operands: "tuple[Node, ...]"
    skip_null: bool
    type: Type = TEXT


class Quantifier(_Typed, frozen=True):
    """The condition joined by OR (any) or AND (all) over the items; a NULL collection is empty."""

    word: Choice["any", "all"]
    collection: str
    condition: "Node"
    type: Type = BOOL


class Aggregate(_Typed, frozen=True):
    """Over the items' field, NULLs left out; count without field counts items. Nothing there:
    0 for count, else NULL."""

    function: Summary
    collection: str
    field: str | None
    type: Type


class Recent(_Typed, frozen=True):
    """The instant in a ledger's column is known, and at most `within` ago; never NULL."""

    column: str
    within: Duration
    type: Type = BOOL


Node: TypeAlias = (
    Literal
    | Column
    | Field
    | Now
    | Convert
    | Hour
    | Not
    | And
    | Or
    | Compare
    | Between
    | In
    | Has
    | Like
    | IsNull
    | Is
    | Case
    | Switch
    | Arithmetic
    | Shift
    | Negate
    | FunctionCall
    | Choose
    | Join
    | Quantifier
    | Aggregate
    | Recent
)


def children(node: Node) -> list[Node]:
    """The nodes directly below, from left to right."""
    below: list[Node] = []
    for name in node.__struct_fields__:
        value = getattr(node, name)
        if isinstance(value, _Typed | tuple):
            _collect(value, below)
    return below


def _collect(value: object, below: list[Node]) -> None:
    """Nodes, also inside the pairs of CASE."""
    if isinstance(value, tuple):
        for entry in value:
            _collect(entry, below)
    elif isinstance(value, _Typed):
        below.append(cast("Node", value))


def walk(node: Node) -> list[Node]:
    """The node and all below it, each before what is below it."""
    found, waiting = [], [node]
    while waiting:
        found.append(waiting.pop())
        waiting.extend(reversed(children(found[-1])))
    return found


def named_in(node: Node) -> frozenset[str]:
    """The columns that a node and all below it read, `NOW` among them, but for the time zone by
    whose calendar they count: that one is never missing."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        one = waiting.pop()
        found.update(columns_of(one))
        zone = one.own if isinstance(one, Convert | Hour) else None
        waiting += (each for each in children(one) if each is not zone)
    return frozenset(found)


def columns_of(node: Node) -> tuple[str, ...]:
    """The row's columns that a node reads by itself, `NOW` among them."""
    match node:
        case Column():
            return (node.name,)
        case Recent():
            return (node.column, NOW)
        case Quantifier() | Aggregate():
            return (node.collection,)
        case Now():
            return (NOW,)
    return ()
