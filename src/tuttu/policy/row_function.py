"""The typed tree as a Python function of one row.

One function is generated for one expression, as a single Python expression without loops: a
comparison costs as much as written by hand. Names and texts of authors enter the generated text
only as Python literals that `repr` makes of plain `str`, `int`, `float` and `bool`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from tuttu.policy import runtime
from tuttu.policy import tree as t
from tuttu.policy.functions import FUNCTIONS
from tuttu.policy.strings import like
from tuttu.vocabulary.values import (
    INTEGER_MAX,
    INTEGER_MIN,
    MONEY_SCALE,
    Kind,
    Row,
    Value,
)
from tuttu.vocabulary.zones import (
    FIRST_DATE,
    FIRST_INSTANT,
    LAST_DATE,
    LAST_INSTANT,
    Reading,
    day_in,
    hour_in,
    of_customer,
)

RowFunction: TypeAlias = Callable[[Row], Value]

_FEW = 8
"""Up to so many texts, + is faster than join, and nests no deeper than Python allows."""


class _Code(NamedTuple):
    """Python text of an expression; whether its value may be None."""

    text: str
    nullable: bool = True


def row_function(tree: t.Node, reads: Mapping[str, int]) -> RowFunction:
    """A function of a row that has every column of the tree. It may raise, and yields None for
    NULL. reads: column to how often the tree reads it. Raises `RecursionError` for a tree that is
    too deep for Python's compiler."""
    writer = _Writer(reads)
    result = writer.write(tree).text
    lines = ["def value(row):", *writer.shared_lines, f"    return {result}"]
    names: dict[str, Any] = {**runtime.NAMES, **writer.constants}
    exec(compile("\n".join(lines), "<expression>", "exec"), names)  # noqa: S102 - see above
    function: RowFunction = names["value"]
    return function


class _Writer:
    """The text of one function, with its constants and temporary names."""

    def __init__(self, reads: Mapping[str, int]) -> None:
        self.constants: dict[str, object] = {}
        self._temporaries = 0
        shared = [name for name, times in reads.items() if times > 1]
        self._shared = {name: f"column{index}" for index, name in enumerate(shared)}
        self.shared_lines = [f"    {local} = row[{name!r}]" for name, local in self._shared.items()]

    def write(self, node: t.Node) -> _Code:
        return _WRITERS[type(node)](self, node)

    def read(self, name: str) -> str:
        """A column of the row."""
        return self._shared.get(name) or f"row[{name!r}]"

    def temporary(self) -> str:
        self._temporaries += 1
        return f"t{self._temporaries}"

    def constant(self, value: object) -> str:
        name = f"constant{len(self.constants)}"
        self.constants[name] = value
        return name

    def named(self, code: _Code) -> tuple[str, str]:
        """Text that gives the value a name, and the name: for values that are used twice."""
        if code.text.isidentifier():
            return code.text, code.text
        name = self.temporary()
        return f"({name} := {code.text})", name

    def strict(self, operands: Sequence[t.Node], template: str, *, nullable: bool = False) -> _Code:
        """The template over the operands, NULL if any of them is; nullable: it may yield None."""
        tests, texts = [], []
        for operand in operands:
            code = self.write(operand)
            if code.nullable:
                first, name = self.named(code)
                tests.append(f"{first} is None")
                texts.append(name)
            else:
                texts.append(code.text)
        value = template.format(*texts)
        if not tests:
            return _Code(f"({value})", nullable)
        return _Code(f"(None if {' or '.join(tests)} else {value})")

    def bounded(self, text: str, low: int = INTEGER_MIN, high: int = INTEGER_MAX) -> str:
        """A template that is NULL outside the bounds."""
        name = self.temporary()
        return f"({name} if {low} <= ({name} := {text}) <= {high} else None)"


def _literal(_writer: _Writer, node: t.Literal) -> _Code:
    return _Code(repr(node.value), node.value is None)


def _column(writer: _Writer, node: t.Column) -> _Code:
    return _Code(writer.read(node.name))


def _field(_writer: _Writer, node: t.Field) -> _Code:
    return _Code(f"item.get({node.name!r})")


def _now(writer: _Writer, _node: t.Now) -> _Code:
    return _Code(writer.read("now"))


def _convert(writer: _Writer, node: t.Convert) -> _Code:
    match node.operand.type.kind, node.type.kind:
        case Kind.INTEGER, Kind.REAL:
            return writer.strict([node.operand], "float({0})")
        case Kind.MONEY, Kind.REAL:
            return writer.strict([node.operand], f"float({{0}}) / {float(MONEY_SCALE)}")
        case Kind.INTEGER, Kind.MONEY:
            scaled = writer.bounded(f"{{0}} * {MONEY_SCALE}")
            return writer.strict([node.operand], scaled, nullable=True)
    return _local(writer, node, day_in)


def _hour(writer: _Writer, node: t.Hour) -> _Code:
    return _local(writer, node, hour_in)


def _local(writer: _Writer, node: t.Convert | t.Hour, reading: Reading) -> _Code:
    """A reading of the zone's calendar or clock."""
    if node.own is None:
        read = writer.constant(reading(node.zone))
        return writer.strict([node.operand], f"{read}({{0}})")
    read, own = writer.constant(of_customer(reading, node.zone)), writer.write(node.own).text
    first, name = writer.named(writer.write(node.operand))
    return _Code(f"(None if {first} is None else {read}({own}, {name}))")


def _not(writer: _Writer, node: t.Not) -> _Code:
    return writer.strict([node.operand], "not {0}")


def _and(writer: _Writer, node: t.And) -> _Code:
    return _chain(writer, node.operands, stop=False)


def _or(writer: _Writer, node: t.Or) -> _Code:
    return _chain(writer, node.operands, stop=True)


def _chain(writer: _Writer, operands: Sequence[t.Node], *, stop: bool) -> _Code:
    """Ends at the first operand that decides; NULL if none does and one is NULL."""
    deciding, unknown = [], []
    for operand in operands:
        code = writer.write(operand)
        if code.nullable:
            first, name = writer.named(code)
            deciding.append(f"{first} is {stop}")
            unknown.append(f"{name} is None")
        else:
            deciding.append(code.text if stop else f"not {code.text}")
    rest = f"None if {' or '.join(unknown)} else {not stop}" if unknown else f"{not stop}"
    return _Code(f"({stop} if {' or '.join(deciding)} else {rest})", bool(unknown))


def _compare(writer: _Writer, node: t.Compare) -> _Code:
    operator = {"=": "==", "<>": "!="}.get(node.operator, node.operator)
    return writer.strict([node.left, node.right], f"{{0}} {operator} {{1}}")


def _between(writer: _Writer, node: t.Between) -> _Code:
    if isinstance(node.low, t.Literal) and isinstance(node.high, t.Literal):
        return writer.strict([node.operand, node.low, node.high], "{1} <= {0} <= {2}")
    return _function(writer, "between", [node.operand, node.low, node.high])


def _function(
    writer: _Writer, name: str, operands: Sequence[t.Node], *, nullable: bool = True
) -> _Code:
    """A function of `runtime` that takes NULLs."""
    texts = [writer.write(operand).text for operand in operands]
    return _Code(f"{name}({', '.join(texts)})", nullable)


def _in(writer: _Writer, node: t.In) -> _Code:
    if all(isinstance(option, t.Literal) for option in node.options):
        values = frozenset(option.value for option in node.options if isinstance(option, t.Literal))
        return writer.strict([node.operand], f"{{0}} in {writer.constant(values)}")
    options = ", ".join(writer.write(option).text for option in node.options)
    return _Code(f"among({writer.write(node.operand).text}, ({options},))")


def _has(writer: _Writer, node: t.Has) -> _Code:
    return writer.strict([node.column, node.operand], "has({0}, {1})", nullable=True)


def _like(writer: _Writer, node: t.Like) -> _Code:
    inner = node.pattern.strip("%")
    plain = "%" not in inner and "_" not in inner
    match node.pattern.startswith("%"), node.pattern.endswith("%"):
        case False, False if plain:
            return writer.strict([node.operand], f"{{0}} == {_escaped(inner)}")
        case False, True if plain:
            return writer.strict([node.operand], f"{{0}}.startswith({_escaped(inner)})")
        case True, False if plain:
            return writer.strict([node.operand], f"{{0}}.endswith({_escaped(inner)})")
        case True, True if plain:
            return writer.strict([node.operand], f"{_escaped(inner)} in {{0}}")
    return writer.strict([node.operand], f"{writer.constant(like(node.pattern))}({{0}})")


def _escaped(text: str) -> str:
    """A Python literal inside a template."""
    return repr(text).replace("{", "{{").replace("}", "}}")


def _is_null(writer: _Writer, node: t.IsNull) -> _Code:
    operand = writer.write(node.operand)
    return _Code(f"({operand.text} is None)" if operand.nullable else "False", nullable=False)


def _is(writer: _Writer, node: t.Is) -> _Code:
    return _Code(f"({writer.write(node.operand).text} is {node.truth})", nullable=False)


def _case(writer: _Writer, node: t.Case) -> _Code:
    branches = [(writer.write(test).text, writer.write(value)) for test, value in node.branches]
    return _branches(writer, branches, node.default)


def _switch(writer: _Writer, node: t.Switch) -> _Code:
    """A NULL operand equals nothing; the first test also gives it its name."""
    operand = writer.write(node.operand)
    first, name = writer.named(operand)
    branches = []
    for option, value in node.branches:
        known = f"{first} is not None and {name}" if operand.nullable else first
        branches.append((f"{known} == {writer.write(option).text}", writer.write(value)))
        first = name
    return _branches(writer, branches, node.default)


def _branches(writer: _Writer, branches: list[tuple[str, _Code]], default: t.Node) -> _Code:
    last = writer.write(default)
    text = "".join(f"{value.text} if {test} else " for test, value in branches)
    nullable = last.nullable or any(value.nullable for _, value in branches)
    return _Code(f"({text}{last.text})", nullable)


def _arithmetic(writer: _Writer, node: t.Arithmetic) -> _Code:
    sides, operator, kind = [node.left, node.right], node.operator, node.type.kind
    plain = f"{{0}} {operator} {{1}}"
    if operator == "/":
        return writer.strict(sides, "divide({0}, {1})", nullable=True)
    if operator == "%":
        return writer.strict(sides, "remainder({0}, {1})", nullable=True)
    if kind is Kind.REAL:
        return writer.strict(sides, f"finite({plain})", nullable=True)
    if kind is Kind.DATE:
        return writer.strict(sides, writer.bounded(plain, FIRST_DATE, LAST_DATE), nullable=True)
    if node.left.type.kind is Kind.DATE:
        return writer.strict(sides, plain)
    return writer.strict(sides, writer.bounded(plain), nullable=True)


def _shift(writer: _Writer, node: t.Shift) -> _Code:
    moved = writer.bounded(f"{{0}} + {node.by}", FIRST_INSTANT, LAST_INSTANT)
    return writer.strict([node.operand], moved, nullable=True)


def _negate(writer: _Writer, node: t.Negate) -> _Code:
    if node.type.kind is Kind.REAL:
        return writer.strict([node.operand], "-{0}")
    return writer.strict([node.operand], "bounded(-{0})", nullable=True)


def _call(writer: _Writer, node: t.FunctionCall) -> _Code:
    function = FUNCTIONS[node.function]
    return writer.strict(node.arguments, function.row, nullable=function.nullable)


def _choose(writer: _Writer, node: t.Choose) -> _Code:
    if node.function == "coalesce":
        return _coalesce(writer, node)
    if node.function == "nullif":
        first, name = writer.named(writer.write(node.arguments[0]))
        return _Code(f"(None if {first} == {writer.write(node.arguments[1]).text} else {name})")
    return _function(writer, node.function, node.arguments)


def _coalesce(writer: _Writer, node: t.Choose) -> _Code:
    """What follows a value that is never NULL is left out."""
    text = ""
    for argument in node.arguments:
        code = writer.write(argument)
        if not code.nullable or argument is node.arguments[-1]:
            return _Code(f"({text}{code.text})", code.nullable)
        first, name = writer.named(code)
        text += f"{name} if {first} is not None else "
    raise AssertionError("coalesce without arguments")


def _join(writer: _Writer, node: t.Join) -> _Code:
    if node.skip_null:
        return _function(writer, "concat", node.operands, nullable=False)
    places = [f"{{{index}}}" for index in range(len(node.operands))]
    joined = " + ".join(places) if len(places) <= _FEW else f"''.join(({', '.join(places)}))"
    return writer.strict(node.operands, joined)


def _quantifier(writer: _Writer, node: t.Quantifier) -> _Code:
    test = writer.write(node.condition)
    name = "any_item" if node.word == "any" else "all_items"
    return _Code(f"{name}({writer.read(node.collection)}, lambda item: {test.text})", test.nullable)


_SUMMARIES = {"count": "count", "sum": "total", "max": "largest", "min": "smallest"}


def _aggregate(writer: _Writer, node: t.Aggregate) -> _Code:
    items = writer.read(node.collection)
    if node.field is None:
        return _Code(f"count_items({items})", nullable=False)
    name = _SUMMARIES[node.function]
    return _Code(f"{name}({items}, {node.field!r})", node.function != "count")


def _recent(writer: _Writer, node: t.Recent) -> _Code:
    column, name = writer.named(_Code(writer.read(node.column)))
    now, present = writer.named(_Code(writer.read("now")))
    return _Code(
        f"({column} is not None and {now} is not None and {present} - {name} <= {node.within})",
        nullable=False,
    )


_WRITERS: Mapping[type, Callable[[_Writer, Any], _Code]] = {
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
