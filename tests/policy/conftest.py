"""What the tests of the language share: a company's schema, its rows, and an author by chance."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import duckdb
import pytest

from tuttu.policy import (
    CONSTRUCTS,
    OFFSETS,
    OFFSETS_TYPE,
    CompiledExpression,
    Construct,
    duckdb_row,
    duckdb_type,
    duckdb_value,
    is_fulfilled,
    is_late,
    offsets_of,
    parse,
    quoted_name,
    relation_of,
    to_sql,
)
from tuttu.policy.relation import quoted
from tuttu.vocabulary.values import (
    DAY,
    HOUR,
    INTEGER_MAX,
    INTEGER_MIN,
    ZONE,
    Kind,
    Row,
    Schema,
    Type,
    answered_column,
    contacted_column,
    fulfilled_column,
    last_contact_column,
)
from tuttu.vocabulary.zones import FIRST_DATE, FIRST_INSTANT, LAST_DATE, LAST_INSTANT, zone_of

ZONES = (
    "Europe/Helsinki",
    "America/Sao_Paulo",
    "America/Vancouver",
    "UTC",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Kolkata",
)
"""Of any four in a row, one goes over to another offset at midnight, or skips a day."""
OWN_ZONES = (*ZONES, "Asia/Kathmandu", "Pacific/Kiritimati", "Etc/GMT+12", "Nowhere/Town", "")
"""What customers say theirs is; two of them name none."""
SUBJECT = "tv-package"
KINDS = tuple(Kind)


def _columns() -> dict[str, Type]:
    """Two columns of each kind and a list; some with names that SQL finds hard."""
    hard = ("told.{}", 'a "{}"', "ikä-{}", "order", "{} {}", "END", "select")
    columns = {}
    for kind, name in zip(KINDS, hard, strict=True):
        columns[f"a_{kind}"] = columns[name.format(kind, kind)] = Type(kind)
        columns[f"list_{kind}"] = Type(kind, many=True)
    return columns


def make_schema(zone: str, *, own: bool = False) -> Schema:
    """news is owed until a_timestamp, while a_bool. own: the column `zone` is the customer's."""
    fields = {f"{kind}_field": Type(kind) for kind in KINDS}
    own_zone = ZONE if own else None
    columns = Schema(columns=_columns(), zone=zone, own_zone=own_zone)
    due = parse("a_timestamp", columns)
    fulfilled = is_fulfilled(fulfilled_column("news"), due)
    return Schema(
        late={"news": is_late(due, fulfilled, [parse("a_bool", columns)])},
        columns={**_columns(), ZONE: Type(Kind.TEXT)} if own else _columns(),
        collections={"tickets": fields, "order lines": {**fields, "a_text": Type(Kind.TEXT)}},
        actions=frozenset({SUBJECT, "news"}),
        channels=frozenset({"email", "call"}),
        outcomes=frozenset({"accepted", "declined"}),
        zone=zone,
        own_zone=own_zone,
    )


LEDGER = (
    contacted_column(SUBJECT),
    contacted_column("news"),
    fulfilled_column("news"),
    *(answered_column(a, o) for a in (SUBJECT, "news") for o in ("accepted", "declined")),
    last_contact_column("email"),
    last_contact_column("call"),
)

INTEGERS = [0, 1, -1, 2, 3, 7, 10, 86_400, 2**31, 2**53 - 1, 2**53 + 1, 2**62, -(2**62)]
INTEGERS += [INTEGER_MIN, INTEGER_MIN + 1, INTEGER_MAX - 1, INTEGER_MAX, 922_337_203_685_478]
MONEY = [0, 1, -1, 10_000, 20_000, 99_000, -15_000, 33_333, INTEGER_MIN, INTEGER_MAX, 2**53 + 1]
REALS = [0.0, -0.0, 0.5, -0.5, 1.0, 1.5, 2.5, -2.5, 0.1, 0.3, 9.9, 0.49999999999999994, 1e16]
REALS += [1e308, -1.7976931348623157e308, 5e-324, 2.0**53, 4503599627370497.5, -1e-7, 10_000.0]
TEXTS = ["", "a", "A", "ab", "aB", "abab", "b", " a ", "\u00a0a\u2003", "é", "É", "x\u0301", "😀"]
TEXTS += ["ß", "ẞ", "İ", "ı", "Σ", "ς", "ŉ", "ǅ", "𐐀", "ﬃ", "%", "_", "a%b", "it's", "a\nb", "a\\b"]
TEXTS += ["a\0b", "\U0010ffff", "2026-01-01", '"', "{0}", "e\u0301", "Ā\u0304"]
LEAP = [11_016, 19_782, 15_764, -25_508]
"""2000-02-29, 2024-02-29, 2013-02-28, 1900-03-01 in days."""
DATES = [0, -1, *LEAP, 20_541, 20_751, 20_454, 15_338, 15_339, FIRST_DATE, LAST_DATE, LAST_DATE - 1]
NOW = 20_541 * DAY + 5 * HOUR


def instants(zone: str) -> list[int]:
    """Around the zone's changes and midnights, and where the calendar begins and ends."""
    table = zone_of(zone)
    pairs = zip(table.changes, table.offsets, table.offsets[1:], strict=False)
    telling = [t for t, before, after in pairs if (t + before) // DAY != (t + after) // DAY]
    found = [NOW, NOW - 7 * DAY, NOW - 30 * DAY, NOW - 30 * DAY - 1, NOW + 1, NOW - HOUR]
    found += [FIRST_INSTANT, LAST_INSTANT, FIRST_INSTANT + DAY, LAST_INSTANT - DAY, 0, -1, 123_456]
    for change in (*table.changes[-260::20], *telling[-12:]):
        found += [change - 1, change, change + 1]
    for day in LEAP:
        midnight = day * DAY - table.offset(day * DAY)
        found += [midnight - 1, midnight, midnight + DAY - 1]
    return found


class Pool:
    """Values by kind, as rows and literals have them."""

    def __init__(self, rng: random.Random, schema: Schema) -> None:
        zones = [schema.zone] if schema.own_zone is None else [schema.zone, *ZONES[:3]]
        self._rng = rng
        self._values: dict[Kind, Sequence[Any]] = {
            Kind.BOOL: [True, False],
            Kind.INTEGER: INTEGERS,
            Kind.MONEY: MONEY,
            Kind.REAL: REALS,
            Kind.TEXT: TEXTS,
            Kind.DATE: DATES,
            Kind.TIMESTAMP: [each for name in zones for each in instants(name)],
        }

    def value(self, kind: Kind, null: float) -> Any:
        if self._rng.random() < null:
            return None
        values = self._values[kind]
        half = max(2, len(values) // 3)
        return self._rng.choice(values[:half] if self._rng.random() < 0.5 else values)

    def row(self, schema: Schema) -> Row:
        """Every column; collections have none to four items, some without some fields."""
        row: dict[str, Any] = {"now": self._rng.choice([NOW, NOW, self.value(Kind.TIMESTAMP, 0)])}
        for name, declared in schema.columns.items():
            row[name] = self._list(declared) if declared.many else self.value(declared.kind, 0.2)
        for name, fields in schema.collections.items():
            row[name] = None if self._rng.random() < 0.05 else self._items(fields)
        for name in LEDGER:
            row[name] = self.value(Kind.TIMESTAMP, 0.3)
        if schema.own_zone is not None:
            row[schema.own_zone] = self._rng.choice([None, *OWN_ZONES])
        return row

    def _list(self, declared: Type) -> list[Any] | None:
        if self._rng.random() < 0.15:
            return None
        return [self.value(declared.kind, 0.1) for _ in range(self._rng.randrange(4))]

    def _items(self, fields: Any) -> list[Any]:
        count = self._rng.choice([0, 1, 1, 2, 4])
        return [
            {
                name: self.value(declared.kind, 0.2)
                for name, declared in fields.items()
                if self._rng.random() < 0.9
            }
            for _ in range(count)
        ]


class Author:
    """Writes expressions by chance, from the registry alone."""

    def __init__(self, rng: random.Random, schema: Schema) -> None:
        self._rng = rng
        self._schema = schema
        self._pool = Pool(rng, schema)
        self._items: str | None = None
        self._by_kind = {
            kind: [each for each in CONSTRUCTS.values() if each.result is kind] for kind in KINDS
        }

    def construct(self, construct: Construct, depth: int) -> str:
        """A text that uses the construct."""
        if construct.item and self._items is None:
            word = self._rng.choice(["any", "all"])
            return self._over_items(f"{word}({{0}}, {{1}})", lambda: self._about(construct))
        if construct.slots == ("collection", "item test"):
            return self._over_items(
                construct.syntax, lambda: self.expression(Kind.BOOL, max(depth, 1))
            )
        slots = [self._slot(slot, depth) for slot in construct.slots]
        return construct.syntax.format(*slots)

    def _over_items(self, syntax: str, condition: Callable[[], str]) -> str:
        self._items = self._rng.choice(sorted(self._schema.collections))
        text = syntax.format(quoted_name(self._items), condition())
        self._items = None
        return text

    def _about(self, construct: Construct) -> str:
        """A condition on a field."""
        field = self.construct(construct, 0)
        return f"{field} = {self._slot(construct.result, 0)}"

    def expression(self, kind: Kind, depth: int) -> str:
        usable = [each for each in self._by_kind[kind] if self._usable(each, depth)]
        return self.construct(self._rng.choice(usable), depth - 1)

    def _usable(self, construct: Construct, depth: int) -> bool:
        if construct.item:
            return self._items is not None
        if construct.name in {"any", "all"} and self._items is not None:
            return False
        return depth > 0 or (
            construct.name.endswith((" column", " literal")) and (len(construct.slots) == 1)
        )

    def _slot(self, slot: str, depth: int) -> str:
        word, _, rest = slot.partition(" ")
        if slot in KINDS:
            return f"({self.expression(Kind(slot), depth)})"
        if rest in {"column", "literal", "field", "element"}:
            return _WORDS[rest](self, word)
        if word == "whole":
            return str(int(rest.split()[-1]) + self._rng.choice([0, 0, 1, 2, 40]))
        if word.startswith("collection"):
            return self._of_collection(word.partition(".")[2])
        return _SLOTS[slot](self, depth)

    def _column(self, word: str) -> str:
        declared = Type(Kind(word.strip("[]")), many=word.startswith("["))
        names = [name for name, kind in self._schema.columns.items() if kind == declared]
        if self._items is not None:
            names = [name for name in names if name not in self._schema.collections[self._items]]
        return quoted_name(self._rng.choice(names))

    def _field(self, word: str) -> str:
        return f"{word}_field"

    def _element(self, word: str) -> str:
        """A constant, or a column of just this kind."""
        return self._literal(word) if self._rng.random() < 0.6 else self._column(word)

    def _of_collection(self, kind: str) -> str:
        name = quoted_name(self._rng.choice(sorted(self._schema.collections)))
        return f"{name}.{kind}_field" if kind else name

    def _literal(self, word: str) -> str:
        kind = Kind(word)
        value = self._pool.value(kind, 0)
        if kind is Kind.TEXT:
            return quoted(str(value).replace("\0", ""))
        if kind is Kind.MONEY:
            return self._cents(0)
        if kind in {Kind.DATE, Kind.TIMESTAMP}:
            return f"{kind.upper()} '{self._written(value, kind)}'"
        return f"({value!r})".upper()

    def _written(self, value: int, kind: Kind) -> str:
        shown = duckdb_value(value, Type(kind))
        return f"{shown.isoformat(sep=' ')}Z" if kind is Kind.TIMESTAMP else str(shown.isoformat())

    def _cents(self, _depth: int) -> str:
        return self._rng.choice(["9.90", "0.0001", "-1.5", "2.0", "922337203685477.5807"])

    def _pattern(self, _depth: int) -> str:
        parts = ["%", "_", "%", "a", "b", "B", "é", "😀", "\u0301", "ß", "''", "\\", "\n", "."]
        if self._rng.random() < 0.3:
            return self._name(["'a_b'", "'%_b'", "'a%'", "'%b'", "'_'", "'%a%b%'"])
        return "'" + "".join(self._rng.choices(parts, k=self._rng.randrange(5))) + "'"

    def _duration(self, _depth: int) -> str:
        return self._rng.choice(
            ["'7d'", "'30d'", "'1d12h'", "'0s'", "'250ms'", "'366000d'", "'1us'"]
        )

    def _name(self, names: Sequence[str]) -> str:
        return self._rng.choice(names)


_WORDS: dict[str, Callable[[Author, str], str]] = {
    "column": Author._column,
    "literal": Author._literal,
    "field": Author._field,
    "element": Author._element,
}
_SLOTS: dict[str, Callable[[Author, int], str]] = {
    "cents": Author._cents,
    "units": lambda author, _: author._name(["0", "1", "-3", "922337203685477"]),
    "day": lambda author, _: f"'{author._written(author._pool.value(Kind.DATE, 0), Kind.DATE)}'",
    "moment": lambda author, _: "'2026-03-29 00:59:59.999999'",
    "pattern": Author._pattern,
    "duration": Author._duration,
    "digits": lambda author, _: str(author._rng.randrange(10)),
    "filled text": lambda author, _: author._rng.choice(["'a'", "'b'", "'ab'", "'é'", "' '"]),
    "action": lambda author, _: author._name(["action", "'tv-package'", "news", "'news'"]),
    "owed action": lambda author, _: author._name(["news", "'news'"]),
    "outcome": lambda author, _: author._name(["accepted", "'declined'", '"accepted"']),
    "channel": lambda author, _: author._name(["email", "'call'"]),
}


class Duck:
    """DuckDB with one relation of rows."""

    def __init__(self, schema: Schema, rows: Sequence[Row], columns: Sequence[str] = ()) -> None:
        relation = relation_of(columns or [*schema.columns, *schema.collections, *LEDGER], schema)
        typed = ", ".join(f"{quoted_name(name)} {duckdb_type(relation[name])}" for name in relation)
        self._connection = duckdb.connect()
        offsets = f"{quoted_name(OFFSETS)} {OFFSETS_TYPE}"
        self._connection.execute(f"CREATE TABLE rows (place INTEGER, {offsets}, {typed})")
        marks = ", ".join("?" for _ in range(len(relation) + 2))
        own = schema.own_zone or ""
        self._connection.executemany(
            f"INSERT INTO rows VALUES ({marks})",
            [
                [place, offsets_of(row.get(own), schema.zone), *duckdb_row(row, relation)]
                for place, row in enumerate(rows)
            ],
        )

    def values(self, expressions: Sequence[CompiledExpression]) -> list[tuple[Any, ...]]:
        """One tuple for each row, with one value for each expression."""
        selected = ", ".join(map(to_sql, expressions))
        return self._connection.execute(f"SELECT {selected} FROM rows ORDER BY place").fetchall()

    def chosen(self, condition: CompiledExpression) -> list[int]:
        """Places of the rows on which a condition is TRUE, by DuckDB's filter."""
        found = self._connection.execute(
            f"SELECT place FROM rows WHERE {to_sql(condition)} ORDER BY place"
        ).fetchall()
        return [place for (place,) in found]

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def duck() -> Iterator[Callable[..., Duck]]:
    """Opens DuckDB over rows; closed after the test."""
    opened: list[Duck] = []

    def open_duck(schema: Schema, rows: Sequence[Row], columns: Sequence[str] = ()) -> Duck:
        opened.append(Duck(schema, rows, columns))
        return opened[-1]

    yield open_duck
    for each in opened:
        each.close()


@pytest.fixture(scope="session")
def zones() -> tuple[str, ...]:
    return ZONES


@pytest.fixture(scope="session")
def schema_in() -> Callable[..., Schema]:
    """The schema of the law in a zone."""
    return make_schema


@pytest.fixture(scope="session")
def author_in() -> Callable[[random.Random, Schema], Author]:
    return Author


@pytest.fixture(scope="session")
def rows_in() -> Callable[[random.Random, Schema, int], list[Row]]:
    """So many rows by chance."""

    def draw(rng: random.Random, schema: Schema, count: int) -> list[Row]:
        pool = Pool(rng, schema)
        return [pool.row(schema) for _ in range(count)]

    return draw


@pytest.fixture(scope="session")
def shown() -> Callable[[Any, Type], Any]:
    """A row function's value as DuckDB gives it back."""
    return duckdb_value
