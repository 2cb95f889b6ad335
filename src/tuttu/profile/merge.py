"""What is known of a customer: the states of their fragments, merged.

Merging is commutative and associative, and merging the states of fragments gives what one
fragment with all their events would hold: so it does not matter under which of the customer's
identifiers an event came.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TypeVar

import msgspec

from tuttu.profile import aggregates, windows
from tuttu.profile import records as r
from tuttu.profile.items import CustomerItems, ItemsOfFragment
from tuttu.profile.plan import ProfilePlan
from tuttu.vocabulary import events, facts, people

T = TypeVar("T")


Written = Mapping[str, Mapping[str, r.Stamped]]
"""Trait to source to value."""


class ProfileState(msgspec.Struct, frozen=True):
    """windows: whole logs. steps: event name to moments."""

    written: Written = {}
    totals: Mapping[r.DefinitionId, r.Stamped] = {}
    windows: Mapping[r.DefinitionId, r.Cells] = {}
    steps: Mapping[str, tuple[r.Moment, ...]] = {}
    items: CustomerItems = msgspec.field(default_factory=CustomerItems)


def of_customer(reader: facts.Reader, plan: ProfilePlan, customer: people.Customer) -> ProfileState:
    return merge(plan, [of_fragment(reader, plan, one) for one in customer.fragments])


def written_of(reader: facts.Reader, plan: ProfilePlan, customer: people.Customer) -> Written:
    """Written traits alone, which are one record for each fragment."""
    states = (reader.get(r.FRAGMENTS, one) for one in customer.fragments)
    return _written([_by_name(plan.written, each.written) for each in states if each is not None])


def _written(several: Sequence[Written]) -> Written:
    return r.each_joined(several, lambda some: r.each_joined(some, r.newest))


def of_fragment(
    reader: facts.Reader, plan: ProfilePlan, fragment: events.FragmentId
) -> ProfileState:
    """What one fragment holds; one without any event holds nothing."""
    state = reader.get(r.FRAGMENTS, fragment)
    if state is None:
        return ProfileState()
    return ProfileState(
        written=_by_name(plan.written, state.written),
        totals=state.totals,
        windows=windows.load(reader, fragment, state),
        steps=_by_name(plan.steps, state.steps),
        items=CustomerItems([ItemsOfFragment(reader, plan, fragment, state.items)]),
    )


def _by_name(ids: Mapping[str, r.DefinitionId], kept: Mapping[r.DefinitionId, T]) -> dict[str, T]:
    """Current definitions only, by name; state of dropped ones is left out."""
    return {name: kept[one] for name, one in ids.items() if one in kept}


def merge(plan: ProfilePlan, several: Sequence[ProfileState]) -> ProfileState:
    """One for all of them, in any order."""
    if len(several) == 1:
        return several[0]
    totals, logs = {}, {}
    for each in plan.aggregates.values():
        cells = [one.totals[each.id] for one in several if each.id in one.totals]
        if cells:
            totals[each.id] = aggregates.join(each.aggregate, cells)
        if each.window is not None:
            logs[each.id] = windows.merge(each, [one.windows.get(each.id, {}) for one in several])
    return ProfileState(
        written=_written([one.written for one in several]),
        totals=totals,
        windows=logs,
        steps=r.each_joined([one.steps for one in several], lambda some: r.recent(chain(*some))),
        items=CustomerItems(part for one in several for part in one.items.parts),
    )
