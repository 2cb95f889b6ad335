"""Compares both implementations in SQL: what is counted, and what differs."""

# ruff: noqa: S608 - names are quoted, and values are constants of ours

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tuttu.api import DIFFERENCES_SHOWN, ComparedKind, Difference
from tuttu.batch.verify import exporting
from tuttu.batch.verify.definition_checks import DefinitionCheck, SubjectKind
from tuttu.policy import quoted, quoted_name
from tuttu.profile import batch
from tuttu.profile.batch import CUSTOMER, KEY
from tuttu.storage import ExportWorkspace
from tuttu.vocabulary.values import item_column

AT_ONCE = 40
"""Values in one statement."""


class Pair(NamedTuple):
    """One value, computed both ways: two SQL expressions over one relation."""

    part: str
    name: str
    live: str
    batch: str


class Side(NamedTuple):
    """A relation with both ways in it. who: the customer's pseudonym; item: the item's, or NULL."""

    relation: str
    pairs: Sequence[Pair]
    who: str = quoted_name(CUSTOMER)
    item: str = "NULL"


class Comparison:
    """Counts what was compared, and keeps some of what differs."""

    def __init__(self, workspace: ExportWorkspace) -> None:
        self._workspace = workspace
        self._counts: dict[str, list[int]] = {}
        self.differences: list[Difference] = []

    @property
    def parts(self) -> tuple[ComparedKind, ...]:
        return tuple(
            ComparedKind(part=part, definitions=definitions, compared=total, different=different)
            for part, (definitions, total, different) in self._counts.items()
        )

    def add(self, side: Side) -> None:
        for start in range(0, len(side.pairs), AT_ONCE):
            some = side.pairs[start : start + AT_ONCE]
            counted = ", ".join(f"count(*) FILTER (WHERE {_differs(each)})" for each in some)
            ((total, *different),) = self._workspace.run(
                f"SELECT count(*), {counted} FROM {side.relation}"
            )
            for pair, count in zip(some, different, strict=True):
                self._note(pair, total, count)
                if count:
                    self.differences += self._examples(side, pair)

    def _note(self, pair: Pair, total: int, different: int) -> None:
        counts = self._counts.setdefault(pair.part, [0, 0, 0])
        for place, more in enumerate((1, total, different)):
            counts[place] += more

    def _examples(self, side: Side, pair: Pair) -> Iterator[Difference]:
        rows = self._workspace.run(
            f"SELECT {side.who}, {side.item}, CAST(({pair.live}) AS VARCHAR),"
            f" CAST(({pair.batch}) AS VARCHAR) FROM {side.relation}"
            f" WHERE {_differs(pair)} ORDER BY ALL LIMIT {DIFFERENCES_SHOWN}"
        )
        for customer, item, live, computed in rows:
            yield Difference(
                part=pair.part,
                name=pair.name,
                customer=customer,
                item=item,
                live=live,
                batch=computed,
            )


def _differs(pair: Pair) -> str:
    return f"({pair.live}) IS DISTINCT FROM ({pair.batch})"


def answers(layout: batch.Layout, kind: SubjectKind, asked: Sequence[DefinitionCheck]) -> Side:
    """What conditions, formulas, guards and stages say; of groups, over what the log says of them
    (see `from_log`)."""
    table = quoted_name(exporting.answers_table(layout, kind))
    pairs = [
        Pair(each.part, each.name, quoted_name(exporting.answer(number)), f"({each.sql})")
        for number, each in enumerate(asked)
    ]
    rows, zones = exporting.rows_table(kind), batch.zones_joined() if layout.by_calendar else ""
    if kind.about is None:
        rows = rows if kind.group is None else batch.rows_of(kind.group)
        return Side(f'({rows} FULL JOIN {table} USING ("{CUSTOMER}")){zones}', pairs)
    about = f"({_about(layout, kind.about, table, rows)}){zones}"
    return Side(about, pairs, item=quoted_name(KEY))


def _about(layout: batch.Layout, about: str, table: str, rows: str) -> str:
    """A row for each item, or for a customer without any: the customer's columns, the item's
    fields, and the ledger's columns about the item. rows: of the customers, or of their shades."""
    laid_over = exporting.ledger_columns(layout)
    but = f" EXCLUDE ({', '.join(map(quoted_name, laid_over))})" if laid_over else ""
    fields = "".join(
        f", struct_extract(u.item, {quoted(name)}) AS {quoted_name(item_column(name))}"
        for name in sorted(layout.reads.fields[about])
    )
    return (
        f'SELECT c.*{but}, a.* EXCLUDE ("{CUSTOMER}"){fields}'
        f' FROM {table} a JOIN {rows} c USING ("{CUSTOMER}")'
        f' LEFT JOIN (SELECT "{CUSTOMER}", unnest({quoted_name(about)}) AS item'
        f" FROM {rows}) u"
        f' ON u."{CUSTOMER}" = a."{CUSTOMER}" AND struct_extract(u.item, {quoted(KEY)}) = a."{KEY}"'
    )


def judged(layout: batch.Layout, about: str) -> Side:
    """Whether every item was judged, and once."""
    table = quoted_name(exporting.answers_table(layout, SubjectKind(about=about)))
    column = quoted_name(about)
    keys = f"list_transform({column}, lambda tuttu_item: struct_extract(tuttu_item, {quoted(KEY)}))"
    relation = (
        f'(SELECT "{CUSTOMER}", count("{KEY}") AS live FROM {table} GROUP BY "{CUSTOMER}")'
        f' FULL JOIN (SELECT "{CUSTOMER}", len(list_distinct({keys})) AS batch'
        f" FROM {exporting.CUSTOMERS})"
        f' USING ("{CUSTOMER}")'
    )
    return Side(relation, [Pair("items judged", about, "live", "batch")])


def from_log(layout: batch.Layout) -> Iterator[Side]:
    """What the log says, after `profile.batch.compute`."""
    sources = set(batch.sources_of(layout.project))
    relation = f'{exporting.CUSTOMERS} c FULL JOIN {batch.COMPUTED} d USING ("{CUSTOMER}")'
    traits = [
        Pair(
            "sources over the log" if name in sources else "traits over the log",
            name,
            f"c.{quoted_name(layout.column(name))}",
            f"d.{quoted_name(layout.column(name))}",
        )
        for name in batch.compared(layout.project)
    ]
    yield Side(relation, traits)
    for name in layout.project.profile.collections:
        yield _items(layout, name)
    for name in layout.project.profile.groups:
        yield _group(layout, name)


def _items(layout: batch.Layout, collection: str) -> Side:
    declared = layout.project.profile.collections[collection]
    part = "items over the log"
    columns = zip(declared.fields, batch.item_columns(layout, declared), strict=True)
    pairs = [
        Pair(part, f"{collection}.{name}", f"a.{quoted_name(column)}", f"b.{quoted_name(column)}")
        for name, column in columns
    ]
    there = Pair(part, collection, f'a."{KEY}" IS NOT NULL', f'b."{KEY}" IS NOT NULL')
    relation = (
        f"{quoted_name(exporting.items_table(layout, collection))} a"
        f" FULL JOIN {quoted_name(batch.latest(layout, collection))} b"
        f' ON a."{CUSTOMER}" = b."{CUSTOMER}" AND a."{KEY}" = b."{KEY}"'
    )
    return Side(
        relation,
        [there, *pairs],
        f'COALESCE(a."{CUSTOMER}", b."{CUSTOMER}")',
        f'COALESCE(a."{KEY}", b."{KEY}")',
    )


def _group(layout: batch.Layout, name: str) -> Side:
    group = layout.project.profile.groups[name]
    relation = (
        f'(SELECT * FROM {exporting.GROUPS} WHERE "of" = {quoted(name)}) a'
        f' FULL JOIN ({batch.members(layout, group, batch.COMPUTED)}) b USING ("{CUSTOMER}")'
    )
    part = "groups over the log"
    pairs = [
        Pair(part, f"{name}, members", "a.number", "b.number"),
        Pair(part, f"{name}, who they are", "a.names", "b.names"),
    ]
    return Side(relation, pairs)
