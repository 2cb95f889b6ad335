"""All that is kept of a customer, in one order that everybody agrees on."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tuttu.profile import known as knowing
from tuttu.profile.known import Known
from tuttu.profile.plan import Plan, plan_of
from tuttu.vocabulary.facts import Reader
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project


def canonical(reader: Reader, customer: Customer, project: Project) -> object:
    """Plain dicts with sorted keys, lists and scalars: equal for two stores that heard the same
    events, whatever the order, the fragments they came under, and the moment of asking.

    It holds what the project declares now: state of traits that are no more stays out.
    """
    plan = plan_of(project)
    return of_known(plan, knowing.of_customer(reader, plan, customer))


def of_known(plan: Plan, known: Known) -> dict[str, object]:
    """`canonical`, of what is known already."""
    written = {name: known.written[name] for name in plan.written if name in known.written}
    tallies = plan.tallies.values()
    totals = {one.name: known.totals[one.slot] for one in tallies if one.slot in known.totals}
    logs = {one.name: known.windows[one.slot] for one in tallies if known.windows.get(one.slot)}
    steps = {name: known.steps[name] for name in plan.steps if name in known.steps}
    items = {name: known.items[name] for name in plan.collections if name in known.items}
    kept = {
        "written": written,
        "totals": totals,
        "windows": {name: list(cells.items()) for name, cells in logs.items()},
        "steps": steps,
        "collections": items,
    }
    return {name: _sorted(part) for name, part in kept.items()}


def _sorted(value: object) -> object:
    plain = msgspec.to_builtins(value)
    if isinstance(plain, Mapping):
        return {key: _sorted(plain[key]) for key in sorted(plain)}
    return plain
