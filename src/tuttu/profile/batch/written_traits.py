"""Written traits as SQL: the last value, by source and over all sources."""

# ruff: noqa: S608 - names are quoted, and values are constants of ours

from tuttu.policy import quoted, quoted_name
from tuttu.profile.batch.layout import CUSTOMER, EVENT_ID, FRAGMENT, TIME, Layout, sources_of
from tuttu.profile.batch.log import IDS, RANKS, written_table, written_types
from tuttu.profile.batch.sums import Made, Population
from tuttu.storage import ExportWorkspace

_LAST = f'ORDER BY "{TIME}", rank, source, place'
"""One event may write under two sources: then the later name wins."""


def compute(workspace: ExportWorkspace, layout: Layout, people: Population) -> list[Made]:
    """A table of the traits and sources of each type."""
    types = written_types(layout)
    made = []
    for number, declared in enumerate(sorted(set(types.values()))):
        workspace.run(
            f"CREATE OR REPLACE TEMP TABLE {_spoken(declared)} AS"
            f' SELECT f."{CUSTOMER}", r.rank, w.* FROM {quoted_name(written_table(declared))} w'
            f' JOIN {people.fragments} f USING ("{FRAGMENT}")'
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
            f"CREATE OR REPLACE TEMP TABLE {quoted_name(table)} AS"
            f' SELECT "{CUSTOMER}", {values} FROM'
            f' (SELECT "{CUSTOMER}", {", ".join(by)}, last(value {_LAST}) AS value'
            f' FROM {_spoken(declared)} GROUP BY "{CUSTOMER}", {", ".join(by)})'
            f' GROUP BY "{CUSTOMER}"'
        )
    return Made(table, dict.fromkeys(shown, "NULL"))


def _is(by: list[str], key: tuple[str, ...]) -> str:
    return " AND ".join(f"{name} = {quoted(value)}" for name, value in zip(by, key, strict=True))
