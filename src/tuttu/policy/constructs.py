"""Everything that the language has, as data: the parser accepts nothing else.

The parser notes in every expression which constructs it used, and knows no name outside this
registry. The law that the executors agree draws from it, so that a new construct which is not
drawn and tested fails the law.
"""

from collections.abc import Iterator, Mapping
from itertools import chain

import msgspec

from tuttu.policy.functions import FUNCTIONS, Parameter
from tuttu.policy.kinds import ARITHMETIC, COMPARISONS, NUMBERS, ORDERED, SUMMARIES, comparable
from tuttu.vocabulary.values import Kind

_ALL = tuple(Kind)
_BOOL, _INTEGER, _REAL, _MONEY = Kind.BOOL, Kind.INTEGER, Kind.REAL, Kind.MONEY
_TEXT, _DATE, _TIMESTAMP = Kind.TEXT, Kind.DATE, Kind.TIMESTAMP


class Construct(msgspec.Struct, frozen=True):
    """One thing that an author can write.

    syntax: with ``{0}``, ``{1}`` for the slots. A slot is a kind (any expression of it), or says
    in words what stands there: ``integer column``, ``text literal``, ``duration``… item: stands
    only inside any() and all().
    """

    name: str
    result: Kind
    syntax: str
    slots: tuple[str, ...] = ()
    item: bool = False


def _values() -> Iterator[Construct]:
    for kind in _ALL:
        yield Construct(f"{kind} column", kind, "{0}", (f"{kind} column",))
        yield Construct(f"{kind} field", kind, "{0}", (f"{kind} field",), item=True)
        if kind is not _MONEY:
            yield Construct(f"{kind} literal", kind, "{0}", (f"{kind} literal",))
    yield Construct("now()", _TIMESTAMP, "now()")
    yield Construct("today()", _DATE, "today()")
    yield Construct("money as integer literal", _BOOL, "{0} > {1}", ("money", "units"))
    yield Construct("money as real literal", _BOOL, "{0} < {1}", ("money", "cents"))
    yield Construct("real as integer literal", _BOOL, "{0} > {1}", ("real", "integer literal"))
    yield Construct("date as text literal", _BOOL, "{0} >= {1}", ("date", "day"))
    yield Construct("timestamp as text literal", _BOOL, "{0} < {1}", ("timestamp", "moment"))


def _conversions() -> Iterator[Construct]:
    yield Construct("integer as real", _BOOL, "{0} < {1}", ("integer column", "real"))
    yield Construct("integer as money", _BOOL, "{0} < {1}", ("integer column", "money"))
    yield Construct("money as real", _BOOL, "{0} < {1}", ("money", "real column"))
    yield Construct("timestamp as date", _BOOL, "{0} = {1}", ("timestamp", "date"))
    yield Construct("date(timestamp)", _DATE, "date({0})", ("timestamp",))
    yield Construct("hour(timestamp)", _INTEGER, "hour({0})", ("timestamp",))
    yield Construct("days_since(date)", _INTEGER, "days_since({0})", ("date",))
    yield Construct("days_since(timestamp)", _INTEGER, "days_since({0})", ("timestamp",))


def _logic() -> Iterator[Construct]:
    yield Construct("NOT", _BOOL, "NOT {0}", ("bool",))
    yield Construct("AND", _BOOL, "{0} AND {1}", ("bool", "bool"))
    yield Construct("OR", _BOOL, "{0} OR {1}", ("bool", "bool"))
    yield Construct("IS TRUE", _BOOL, "{0} IS TRUE", ("bool",))
    yield Construct("IS FALSE", _BOOL, "{0} IS FALSE", ("bool",))
    yield Construct("LIKE", _BOOL, "{0} LIKE {1}", ("text", "pattern"))
    for kind in _ALL:
        yield Construct(f"{kind} IS NULL", _BOOL, "{0} IS NULL", (kind,))
        yield Construct(f"[{kind}] IS NULL", _BOOL, "{0} IS NULL", (f"[{kind}] column",))


def _comparisons() -> Iterator[Construct]:
    for operator in COMPARISONS:
        for kind in comparable(operator):
            syntax = f"{{0}} {operator} {{1}}"
            yield Construct(f"{kind} {operator} {kind}", _BOOL, syntax, (kind, kind))
    for kind in ORDERED:
        syntax = "{0} BETWEEN {1} AND {2}"
        yield Construct(f"{kind} BETWEEN", _BOOL, syntax, (kind, kind, kind))
    for kind in _ALL:
        yield Construct(f"{kind} IN list", _BOOL, "{0} IN ({1}, {2})", (kind, kind, kind))
        constants = (kind, f"{kind} literal", f"{kind} literal")
        yield Construct(f"{kind} IN literals", _BOOL, "{0} IN ({1}, {2})", constants)
        element, column = f"{kind} element", f"[{kind}] column"
        yield Construct(f"{kind} IN [{kind}]", _BOOL, "{0} IN {1}", (element, column))
        syntax = "contains({0}, {1})"
        yield Construct(f"contains([{kind}], {kind})", _BOOL, syntax, (column, element))


def _choices() -> Iterator[Construct]:
    for kind in _ALL:
        yield Construct(
            f"CASE WHEN {kind}", kind, "CASE WHEN {0} THEN {1} ELSE {2} END", ("bool", kind, kind)
        )
        yield Construct(
            f"CASE {kind} WHEN", _INTEGER, "CASE {0} WHEN {1} THEN 1 ELSE {2} END",
            (kind, kind, "integer"),
        )  # fmt: skip
        yield Construct(f"coalesce({kind})", kind, "coalesce({0}, {1})", (kind, kind))
        yield Construct(f"nullif({kind})", kind, "nullif({0}, {1})", (kind, kind))
    yield Construct("CASE without ELSE", _TEXT, "CASE WHEN {0} THEN {1} END", ("bool", "text"))
    yield Construct(
        "NULL literal", _INTEGER, "CASE WHEN {0} THEN NULL ELSE {1} END", ("bool", "integer")
    )
    for kind in ORDERED:
        yield Construct(f"least({kind})", kind, "least({0}, {1})", (kind, kind))
        yield Construct(f"greatest({kind})", kind, "greatest({0}, {1})", (kind, kind))


def _arithmetic() -> Iterator[Construct]:
    for (operator, left, right), rule in ARITHMETIC.items():
        syntax = f"{{0}} {operator} {{1}}"
        slots = tuple(_beside_money(kind, (left, right)) for kind in (left, right))
        yield Construct(f"{left} {operator} {right}", rule.result, syntax, slots)
    for kind in NUMBERS:
        yield Construct(f"-{kind}", kind, "-{0}", (kind,))
    yield Construct("timestamp + duration", _TIMESTAMP, "{0} + {1}", ("timestamp", "duration"))
    yield Construct("timestamp - duration", _TIMESTAMP, "{0} - {1}", ("timestamp", "duration"))
    yield Construct("ago(duration)", _TIMESTAMP, "ago({0})", ("duration",))
    yield Construct("round(real, digits)", _REAL, "round({0}, {1})", ("real", "digits"))
    yield Construct("text || text", _TEXT, "{0} || {1}", ("text", "text"))
    yield Construct("concat(text)", _TEXT, "concat({0}, {1})", ("text", "text"))


def _beside_money(kind: Kind, kinds: tuple[Kind, Kind]) -> str:
    """A number written beside money would be money too."""
    return f"{kind} column" if _MONEY in kinds and kind is not _MONEY else kind


def _functions() -> Iterator[Construct]:
    for key, function in FUNCTIONS.items():
        slots = tuple(_slot(parameter) for parameter in function.parameters)
        places = ", ".join(f"{{{index}}}" for index in range(len(slots)))
        yield Construct(key, function.result, f"{function.name}({places})", slots)


def _slot(parameter: Parameter) -> str:
    if parameter.low is not None:
        return f"whole from {parameter.low}"
    if parameter.quoted:
        return "filled text" if parameter.filled else "text literal"
    return parameter.kind


def _collections() -> Iterator[Construct]:
    yield Construct("any", _BOOL, "any({0}, {1})", ("collection", "item test"))
    yield Construct("all", _BOOL, "all({0}, {1})", ("collection", "item test"))
    yield Construct("count(collection)", _INTEGER, "count({0})", ("collection",))
    for function, kinds in SUMMARIES.items():
        for kind in kinds:
            result = _INTEGER if function == "count" else kind
            slots = (f"collection.{kind}",)
            yield Construct(f"{function}(field {kind})", result, f"{function}({{0}})", slots)


def _ledger() -> Iterator[Construct]:
    syntax = "answered({0}, {1}, {2})"
    yield Construct("contacted", _BOOL, "contacted({0}, {1})", ("action", "duration"))
    yield Construct("answered", _BOOL, syntax, ("action", "outcome", "duration"))
    yield Construct("late", _BOOL, "late({0})", ("owed action",))
    yield Construct("last_contact", _TIMESTAMP, "last_contact({0})", ("channel",))


def _registry() -> Mapping[str, Construct]:
    groups = chain(
        _values(),
        _conversions(),
        _logic(),
        _comparisons(),
        _choices(),
        _arithmetic(),
        _functions(),
        _collections(),
        _ledger(),
    )
    return {construct.name: construct for construct in groups}


CONSTRUCTS = _registry()
"""By name."""
