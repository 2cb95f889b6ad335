"""The typed tree as DuckDB SQL over a relation whose columns are the row's.

The text is self-contained: it needs no macro, no setting, no extension and no time zone of
DuckDB's, and it never raises. A value that is needed twice is not written twice, which would double
the text at every level; it becomes the parameter of a lambda over a list of one (`_let`).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tuttu.policy import tree as t
from tuttu.policy.functions import FUNCTIONS
from tuttu.policy.relation import DUCKDB_TYPES, OFFSETS, quoted, quoted_name
from tuttu.vocabulary import zones
from tuttu.vocabulary.conversion import format_instant, shown_day
from tuttu.vocabulary.values import MONEY_SCALE, Kind

_NOW = quoted_name("now")
_EPOCH = "DATE '1970-01-01'"
_ATOM = re.compile(r'"(?:[^"]|"")*"|\w+')


def tree_to_sql(tree: t.Node, columns: Iterable[str]) -> str:
    """A scalar expression of the type that `DUCKDB_TYPES` gives the tree's kind.

    columns: those that the tree reads; no lambda parameter may hide one of them.
    """
    prefix = "tuttu_"
    while any(name.casefold().startswith(prefix) for name in columns):
        prefix += "_"
    return _Writer(prefix).write(tree)


class _Writer:
    """The text of one expression; each lambda parameter has a name of its own.

    item: the parameter for an item of a collection. change: for a change of a zone's offset.
    """

    def __init__(self, prefix: str) -> None:
        self.item, self.change = f"{prefix}item", f"{prefix}change"
        self._prefix = prefix
        self._parameters = 0

    def write(self, node: t.Node) -> str:
        return _WRITERS[type(node)](self, node)

    def let(self, value: str, body: Callable[[str], str]) -> str:
        """The body over a value that is written once."""
        if _ATOM.fullmatch(value):
            return f"({body(value)})"
        self._parameters += 1
        name = f"{self._prefix}{self._parameters}"
        return f"list_transform([{value}], lambda {name}: {body(name)})[1]"


def _literal(_writer: _Writer, node: t.Literal) -> str:
    value, kind = node.value, node.type.kind
    if value is None:
        return f"CAST(NULL AS {DUCKDB_TYPES[kind]})"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        return quoted(value)
    if kind is Kind.DATE:
        return f"DATE '{shown_day(int(value))}'"
    if kind is Kind.TIMESTAMP:
        return f"TIMESTAMP '{_moment(int(value))}'"
    return f"CAST('{value!r}' AS {DUCKDB_TYPES[kind]})"


def _moment(instant: int) -> str:
    return format_instant(instant).removesuffix("Z").replace("T", " ")


def _column(_writer: _Writer, node: t.Column) -> str:
    return quoted_name(node.name)


def _field(writer: _Writer, node: t.Field) -> str:
    return f"struct_extract({writer.item}, {quoted(node.name)})"


def _now(_writer: _Writer, _node: t.Now) -> str:
    return _NOW


def _convert(writer: _Writer, node: t.Convert) -> str:
    operand = writer.write(node.operand)
    match node.operand.type.kind, node.type.kind:
        case Kind.INTEGER, Kind.REAL:
            return f"CAST({operand} AS DOUBLE)"
        case Kind.MONEY, Kind.REAL:
            return f"(CAST({operand} AS DOUBLE) / CAST('{float(MONEY_SCALE)}' AS DOUBLE))"
        case Kind.INTEGER, Kind.MONEY:
            return f"TRY_CAST(CAST({operand} AS HUGEINT) * {MONEY_SCALE} AS BIGINT)"
    return writer.let(operand, lambda instant: _day(writer, instant, node))


def _day(writer: _Writer, instant: str, node: t.Convert) -> str:
    """The calendar date of a timestamp in a zone, kept within the years 1 to 9999."""
    zone = zones.zone_of(node.zone)
    if node.own is None and zone.offsets == (0,):
        return f"CAST({instant} AS DATE)"
    there = f"{instant} + to_microseconds({_offset(writer, instant, node)})"
    first, last = _moment(zones.FIRST_INSTANT), _moment(zones.LAST_INSTANT)
    return writer.let(
        there,
        lambda local: (
            f"CASE WHEN {local} < TIMESTAMP '{first}' THEN DATE '{shown_day(zones.FIRST_DATE)}' "
            f"WHEN {local} > TIMESTAMP '{last}' THEN DATE '{shown_day(zones.LAST_DATE)}' "
            f"ELSE CAST({local} AS DATE) END"
        ),
    )


def _hour(writer: _Writer, node: t.Hour) -> str:
    return writer.let(
        writer.write(node.operand),
        lambda instant: f"hour({instant} + to_microseconds({_offset(writer, instant, node)}))",
    )


def _offset(writer: _Writer, instant: str, node: t.Convert | t.Hour) -> str:
    """What the zone adds to UTC, in microseconds: the offset after as many changes as there were
    up to the instant. A list costs DuckDB a tenth of what a tree of comparisons does. The
    customer's zone is a column of two lists, so that no statement grows with the zones there are.
    """
    zone, name = zones.zone_of(node.zone), writer.change
    changes, offsets = str(list(zone.changes)), str(list(zone.offsets))
    if node.own is not None:
        changes, offsets = (f"{quoted_name(OFFSETS)}.{each}" for each in ("changes", "offsets"))
    elif not zone.changes:
        return str(zone.offsets[0])
    passed = f"len(list_filter({changes}, lambda {name}: {name} <= epoch_us({instant})))"
    return f"{offsets}[{passed} + 1]"


def _not(writer: _Writer, node: t.Not) -> str:
    return f"(NOT {writer.write(node.operand)})"


def _and(writer: _Writer, node: t.And) -> str:
    return f"({' AND '.join(map(writer.write, node.operands))})"


def _or(writer: _Writer, node: t.Or) -> str:
    return f"({' OR '.join(map(writer.write, node.operands))})"


def _compare(writer: _Writer, node: t.Compare) -> str:
    return f"({writer.write(node.left)} {node.operator} {writer.write(node.right)})"


def _between(writer: _Writer, node: t.Between) -> str:
    operand, low, high = map(writer.write, (node.operand, node.low, node.high))
    return f"({operand} BETWEEN {low} AND {high})"


def _in(writer: _Writer, node: t.In) -> str:
    return f"({writer.write(node.operand)} IN ({', '.join(map(writer.write, node.options))}))"


def _has(writer: _Writer, node: t.Has) -> str:
    """DuckDB's own list_contains takes no notice of NULL among the elements."""
    column = writer.write(node.column)
    unknown = f"CASE WHEN len({column}) <> list_count({column}) THEN NULL ELSE FALSE END"
    return f"(list_contains({column}, {writer.write(node.operand)}) OR {unknown})"


def _like(writer: _Writer, node: t.Like) -> str:
    return f"({writer.write(node.operand)} LIKE {quoted(node.pattern)})"


def _is_null(writer: _Writer, node: t.IsNull) -> str:
    return f"({writer.write(node.operand)} IS NULL)"


def _is(writer: _Writer, node: t.Is) -> str:
    return f"({writer.write(node.operand)} IS {str(node.truth).upper()})"


def _case(writer: _Writer, node: t.Case) -> str:
    branches = " ".join(
        f"WHEN {writer.write(test)} THEN {writer.write(value)}" for test, value in node.branches
    )
    return f"(CASE {branches} ELSE {writer.write(node.default)} END)"


def _switch(writer: _Writer, node: t.Switch) -> str:
    branches = [(writer.write(option), writer.write(value)) for option, value in node.branches]
    default = writer.write(node.default)

    def body(operand: str) -> str:
        tests = " ".join(f"WHEN {operand} = {option} THEN {value}" for option, value in branches)
        return f"CASE {tests} ELSE {default} END"

    return writer.let(writer.write(node.operand), body)


def _arithmetic(writer: _Writer, node: t.Arithmetic) -> str:
    left, right = writer.write(node.left), writer.write(node.right)
    if node.type.kind is Kind.REAL:
        return _real(writer, node.operator, left, right)
    if node.type.kind is Kind.DATE:
        return _date_sum(writer, node, left, right)
    if node.left.type.kind is Kind.DATE:
        return f"({left} - {right})"
    if node.operator == "%":
        right = _not_zero(writer, right)
    return f"TRY_CAST(CAST({left} AS HUGEINT) {node.operator} CAST({right} AS HUGEINT) AS BIGINT)"


def _not_zero(writer: _Writer, value: str) -> str:
    return writer.let(value, lambda name: f"CASE WHEN {name} <> 0 THEN {name} END")


def _real(writer: _Writer, operator: str, left: str, right: str) -> str:
    if operator == "/":
        right = _not_zero(writer, right)
    result = f"{left} {operator} {right}"
    return writer.let(result, lambda name: f"CASE WHEN isfinite({name}) THEN {name} END")


def _date_sum(writer: _Writer, node: t.Arithmetic, left: str, right: str) -> str:
    if node.left.type.kind is Kind.DATE:
        left = f"({left} - {_EPOCH})"
    else:
        right = f"({right} - {_EPOCH})"
    days = f"CAST({left} AS HUGEINT) {node.operator} CAST({right} AS HUGEINT)"
    return writer.let(
        days,
        lambda name: (
            f"CASE WHEN {name} BETWEEN {zones.FIRST_DATE} AND {zones.LAST_DATE} "
            f"THEN {_EPOCH} + CAST({name} AS INTEGER) END"
        ),
    )


def _shift(writer: _Writer, node: t.Shift) -> str:
    first, last = _moment(zones.FIRST_INSTANT), _moment(zones.LAST_INSTANT)
    moved = f"{writer.write(node.operand)} + to_microseconds({node.by})"
    return writer.let(
        moved,
        lambda name: (
            f"CASE WHEN {name} BETWEEN TIMESTAMP '{first}' AND TIMESTAMP '{last}' THEN {name} END"
        ),
    )


def _negate(writer: _Writer, node: t.Negate) -> str:
    operand = writer.write(node.operand)
    if node.type.kind is Kind.REAL:
        return f"(- {operand})"
    return f"TRY_CAST(- CAST({operand} AS HUGEINT) AS BIGINT)"


def _call(writer: _Writer, node: t.FunctionCall) -> str:
    return FUNCTIONS[node.function].sql.format(*map(writer.write, node.arguments))


def _choose(writer: _Writer, node: t.Choose) -> str:
    arguments = [writer.write(argument) for argument in node.arguments]
    if node.function != "nullif":
        return f"{node.function}({', '.join(arguments)})"
    first, second = arguments
    return writer.let(first, lambda name: f"CASE WHEN {name} = {second} THEN NULL ELSE {name} END")


def _join(writer: _Writer, node: t.Join) -> str:
    operands = list(map(writer.write, node.operands))
    if node.skip_null:
        return f"concat({', '.join(operands)})"
    return _halved(operands)


def _halved(operands: list[str]) -> str:
    """A chain of || as a tree of halves, since DuckDB bounds the depth of expressions."""
    if len(operands) == 1:
        return operands[0]
    middle = len(operands) // 2
    return f"({_halved(operands[:middle])} || {_halved(operands[middle:])})"


_VERDICTS = {"any": ("max", 0), "all": ("min", 2)}


def _quantifier(writer: _Writer, node: t.Quantifier) -> str:
    """Verdicts as 0, 1 (NULL) and 2: the greatest of them is OR, the least is AND."""
    aggregate, nothing = _VERDICTS[node.word]
    verdict = f"COALESCE(CAST({writer.write(node.condition)} AS INTEGER) * 2, 1)"
    verdicts = f"list_transform({quoted_name(node.collection)}, lambda {writer.item}: {verdict})"
    return f"[FALSE, NULL, TRUE][COALESCE(list_{aggregate}({verdicts}), {nothing}) + 1]"


def _aggregate(writer: _Writer, node: t.Aggregate) -> str:
    items = quoted_name(node.collection)
    if node.field is None:
        return f"COALESCE(len({items}), 0)"
    value = f"struct_extract({writer.item}, {quoted(node.field)})"
    values = f"list_transform({items}, lambda {writer.item}: {value})"
    match node.function:
        case "count":
            return f"COALESCE(list_count({values}), 0)"
        case "sum":
            return f"TRY_CAST(list_sum({values}) AS BIGINT)"
    return f"list_{node.function}({values})"


def _recent(_writer: _Writer, node: t.Recent) -> str:
    column = quoted_name(node.column)
    return f"COALESCE({column} >= {_NOW} - to_microseconds({node.within}), FALSE)"


_WRITERS: Mapping[type, Callable[[_Writer, Any], str]] = {
    t.Literal: _literal,
    t.Column: _column,
    t.Field: _field,
    t.Now: _now,
    t.Convert: _convert,
    t.Hour: _hour,
    t.Not: _not,
    t.And: _and,
    t.Or: _or,
    t.Compare: _compare,
    t.Between: _between,
    t.In: _in,
    t.Has: _has,
    t.Like: _like,
    t.IsNull: _is_null,
    t.Is: _is,
    t.Case: _case,
    t.Switch: _switch,
    t.Arithmetic: _arithmetic,
    t.Shift: _shift,
    t.Negate: _negate,
    t.FunctionCall: _call,
    t.Choose: _choose,
    t.Join: _join,
    t.Quantifier: _quantifier,
    t.Aggregate: _aggregate,
    t.Recent: _recent,
}
