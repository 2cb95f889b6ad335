"""The customer's part of the wide row, as conditions read it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, cast

from tuttu.profile import aggregates, merge, windows
from tuttu.profile.items import ShownItem
from tuttu.profile.plan import ProfilePlan, plan_of
from tuttu.profile.records import Moment, Stamped, last_written
from tuttu.vocabulary import company, facts, people
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import OWNERS_ZONE, ZONE, Duration, Instant, Row, Value
from tuttu.vocabulary.zones import zone_or

NOTHING_GIVEN: Row = {}


def read(
    reader: facts.Reader,
    customer: people.Customer,
    project: Project,
    now: Instant,
    *,
    profiling: bool,
) -> dict[str, Value]:
    """One customer at one moment: every trait, ``source.trait`` and collection, and ``now``.

    What is unknown is NULL; a count of nothing is 0, and a sequence that did not happen FALSE. A
    collection is a list of its items in the order of their keys, each with all declared fields; of
    more than its limit, some (see `items.CustomerItems.shown`).
    profiling False: traits for the use `profiling` read NULL, and so does what derives from them.

    Traits of groups read as if the customer were alone in them (see `own_row`).
    Windows and sequences leave out events after `now`. Everything else is as of the snapshot,
    not as of `now`: queries about an earlier moment are answered from a receipt.
    """
    return own_row(project, state_of(reader, customer, project), now, profiling=profiling)


def state_of(
    reader: facts.Reader, customer: people.Customer, project: Project
) -> merge.ProfileState:
    """All that is kept of a customer, merged; every record is watched."""
    return merge.of_customer(reader, plan_of(project), customer)


def written_of(reader: facts.Reader, customer: people.Customer, project: Project) -> merge.Written:
    """Of all that, the written traits by source."""
    return merge.written_of(reader, plan_of(project), customer)


def own_row(
    project: Project,
    state: merge.ProfileState,
    now: Instant,
    *,
    profiling: bool,
    given: Row = NOTHING_GIVEN,
) -> dict[str, Value]:
    """`read`, of a state that is read already. given: columns that are not worked out from it, as
    traits of groups; in one that is absent the customer is a group of one."""
    return row_of(plan_of(project), state, now, profiling=profiling, given=given)


def row_of(
    plan: ProfilePlan,
    state: merge.ProfileState,
    now: Instant,
    *,
    profiling: bool,
    given: Row = NOTHING_GIVEN,
) -> dict[str, Value]:
    """`read` of a state, whole or merged of several customers'. given: columns that are not worked
    out from it."""
    hidden = frozenset() if profiling else plan.profiling
    row: dict[str, Value] = {"now": now}
    shown = state.items.shown(plan).items
    for name, items in shown.items():
        row[name] = [one.row for one in items]
    made = _Making(plan, state, shown, {**given, **dict.fromkeys(hidden)})
    _fill(row, plan.stored, made)
    for one in plan.sources:
        stamped = state.written.get(one.trait, {}).get(one.source)
        value = None if one.trait in hidden or stamped is None else stamped.value
        row[one.column] = given.get(one.column, value)
    _fill(row, plan.computed, made)
    return row


class _Making(NamedTuple):
    """What a row is made of. items: those that rules see. fixed: values
    that are not worked out."""

    plan: ProfilePlan
    state: merge.ProfileState
    items: Mapping[str, Sequence[ShownItem]]
    fixed: Row


def _fill(row: dict[str, Value], traits: Iterable[company.Trait], made: _Making) -> None:
    """Each trait after what it reads."""
    fixed, written = made.fixed, made.state.written
    for trait in traits:
        name = trait.name
        if name in fixed:
            row[name] = fixed[name]
        elif trait.aggregate is not None:
            row[name] = _aggregate(made, row, trait)
        elif trait.sequence:
            row[name] = _happened(trait, made.state.steps, cast("Instant", row["now"]))
        elif trait.derived is not None or trait.first_known:
            row[name] = _computed(trait, row)
        else:
            row[name] = last_written(written[name]) if written.get(name) else None


def _aggregate(made: _Making, row: Row, trait: company.Trait) -> Value:
    """An aggregate over items has a cell for each item that passes; in a window, if an event was
    about it in there. row: as far as it is known; the trait `zone` is, if it is asked."""
    plan, state = made.plan, made.state
    aggregate, one = trait.aggregate or "count", plan.aggregates.get(trait.name)
    now = cast("Instant", row["now"])
    whole: Row = {"now": now, OWNERS_ZONE: row.get(ZONE)}
    cells: list[Stamped] = []
    if one is None:
        field = trait.field or plan.collections[trait.over].key
        for item, shown in made.items[trait.over]:
            recent = trait.window is None or now - trait.window <= item.time <= now
            if recent and (trait.test is None or trait.test({**shown, **whole}) is True):
                unsaid = Stamped(shown.get(field), item.time, item.key)
                cell = aggregates.cell(aggregate, item.fields.get(field, unsaid))
                cells += [] if cell is None else [cell]
    elif one.window is not None:
        cells = windows.inside(state.windows.get(one.id, {}), one.window, now)
    elif one.id in state.totals:
        cells = [state.totals[one.id]]
    return aggregates.outcome(aggregate, cells)


def _happened(trait: company.Trait, moments: Mapping[str, Sequence[Moment]], now: Instant) -> bool:
    """TRUE if one event of each step happened, each after the one before it by (time, id), the
    last at most `within` after the first and at most `window` ago, none after `now`.

    Only the newest happenings of each step are kept (`records.STEPS`), so what lies behind that
    many later ones is forgotten.
    """
    past = [
        [moment for moment in moments.get(step, ()) if moment[0] <= now] for step in trait.sequence
    ]
    if trait.window is not None:
        past[-1] = [moment for moment in past[-1] if moment[0] >= now - trait.window]
    return any(_follow(first, past[1:], trait.within) for first in past[0])


def _follow(first: Moment, later: Iterable[list[Moment]], within: Duration | None) -> bool:
    """Taking the earliest next step each time reaches each later one as early as can be, and the
    last of those that are left as soon after the first."""
    at = first
    for moments in later:
        after = next((moment for moment in moments if moment > at), None)
        if after is None:
            return False
        at = after
    return within is None or at[0] - first[0] <= within


def _computed(trait: company.Trait, row: Row) -> Value:
    """A trait made of other columns."""
    if trait.derived is not None:
        return trait.derived(row)
    values = (row.get(column) for column in trait.first_known)
    return next((value for value in values if value is not None), None)


def beyond_limits(project: Project, state: merge.ProfileState) -> Mapping[str, int]:
    """By collection, how many of the customer's items are beyond its limit, if any are."""
    return state.items.shown(plan_of(project)).beyond


def zone_of(project: Project, row: Row) -> str:
    """The customer's time zone: their trait `zone`, where it names one, else the project's."""
    return zone_or(row.get(ZONE), project.company.zone)


def with_ledger(project: Project, row: Row, ledger: Row, *, profiling: bool) -> dict[str, Value]:
    """What `read` gave, with the ledger's columns, and the traits that depend on them computed."""
    plan = plan_of(project)
    whole = {**row, **ledger}
    hidden = frozenset() if profiling else plan.profiling
    for trait in plan.of_ledger:
        whole[trait.name] = None if trait.name in hidden else _computed(trait, whole)
    return whole


def with_columns(project: Project, row: Row, columns: Row) -> dict[str, Value]:
    """The row with some columns set to other values, and the traits made of them computed again.

    A trait that does not follow from the row as it is (overridden, or hidden) stays as it is.
    """
    after = {**row, **columns}
    for trait in consistent_traits(project, row):
        if trait.name not in columns:
            after[trait.name] = _computed(trait, after)
    return after


def consistent_traits(project: Project, row: Row) -> list[company.Trait]:
    """Traits made of other columns that are what the row says, each after what it reads."""
    return [each for each in computed_traits(project) if _computed(each, row) == row.get(each.name)]


def traits_of_groups(project: Project) -> Mapping[str, tuple[company.Trait, ...]]:
    """By group, the traits that are worked out over its members."""
    return plan_of(project).grouped


def computed_traits(project: Project) -> tuple[company.Trait, ...]:
    """Traits made of other columns of the customer, each after what it reads."""
    return plan_of(project).own_computed


def dependencies(project: Project, columns: Iterable[str]) -> set[str]:
    """Columns, and all columns that derived ones among them depend on."""
    computed = {trait.name: trait for trait in computed_traits(project)}
    found: set[str] = set()
    waiting = [*columns]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += computed[name].reads if name in computed else ()
    return found
