"""The tracking plan: what an event must carry, and of what type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuttu.intake.refusing import Code, RefusedError, kind_of
from tuttu.vocabulary.company import PlannedEvent, Tracking
from tuttu.vocabulary.conversion import convert
from tuttu.vocabulary.values import Type


def require_planned(tracking: Tracking, call: str, event: str, said: Mapping[str, Any]) -> None:
    """Raises RefusedError if the plan refuses the event; `said` are its properties."""
    planned = tracking.plan.get(event)
    if planned is None:
        if call == "track" and tracking.undeclared == "refuse":
            raise RefusedError(
                Code.UNDECLARED_EVENT,
                f"found the event {event[:60]!r}, which the tracking plan does not name; "
                "expected a planned one: add it to events.yaml or correct the sender",
            )
        return
    for name in sorted(planned.required):
        if said.get(name) is None:
            raise _missing(planned, name)
    for name, declared in planned.properties.items():
        _require_type(said.get(name), declared, name)
    for name, fields in planned.items.items():
        _require_items(said.get(name), fields, name)


def _missing(planned: PlannedEvent, name: str) -> RefusedError:
    return RefusedError(
        Code.MISSING_PROPERTY,
        f"found no property `{name}` in {planned.name!r}; the tracking plan requires it: send it",
    )


def _require_type(value: Any, declared: Type, where: str) -> None:
    if value is None:
        return
    converted = convert(value, declared)
    if converted is None:
        raise _wrong(value, str(declared), where)
    if isinstance(converted, list):
        for index, (found, entry) in enumerate(zip(value, converted, strict=True)):
            if entry is None and found is not None:
                raise _wrong(found, str(declared.kind), f"{where}[{index}]")


def _require_items(value: Any, fields: Mapping[str, Type], where: str) -> None:
    if value is None:
        return
    if not isinstance(value, list):
        raise _wrong(value, "a list of objects", where)
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            raise _wrong(item, "an object", f"{where}[{index}]")
        for name, declared in fields.items():
            _require_type(item.get(name), declared, f"{where}[{index}].{name}")


def _wrong(value: Any, expected: str, where: str) -> RefusedError:
    found = repr(value[:60]) if isinstance(value, str) else kind_of(value)
    return RefusedError(
        Code.WRONG_TYPE,
        f"found {found} in the property `{where}`; the tracking plan expects {expected}",
    )
