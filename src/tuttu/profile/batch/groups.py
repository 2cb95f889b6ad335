"""Groups as SQL: who the members are, and what all of them say as one customer.

A group of two or more becomes an imaginary customer, whose fragments are those of all members. Its
row is made by the same statements as any customer's; of what is for profiling by a second imaginary
customer, whose fragments are those of the members who allow it.
"""

# ruff: noqa: S608 - names are quoted, and values are constants of ours

from tuttu.policy import duckdb_type, quoted, quoted_name
from tuttu.profile.batch import computing, written_traits
from tuttu.profile.batch import layout as lay
from tuttu.profile.batch.log import FRAGMENTS
from tuttu.profile.batch.sums import Population, moment
from tuttu.storage import ExportWorkspace
from tuttu.vocabulary.company import CustomerGroup
from tuttu.vocabulary.values import Instant

MOST_MEMBERS = 50
"""By definition: of more, nothing is known."""
MEMBERS, ALLOWING, GROUPS = '"group members"', '"computed of allowing"', '"computed of groups"'
LAID = '"laid of groups"'


def compute(workspace: ExportWorkspace, layout: lay.Layout, customers: str, now: Instant) -> None:
    """Makes the table `computing.COMPUTED` of all customers, that of `rows_of` for each group of
    which a trait or a guard is, and those of `items.latest`."""
    names = lay.groups_asked(layout.project)
    people = Population(customers, FRAGMENTS)
    if not names:
        computing.compute(workspace, layout, people, now)
        return
    _make_members(workspace, layout, people, names)
    some = f"SELECT * FROM {MEMBERS} WHERE number BETWEEN 2 AND {MOST_MEMBERS}"
    _make_people(workspace, layout, "allowing", f'{some} AND "{lay.PROFILING}"', now)
    computing.compute(workspace, layout, _people("allowing"), now, into=ALLOWING)
    _make_people(workspace, layout, "whole", _seen_by(some), now)
    computing.compute(
        workspace, layout, _people("whole"), now, _profiled(workspace, layout), GROUPS
    )
    computing.compute(workspace, layout, people, now, _of_members(workspace, layout))
    for name in names:
        workspace.run(f"CREATE TEMP TABLE {rows_of(name)} AS {_rows(name, now)}")


def rows_of(group: str) -> str:
    """The table with the row of the group of each customer, under the customer."""
    return quoted_name(f"rows of {group}")


def _make_members(
    workspace: ExportWorkspace, layout: lay.Layout, people: Population, names: list[str]
) -> None:
    """Each customer with a value, and how many have it. `as`: the imaginary customer."""
    made = written_traits.compute(workspace, layout, people)
    keys = " UNION ALL ".join(
        f'SELECT "{lay.CUSTOMER}", "{lay.PROFILING}", {quoted(name)} AS "of",'
        f" {_key(layout, layout.project.profile.groups[name])} AS key FROM written"
        for name in names
    )
    written = computing.stored(layout, people, made)
    workspace.run(
        f"CREATE TEMP TABLE {MEMBERS} AS WITH written AS ({written}), keys AS ({keys})"
        " SELECT *, concat('of ', \"of\", ' ', key) AS \"as\","
        ' count(*) OVER (PARTITION BY "of", key) AS number FROM keys WHERE key IS NOT NULL'
    )


def _key(layout: lay.Layout, group: CustomerGroup) -> str:
    """The value as text; what is a list names no group."""
    traits = layout.project.profile.traits

    def known(column: str) -> str:
        trait = traits.get(column)
        if trait is not None and trait.first_known:
            choices = ", ".join(map(known, trait.first_known))
            return computing.allowed(layout, layout.column(column), f"COALESCE({choices}, NULL)")
        return quoted_name(layout.column(column))

    many = traits[group.key].type.many
    return f"CAST({'NULL' if many else known(group.key)} AS VARCHAR)"


def _people(name: str) -> Population:
    return Population(quoted_name(f"customers {name}"), quoted_name(f"fragments {name}"))


def _make_people(
    workspace: ExportWorkspace, layout: lay.Layout, name: str, members: str, now: Instant
) -> None:
    """Imaginary customers. members: of `MEMBERS`, under the names that they have here."""
    people = _people(name)
    relation = {each: duckdb_type(kind) for each, kind in layout.relation().items()}
    others = "".join(
        f", {moment(now) if each == 'now' else 'NULL'}::{kind} AS {quoted_name(each)}"
        for each, kind in relation.items()
    )
    workspace.run(
        f'CREATE TEMP TABLE {people.customers} AS SELECT "as" AS "{lay.CUSTOMER}",'
        f' bool_or("{lay.PROFILING}") AS "{lay.PROFILING}"{others} FROM ({members}) GROUP BY "as"'
    )
    workspace.run(
        f'CREATE TEMP TABLE {people.fragments} AS SELECT f."{lay.FRAGMENT}", m."as" AS'
        f' "{lay.CUSTOMER}" FROM ({members}) m JOIN {FRAGMENTS} f USING ("{lay.CUSTOMER}")'
    )


def _seen_by(members: str) -> str:
    """Twice: as a member sees it who allows profiling, and as one who refused it."""
    return (
        f'SELECT * REPLACE ("as" || seen AS "as", "{lay.PROFILING}" AND seen = {quoted(_ALLOWED)}'
        f' AS "{lay.PROFILING}") FROM ({members}),'
        f" (VALUES ({quoted(_ALLOWED)}), ({quoted(_REFUSED)})) AS ways(seen)"
    )


_ALLOWED, _REFUSED = " allowed", " refused"


def _profiled(workspace: ExportWorkspace, layout: lay.Layout) -> computing.Overlay:
    """What is for profiling, of those who allow it."""
    project = layout.project
    columns = [
        layout.column(name)
        for name in lay.compared(project)
        if "profiling" in project.profile.traits[lay.base_of(project, name)].uses
    ]
    table = '"laid of allowing"'
    workspace.run(
        f'CREATE TEMP TABLE {table} AS SELECT * REPLACE ("{lay.CUSTOMER}" || {quoted(_ALLOWED)}'
        f' AS "{lay.CUSTOMER}"), TRUE AS "tuttu holds" FROM {ALLOWING}'
    )
    return computing.Overlay(table, dict.fromkeys(columns, "tuttu holds"))


def _of_members(workspace: ExportWorkspace, layout: lay.Layout) -> computing.Overlay:
    """The traits of groups, for customers who are not alone in them."""
    grouped: dict[str, list[str]] = {}
    for name, trait in layout.project.profile.traits.items():
        if trait.group is not None:
            grouped.setdefault(trait.group, []).append(layout.column(name))
    if not grouped:
        return computing.NOTHING_LAID
    columns, joins = [f'"{lay.CUSTOMER}"'], ""
    for number, (group, traits) in enumerate(grouped.items()):
        row = f"g{number}"
        columns += [f"{row}.{quoted_name(each)}" for each in traits]
        columns.append(f"{row}.number > 1 AS {_holds(group)}")
        joins += f' LEFT JOIN ({_joined(group)}) {row} USING ("{lay.CUSTOMER}")'
    workspace.run(
        f"CREATE TEMP TABLE {LAID} AS SELECT {', '.join(columns)}"
        f' FROM (SELECT DISTINCT "{lay.CUSTOMER}" FROM {MEMBERS}){joins}'
    )
    holds = {each: f"laid {group}" for group, traits in grouped.items() for each in traits}
    return computing.Overlay(LAID, holds)


def _holds(group: str) -> str:
    return quoted_name(f"laid {group}")


def _joined(group: str) -> str:
    """Members who are not alone, with the row of the group; of too many with none."""
    seen = f'CASE WHEN m."{lay.PROFILING}" THEN {quoted(_ALLOWED)} ELSE {quoted(_REFUSED)} END'
    return (
        f'SELECT m."{lay.CUSTOMER}", m.number, g.* EXCLUDE ("{lay.CUSTOMER}") FROM {MEMBERS} m'
        f' LEFT JOIN {GROUPS} g ON g."{lay.CUSTOMER}" = m."as" || {seen}'
        f' WHERE m."of" = {quoted(group)} AND m.number > 1'
    )


def _rows(group: str, now: Instant) -> str:
    not_alone = (
        f'SELECT "{lay.CUSTOMER}" FROM {MEMBERS} WHERE "of" = {quoted(group)} AND number > 1'
    )
    return (
        f'SELECT * EXCLUDE (number) REPLACE ({moment(now)} AS "now"),'
        f' number > {MOST_MEMBERS} AS "{lay.TOO_MANY}" FROM ({_joined(group)}) UNION ALL BY NAME'
        f' SELECT *, FALSE AS "{lay.TOO_MANY}" FROM {computing.COMPUTED}'
        f' WHERE "{lay.CUSTOMER}" NOT IN ({not_alone})'
    )


def members(layout: lay.Layout, group: CustomerGroup, computed: str) -> str:
    """Each customer with those who share their value of the group's key, themselves included: their
    number, and the SHA-256 of their names, in order, with commas between."""
    key = f"CAST({quoted_name(layout.column(group.key))} AS VARCHAR)"
    if layout.project.profile.traits[group.key].type.many:
        key = "CAST(NULL AS VARCHAR)"
    own = f'SELECT "{lay.CUSTOMER}", {key} AS key FROM {computed}'
    return (
        f'SELECT "{lay.CUSTOMER}", count(*) AS number,'
        " sha256(string_agg(other, ',' ORDER BY other)) AS names FROM ("
        f'SELECT "{lay.CUSTOMER}", "{lay.CUSTOMER}" AS other FROM {computed} UNION'
        f' SELECT c."{lay.CUSTOMER}", o."{lay.CUSTOMER}" FROM ({own}) c JOIN ({own}) o'
        f' ON o.key = c.key) GROUP BY "{lay.CUSTOMER}"'
    )
