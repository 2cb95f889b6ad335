"""Written traits as SQL: the last value, by source and over all sources; and group members."""

# ruff: noqa: S608 - names are quoted, and values are constants of ours

from collections.abc import Iterator

from tuttu.policy import quoted, quoted_name
from tuttu.profile.batch.layout import CUSTOMER, EVENT_ID, FRAGMENT, TIME, Layout, sources_of
from tuttu.profile.batch.log import FRAGMENTS, IDS, RANKS, written_table, written_types
from tuttu.profile.batch.sums import Made
from tuttu.storage import ExportWorkspace
from tuttu.vocabulary.company import CustomerGroup

_LAST = f'ORDER BY "{TIME}", rank, source, place'
"""One event may write under two sources: then the later name wins."""


def compute(workspace: ExportWorkspace, layout: Layout) -> list[Made]:
    """A table of the traits and sources of each type."""
    types = written_types(layout)
    made = []
    for number, declared in enumerate(sorted(set(types.values()))):
        workspace.run(
            f"CREATE TEMP TABLE {_spoken(declared)} AS"
            f' SELECT f."{CUSTOMER}", r.rank, w.* FROM {quoted_name(written_table(declared))} w'
            f' JOIN {FRAGMENTS} f USING ("{FRAGMENT}")'
            f' JOIN {RANKS} r ON r.scope = {quoted(IDS)} AND r.masked = w."{EVENT_ID}"'
        )
        mine = [name for name, kind in types.items() if kind == declared]
        traits = [name for name in mine if not layout.project.profile.traits[name].first_known]
        sources = [each for each in sources_of(layout.project) if each.partition(".")[2] in mine]
        made += [
            _pivot(
                workspace, layout, f"told {number}", declared, {name: (name,) for name in traits}
            ),
            _pivot(
                workspace,
                layout,
                f"sources {number}",
                declared,
                {each: (each.partition(".")[2], each.partition(".")[0]) for each in sources},
            ),
        ]
    return [each for each in made if each.columns]


def _spoken(declared: str) -> str:
    return quoted_name(f"spoken {declared}")


def _pivot(
    workspace: ExportWorkspace,
    layout: Layout,
    table: str,
    declared: str,
    columns: dict[str, tuple[str, ...]],
) -> Made:
    """columns: by name, the trait, or trait and source, whose last value it is."""
    by = ["trait", "source"][: max(map(len, columns.values()), default=1)]
    shown = {layout.column(name): key for name, key in columns.items()}
    values = ", ".join(
        f"any_value(value) FILTER (WHERE {_is(by, key)}) AS {quoted_name(name)}"
        for name, key in shown.items()
    )
    if columns:
        workspace.run(
            f'CREATE TEMP TABLE {quoted_name(table)} AS SELECT "{CUSTOMER}", {values} FROM'
            f' (SELECT "{CUSTOMER}", {", ".join(by)}, last(value {_LAST}) AS value'
            f' FROM {_spoken(declared)} GROUP BY "{CUSTOMER}", {", ".join(by)})'
            f' GROUP BY "{CUSTOMER}"'
        )
    return Made(table, dict.fromkeys(shown, "NULL"))


def _is(by: list[str], key: tuple[str, ...]) -> str:
    return " AND ".join(f"{name} = {quoted(value)}" for name, value in zip(by, key, strict=True))


def members(layout: Layout, group: CustomerGroup, computed: str) -> str:
    """Each customer with the fragments that share their value of the group's key, their own
    included: their number, and the SHA-256 of their names, in order, with commas between.

    A fragment belongs to the value in its own written traits; aggregates do not count.
    """
    bases = list(_bases(layout, group.key))
    known = ", ".join(f"CAST(b{number}.value AS VARCHAR)" for number in range(len(bases)))
    joins = "".join(
        f' LEFT JOIN ({_own(layout, *base)}) b{number} USING ("{FRAGMENT}")'
        for number, base in enumerate(bases)
    )
    own = f'SELECT "{FRAGMENT}", COALESCE({known}, NULL) AS value FROM {FRAGMENTS}{joins}'
    key = f"CAST({quoted_name(layout.column(group.key))} AS VARCHAR)"
    if not bases or layout.project.profile.traits[group.key].type.many:
        own, key = f'SELECT "{FRAGMENT}", NULL AS value FROM {FRAGMENTS}', "NULL"
    return (
        f'SELECT "{CUSTOMER}", count(*) AS number,'
        f""" sha256(string_agg("{FRAGMENT}", ',' ORDER BY "{FRAGMENT}")) AS names FROM ("""
        f'SELECT "{CUSTOMER}", "{FRAGMENT}" FROM {FRAGMENTS} UNION'
        f' SELECT c."{CUSTOMER}", o."{FRAGMENT}" FROM {computed} c JOIN ({own}) o'
        f' ON o.value = {key}) GROUP BY "{CUSTOMER}"'
    )


def _bases(layout: Layout, column: str) -> Iterator[tuple[str, str | None]]:
    """The written traits, or those of one source, that a column is the first known of."""
    trait = layout.project.profile.traits.get(column)
    if trait is None:
        source, _, name = column.partition(".")
        yield name, source
    elif trait.first_known:
        for each in trait.first_known:
            yield from _bases(layout, each)
    elif trait.written:
        yield column, None


def _own(layout: Layout, trait: str, source: str | None) -> str:
    only = "" if source is None else f" AND source = {quoted(source)}"
    return (
        f'SELECT "{FRAGMENT}", last(value {_LAST}) AS value'
        f" FROM {_spoken(written_types(layout)[trait])}"
        f' WHERE trait = {quoted(trait)}{only} GROUP BY "{FRAGMENT}"'
    )
