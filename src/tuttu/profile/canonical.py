"""The whole profile of a customer in one canonical form, for the digest."""

from collections.abc import Mapping

import msgspec

from tuttu.profile import merge
from tuttu.profile.plan import ProfilePlan, plan_of
from tuttu.vocabulary import facts, people
from tuttu.vocabulary.project import Project


def canonical(reader: facts.Reader, customer: people.Customer, project: Project) -> object:
    """Plain dicts with sorted keys, lists and scalars: equal for two stores with the same events,
    whatever their order, their fragments, and the moment of reading.

    Only current definitions: state of dropped traits is left out.
    """
    plan = plan_of(project)
    return of_state(plan, merge.of_customer(reader, plan, customer))


def of_state(plan: ProfilePlan, state: merge.ProfileState) -> dict[str, object]:
    """`canonical` of a profile that is read already."""
    aggregates = plan.aggregates.values()
    logs = {one.name: state.windows[one.id] for one in aggregates if state.windows.get(one.id)}
    kept = {
        "written": {name: state.written[name] for name in plan.written if name in state.written},
        "totals": {one.name: state.totals[one.id] for one in aggregates if one.id in state.totals},
        "windows": {name: list(cells.items()) for name, cells in logs.items()},
        "steps": {name: state.steps[name] for name in plan.steps if name in state.steps},
        "collections": {
            name: state.items.all[name] for name in plan.collections if name in state.items.all
        },
    }
    return {name: _sorted(part) for name, part in kept.items()}


def _sorted(value: object) -> object:
    plain = msgspec.to_builtins(value)
    if isinstance(plain, Mapping):
        return {key: _sorted(plain[key]) for key in sorted(plain)}
    return plain
