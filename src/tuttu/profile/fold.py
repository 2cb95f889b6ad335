"""From state and event to state."""

from __future__ import annotations

from tuttu.profile import groups, windows
from tuttu.profile.aggregates import join
from tuttu.profile.hearing import Entry, Heard, HeardItem, hear
from tuttu.profile.plan import plan_of
from tuttu.profile.records import (
    FRAGMENTS,
    ITEMS,
    Fragment,
    Item,
    Log,
    Stamped,
    recent,
    write,
)
from tuttu.vocabulary.events import Event, FragmentId
from tuttu.vocabulary.facts import Fold, Logged, Transaction
from tuttu.vocabulary.project import Project


def make_fold(project: Project) -> Fold:
    """The fold of the project's traits, collections and groups over events; other facts say
    nothing about the profile."""
    plan = plan_of(project)

    def fold(transaction: Transaction, logged: Logged) -> None:
        event, fragment = logged.fact.body, logged.fact.fragment
        if not isinstance(event, Event) or fragment is None:
            return
        heard = hear(plan, project.event_schema, event)
        if heard:
            state = transaction.get(FRAGMENTS, fragment) or Fragment()
            before = groups.named(project.profile, state)
            _keep(transaction, fragment, state, event, heard)
            groups.move(transaction, fragment, before, groups.named(project.profile, state))
            transaction.put(FRAGMENTS, fragment, state)

    return fold


def _keep(
    transaction: Transaction, fragment: FragmentId, state: Fragment, event: Event, heard: Heard
) -> None:
    for (trait, source), value in heard.written.items():
        write(state.written.setdefault(trait, {}), source, Stamped(value, event.time, event.id))
    if heard.step:
        moments = state.steps.get(event.name, [])
        state.steps[event.name] = recent([*moments, (event.time, event.id)])
    for item in heard.items:
        _keep_item(transaction, fragment, event, item)
    for entry in heard.entries:
        _keep_entry(transaction, fragment, state, entry)


def _keep_item(
    transaction: Transaction, fragment: FragmentId, event: Event, heard: HeardItem
) -> None:
    key = fragment + transaction.pseudonym(f"item:{heard.collection}", heard.key)
    item = transaction.get(ITEMS, key) or Item(heard.collection, heard.key, event.time)
    item.time = max(item.time, event.time)
    for field, value in heard.fields.items():
        write(item.fields, field, Stamped(value, event.time, event.id))
    transaction.put(ITEMS, key, item)


def _keep_entry(
    transaction: Transaction, fragment: FragmentId, state: Fragment, entry: Entry
) -> None:
    tally = entry.tally
    if tally.window is not None:
        log = state.logs.setdefault(tally.slot, Log(entry.time, []))
        windows.add(transaction, fragment, log, entry)
        return
    there = state.totals.get(tally.slot)
    cells = [entry.cell] if there is None else [there, entry.cell]
    state.totals[tally.slot] = join(tally.aggregate, cells)
