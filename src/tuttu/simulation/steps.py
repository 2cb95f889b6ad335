"""Runs one step of a scenario on the engine, as a sender would."""

from typing import Any

import msgspec

from tuttu import engine as use
from tuttu.api import DecideRequest, PreferenceRequest, PreferencesRequest, ResourceRequest
from tuttu.catalog import ScenarioStep
from tuttu.engine import Runtime
from tuttu.intake import address
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.errors import CallRefused, FinalError

SENDER = "scenario"


class StepError(FinalError):
    """A step that could not be run: what was found and what it needs."""


def perform(engine: Runtime, step: ScenarioStep, number: int) -> None:
    """`number` makes the step's id: two equal steps are two events. Raises StepError."""
    if step.kind == "decide":
        use.decide(engine, DecideRequest(who=dict(step.who), surfaces=[step.name]))
    elif step.kind == "preference":
        choice = PreferenceRequest(purpose=step.purpose, channel=step.channel, allowed=step.allowed)
        use.set_preferences(
            engine, dict(step.who), PreferencesRequest(preferences=[choice]), SENDER
        )
    elif step.kind == "resource":
        use.set_resource(engine, step.name, ResourceRequest(amount=step.amount), SENDER)
    else:
        _send(engine, _call(engine, step), step, number)


def _send(engine: Runtime, call: dict[str, Any], step: ScenarioStep, number: int) -> None:
    kind = "track" if step.kind == "outcome" else step.kind
    said = {
        "messageId": f"scenario-{number:06d}",
        "timestamp": format_instant(step.at),
        **address(step.who),
        **call,
    }
    try:
        use.accept(engine, kind, msgspec.json.encode(said), None, SENDER)
    except CallRefused as refused:
        raise StepError(str(refused)) from refused


def _call(engine: Runtime, step: ScenarioStep) -> dict[str, Any]:
    values = dict(step.values)
    match step.kind:
        case "identify":
            return {"traits": values}
        case "track":
            return {"event": step.name, "properties": values}
        case "group":
            return {"groupId": step.name}
        case "alias":
            return {"previousId": next(iter(step.previous.values()), None)}
        case "outcome":
            return _outcome(engine, step)
        case _:
            return {"name": step.name, "properties": values}


def _outcome(engine: Runtime, step: ScenarioStep) -> dict[str, Any]:
    """Said of the customer's newest contact of that action, about the step's item if it has one."""
    contacts = use.customer(engine, dict(step.who), SENDER).contacts
    of_action = [
        each for each in contacts if each.action == step.action and step.item in (None, each.item)
    ]
    if not of_action:
        named = f"{step.action} about {step.item}" if step.item else step.action
        raise StepError(f"no contact of {named} whose outcome could be {step.name}")
    meaning = engine.project.tracking.outcomes
    events = [event for event, outcome in meaning.items() if outcome == step.name]
    if not events:
        raise StepError(f"no event that means {step.name}; name one in events.yaml, `outcomes`")
    newest = max(of_action, key=lambda each: (each.time, each.contact_id))
    return {"event": events[0], "properties": {"contact_id": newest.contact_id}}
