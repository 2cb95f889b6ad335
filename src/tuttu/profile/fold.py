"""From state and event to state."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import NamedTuple

from tuttu.profile import groups, windows
from tuttu.profile.aggregates import join
from tuttu.profile.hearing import Entry, Heard, HeardItem, hear
from tuttu.profile.plan import Plan, part_of, plan_of
from tuttu.profile.records import (
    FRAGMENTS,
    ITEMS,
    Fragment,
    KeptItem,
    Log,
    Slot,
    Stamped,
    recent,
    write,
)
from tuttu.vocabulary.events import Event, FragmentId
from tuttu.vocabulary.facts import Logged, Transaction
from tuttu.vocabulary.history import Behind
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Folds


def parts(project: Project) -> frozenset[Slot]:
    """What the project's state is kept under: a slot for each definition."""
    return plan_of(project).slots


def folds(project: Project) -> Folds:
    """The fold of the project's traits, collections and groups over events; other facts say
    nothing about the profile."""
    plan = plan_of(project)

    def fold(transaction: Transaction, logged: Logged) -> None:
        _take(transaction, logged, project, plan)

    return {Event: fold}


def filler(project: Project, behind: Behind) -> Folds:
    """The fold that tells facts of the log to the parts that have not heard them; every other
    part stays as it is."""
    plan = plan_of(project)
    part = lru_cache(partial(part_of, plan))

    def fill(transaction: Transaction, logged: Logged) -> None:
        _take(transaction, logged, project, part(behind.at(logged.position)))

    return {Event: fill}


def _take(transaction: Transaction, logged: Logged, project: Project, plan: Plan) -> None:
    event, fragment = logged.fact.body, logged.fact.fragment
    if not isinstance(event, Event) or fragment is None:
        return
    heard = hear(plan, project.event_schema, event)
    # What a group rests on may have been heard long ago, and the group not.
    if heard or (plan.groups and not plan.whole):
        place = _Place(transaction, fragment, transaction.get(FRAGMENTS, fragment) or Fragment())
        _keep(place, plan, event, heard)
        groups.settle(transaction, fragment, place.state, project, plan.groups)
        transaction.put(FRAGMENTS, fragment, place.state)


class _Place(NamedTuple):
    """Where an event is kept."""

    transaction: Transaction
    fragment: FragmentId
    state: Fragment


def _keep(place: _Place, plan: Plan, event: Event, heard: Heard) -> None:
    state = place.state
    for (trait, source), value in heard.written.items():
        told = state.told.setdefault(plan.told[trait], {})
        write(told, source, Stamped(value, event.time, event.id))
    if heard.step:
        slot = plan.steps[event.name]
        state.happened[slot] = recent([*state.happened.get(slot, []), (event.time, event.id)])
    for item in heard.items:
        _keep_item(place, plan, event, item)
    for entry in heard.entries:
        _keep_entry(place, entry)


def _keep_item(place: _Place, plan: Plan, event: Event, heard: HeardItem) -> None:
    transaction, name = place.transaction, heard.collection
    if not heard.fields and name not in plan.items:
        return
    under = transaction.pseudonym(f"item:{name}", heard.key)
    key = place.fragment + plan.places[name] + under
    item = transaction.get(ITEMS, key) or KeptItem(heard.key)
    if name in plan.items:
        item.time = event.time if item.time is None else max(item.time, event.time)
    for field, value in heard.fields.items():
        write(item.fields, plan.fields[name][field], Stamped(value, event.time, event.id))
    transaction.put(ITEMS, key, item)


def _keep_entry(place: _Place, entry: Entry) -> None:
    tally, state = entry.tally, place.state
    if tally.window is not None:
        log = state.logs.setdefault(tally.slot, Log(entry.time, []))
        windows.add(place.transaction, place.fragment, log, entry)
        return
    there = state.totals.get(tally.slot)
    cells = [entry.cell] if there is None else [there, entry.cell]
    state.totals[tally.slot] = join(tally.aggregate, cells)
