"""The fold of events into profile state."""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import TypeVar

import msgspec

from tuttu.profile import aggregates, groups, ordered_items, windows
from tuttu.profile import records as r
from tuttu.profile.extract import Extract, ItemChange, extract
from tuttu.profile.ordered_items import FEW
from tuttu.profile.plan import ProfilePlan, only, plan_of
from tuttu.vocabulary import facts, history, room
from tuttu.vocabulary.events import Event, FragmentId
from tuttu.vocabulary.project import Project

K = TypeVar("K")


def parts(project: Project) -> frozenset[r.DefinitionId]:
    """The ids of the project's definitions, under which their state is kept."""
    return plan_of(project).ids


def folds(project: Project) -> room.Folds:
    """The fold of the project's traits, collections and groups over events."""
    plan = plan_of(project)
    return _folds(project, lambda _: plan)


def filler(project: Project, behind: history.Behind) -> room.Folds:
    """The same for a backfill: only definitions that do not cover the log up to a fact's position
    change."""
    plan_for = lru_cache(partial(only, plan_of(project)))
    return _folds(project, lambda position: plan_for(behind.at(position)))


def _folds(project: Project, plan_at: Callable[[int], ProfilePlan]) -> room.Folds:
    """plan_at: log position to what a fact there may change."""

    def fold(transaction: facts.Transaction, logged: facts.Logged) -> None:
        event, fragment = logged.fact.body, logged.fact.fragment
        if not isinstance(event, Event) or fragment is None:
            return
        plan = plan_at(logged.position)
        said = extract(plan, project.event_schema, event)
        # The traits of a group's key may have been folded long before the group was declared.
        filling = bool(plan.groups) and not plan.whole
        if said or filling:
            state = transaction.get(r.FRAGMENTS, fragment) or r.Fragment()
            after = _folded(transaction, fragment, state, plan, event, said)
            if plan.groups and (said.written or filling):
                after = groups.moved(transaction, fragment, after, project, plan.groups)
            transaction.put(r.FRAGMENTS, fragment, after)

    return {Event: fold}


def _folded(
    transaction: facts.Transaction,
    fragment: FragmentId,
    state: r.Fragment,
    plan: ProfilePlan,
    event: Event,
    said: Extract,
) -> r.Fragment:
    """The fragment's state after the event; its items and pages are written."""
    written = dict(state.written)
    for (trait, source), value in said.written.items():
        sources = written.get(plan.written[trait], {})
        stamped = r.Stamped(value, event.time, event.id)
        written[plan.written[trait]] = _with_newest(sources, source, stamped)
    steps = state.steps
    if said.step:
        step = plan.steps[event.name]
        moments = r.recent([*steps.get(step, ()), (event.time, event.id)])
        steps = {**steps, step: moments}
    items = state.items
    for item in said.items:
        items = _put_item(transaction, fragment, plan, event, item, items)
    totals, logs = dict(state.totals), dict(state.logs)
    for one, cell in said.cells:
        if one.window is not None:
            log = logs.get(one.id)
            logs[one.id] = windows.add(transaction, fragment, log, one, event.time, cell)
        else:
            cells = [totals[one.id], cell] if one.id in totals else [cell]
            totals[one.id] = aggregates.join(one.aggregate, cells)
    return msgspec.structs.replace(
        state, written=written, totals=totals, logs=logs, steps=steps, items=items
    )


def _with_newest(values: Mapping[K, r.Stamped], name: K, stamped: r.Stamped) -> dict[K, r.Stamped]:
    """What was written last by (time, id), in whatever order it arrives."""
    there = values.get(name)
    return {**values, name: stamped if there is None else r.newest([there, stamped])}


def _put_item(
    transaction: facts.Transaction,
    fragment: FragmentId,
    plan: ProfilePlan,
    event: Event,
    change: ItemChange,
    counts: Mapping[r.DefinitionId, int],
) -> Mapping[r.DefinitionId, int]:
    """How many items are in each order then."""
    name = change.collection
    order = plan.orders.get(name)
    if not change.fields and name not in plan.items and order is None:
        return counts
    under = transaction.pseudonym(f"item:{name}", change.key)
    place = fragment + plan.places[name]
    item = transaction.get(r.ITEMS, place + under) or r.StoredItem(change.key)
    time, fields = item.time, item.fields
    if name in plan.items:
        time = event.time if time is None else max(time, event.time)
    for field, value in change.fields.items():
        stamped = r.Stamped(value, event.time, event.id)
        fields = _with_newest(fields, plan.fields[name][field], stamped)
    ranks = item.ranks
    if order is not None:
        ranks = {**ranks, order.id: ranks.get(order.id)}
    transaction.put(r.ITEMS, place + under, r.StoredItem(item.key, time, fields, ranks))
    if order is None:
        return counts
    count = counts.get(order.id, 0) + (order.id not in item.ranks)
    if count == FEW + 1 and order.id not in item.ranks:
        ordered_items.begin(transaction, place, order, plan.zone)
    elif count > FEW:
        ordered_items.move(transaction, place + under, order, plan.zone)
    return {**counts, order.id: count}
