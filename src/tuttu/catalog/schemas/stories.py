"""Shape of scenarios/*.yaml: stories with what must come out of them."""

from __future__ import annotations

from collections.abc import Sequence

from tuttu.catalog.schemas.parts import (
    COLUMN,
    Shape,
    choice,
    document,
    instant,
    listing,
    record,
    table,
    text,
    whole,
    word,
)

BOOLEAN: Shape = {"title": "true or false", "type": "boolean"}
ANYTHING: Shape = {"title": "a value", "type": ["string", "number", "boolean", "null"]}
ITEM: Shape = {"title": "the key of an item", "type": ["string", "integer"], "minLength": 1}
WHO = table(
    "a person such as {user_id: maija}",
    {"title": "an identifier", "type": ["string", "integer"]},
    COLUMN,
    "Who: identifiers by namespace.",
) | {"minProperties": 1}


def scenario(stages: Sequence[str]) -> Shape:
    """stages: those that it may name; none: any."""
    keys = {
        "scenario": text("a sentence", "What the story shows, in plain words."),
        "given": listing("steps", _step(), 0, "What happens, in any order; time decides."),
        "expect": listing("expectations", _expectation(stages), 1, "What must come out of it."),
    }
    return document(
        "A scenario: scenarios/<name>.yaml",
        record("a scenario", keys, ["scenario", "given", "expect"]),
    )


def _values(description: str) -> Shape:
    return {"title": "values by name", "type": "object", "description": description}


def _step() -> Shape:
    return record(
        "a step",
        {
            "at": instant("When it happens."),
            "who": WHO,
            "traits": _values("An identify call with these traits."),
            "event": text("the name of an event", "A track call."),
            "page": text("the name of a page", "A page call."),
            "screen": text("the name of a screen", "A screen call."),
            "properties": _values("Properties of the event, page or screen."),
            "group": text("the id of a group", "A group call."),
            "alias": WHO | {"description": "An alias call: the previous identifier."},
            "decide": text("a surface", "A decision that is kept: its contacts are reserved."),
            "outcome": word(
                "an outcome", "What came of the newest contact of `action` with this customer."
            ),
            "action": word("an action", "The action of the outcome."),
            "item": ITEM | {"description": "The item that the contact of the outcome is about."},
            "purpose": word("a purpose", "A choice given at a door, with `allowed`."),
            "channel": word("a channel", "The channel of the choice. Absent: every channel."),
            "allowed": BOOLEAN | {"description": "What the customer chose."},
            "resource": text("a resource", "A new amount of a resource, with `amount`."),
            "amount": whole("a number of units", "The new amount."),
        },
        ["at"],
    )


def _expectation(stages: Sequence[str]) -> Shape:
    stage = choice(stages) if stages else word("a stage", "")
    return record(
        "an expectation",
        {
            "at": instant("When it is asked; nothing is kept of it."),
            "who": WHO,
            "surface": text("a surface", "The surface that is asked for."),
            "chosen": word("an action", "This action is shown."),
            "treatment": word("a treatment", "The treatment of the chosen or refused action."),
            "refused": word("an action", "This action is a candidate and is refused."),
            "item": ITEM | {"description": "The item it is about. Absent: whichever."},
            "because": text(
                "a reason",
                "What refuses: a condition, guard, limit, suppression or resource by its name, or "
                "the reason in English.",
            ),
            "stage": stage | {"description": "The first stage that refuses."},
            "also": listing("stages", stage, 1, "Other stages that would refuse too (explain)."),
            "not_chosen": word("an action", "This action is not shown, for whatever reason."),
            "empty": {"title": "true", "const": True, "description": "Nothing is shown."},
            "default": word("a message", "Nothing won, and this default content is shown."),
            "traits": table(
                "values by trait", ANYTHING, "^[A-Za-z_][A-Za-z0-9_.]*$", "What traits are then."
            )
            | {"minProperties": 1},
        },
        ["at", "who"],
    )
