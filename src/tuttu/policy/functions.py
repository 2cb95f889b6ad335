"""The table of plain functions: one line says what a function takes, yields, and does in both
executors.

Plain means: NULL if any argument is, without further rules. Functions that choose, count, or read
the ledger or the current date are in `tuttu.policy.function_calls`.
"""

from collections import defaultdict
from collections.abc import Mapping

import msgspec

from tuttu.policy.strings import WHITESPACE
from tuttu.vocabulary.values import Kind

WHOLE_MAX = 1_000_000
"""The largest position or length that substr, left and right take."""


class Parameter(msgspec.Struct, frozen=True):
    """What one argument must be.

    Either any value of the kind; or a whole number written out, from `low` to `WHOLE_MAX`; or
    (`quoted`) a text written out, with `filled` one that is not empty.
    """

    kind: Kind
    low: int | None = None
    quoted: bool = False
    filled: bool = False

    def __str__(self) -> str:
        if self.quoted:
            return "a quoted text" + (" that is not empty" if self.filled else "")
        if self.low is not None:
            return f"a whole number from {self.low} to {WHOLE_MAX}"
        return f"a value of type {self.kind}"


class Function(msgspec.Struct, frozen=True):
    """One function for one row of parameters.

    row: a Python expression over ``{0}``, ``{1}`` (never NULL there) and the names of
    `tuttu.policy.runtime`; nullable: it may yield None. sql: the same for DuckDB.
    """

    name: str
    parameters: tuple[Parameter, ...]
    result: Kind
    row: str
    sql: str
    nullable: bool = False

    @property
    def key(self) -> str:
        return f"{self.name}({', '.join(parameter.kind for parameter in self.parameters)})"


_TEXT, _REAL, _DATE = Parameter(Kind.TEXT), Parameter(Kind.REAL), Parameter(Kind.DATE)
_QUOTED, _FILLED = Parameter(Kind.TEXT, quoted=True), Parameter(Kind.TEXT, quoted=True, filled=True)
_LENGTH, _POSITION = Parameter(Kind.INTEGER, low=0), Parameter(Kind.INTEGER, low=1)
_BLANKS = f"'{WHITESPACE}'"


def _whole(kind: Kind) -> Function:
    return Function(
        "abs",
        (Parameter(kind),),
        kind,
        "bounded(abs({0}))",
        "TRY_CAST(abs(CAST({0} AS HUGEINT)) AS BIGINT)",
        nullable=True,
    )


_TABLE = (
    Function("lower", (_TEXT,), Kind.TEXT, "lower({0})", "lower({0})"),
    Function("upper", (_TEXT,), Kind.TEXT, "upper({0})", "upper({0})"),
    Function("trim", (_TEXT,), Kind.TEXT, "{0}.strip(WHITESPACE)", f"trim({{0}}, {_BLANKS})"),
    Function("ltrim", (_TEXT,), Kind.TEXT, "{0}.lstrip(WHITESPACE)", f"ltrim({{0}}, {_BLANKS})"),
    Function("rtrim", (_TEXT,), Kind.TEXT, "{0}.rstrip(WHITESPACE)", f"rtrim({{0}}, {_BLANKS})"),
    Function("length", (_TEXT,), Kind.INTEGER, "len({0})", "length({0})"),
    Function("left", (_TEXT, _LENGTH), Kind.TEXT, "{0}[:{1}]", "left({0}, {1})"),
    Function("right", (_TEXT, _LENGTH), Kind.TEXT, "right({0}, {1})", "right({0}, {1})"),
    Function("substr", (_TEXT, _POSITION), Kind.TEXT, "{0}[{1} - 1:]", "substr({0}, {1})"),
    Function(
        "substr",
        (_TEXT, _POSITION, _LENGTH),
        Kind.TEXT,
        "{0}[{1} - 1:{1} - 1 + {2}]",
        "substr({0}, {1}, {2})",
    ),
    Function(
        "replace",
        (_TEXT, _FILLED, _QUOTED),
        Kind.TEXT,
        "{0}.replace({1}, {2})",
        "replace({0}, {1}, {2})",
    ),
    Function(
        "starts_with", (_TEXT, _TEXT), Kind.BOOL, "{0}.startswith({1})", "starts_with({0}, {1})"
    ),
    Function("ends_with", (_TEXT, _TEXT), Kind.BOOL, "{0}.endswith({1})", "ends_with({0}, {1})"),
    Function("contains", (_TEXT, _TEXT), Kind.BOOL, "{1} in {0}", "contains({0}, {1})"),
    _whole(Kind.INTEGER),
    _whole(Kind.MONEY),
    Function("abs", (_REAL,), Kind.REAL, "abs({0})", "abs({0})"),
    Function("round", (_REAL,), Kind.REAL, "half_away({0})", "round({0})"),
    Function("floor", (_REAL,), Kind.REAL, "float(floor({0}))", "floor({0})"),
    Function("ceil", (_REAL,), Kind.REAL, "float(ceil({0}))", "ceil({0})"),
    Function("year", (_DATE,), Kind.INTEGER, "calendar_date({0}).year", "year({0})"),
    Function("month", (_DATE,), Kind.INTEGER, "calendar_date({0}).month", "month({0})"),
    Function("day", (_DATE,), Kind.INTEGER, "calendar_date({0}).day", "day({0})"),
    Function("isodow", (_DATE,), Kind.INTEGER, "({0} + 3) % 7 + 1", "isodow({0})"),
)

FUNCTIONS: Mapping[str, Function] = {function.key: function for function in _TABLE}
"""By key, ``lower(text)``."""


def _by_name() -> Mapping[str, tuple[Function, ...]]:
    found: dict[str, list[Function]] = defaultdict(list)
    for function in _TABLE:
        found[function.name].append(function)
    return {name: tuple(same) for name, same in found.items()}


BY_NAME = _by_name()
"""All functions of one name, in the order in which they are tried."""
