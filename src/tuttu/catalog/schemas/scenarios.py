"""Shape of scenarios/*.yaml: what happens, and what must come out of it."""

from collections.abc import Sequence

from tuttu.catalog.schemas import json_schema as s

ANYTHING: s.Shape = {"title": "a value", "type": ["string", "number", "boolean", "null"]}
ITEM: s.Shape = {"title": "the key of an item", "type": ["string", "integer"], "minLength": 1}
WHO = s.table(
    "a person such as {user_id: maija}",
    {"title": "an identifier", "type": ["string", "integer"]},
    s.COLUMN,
    "Who: identifiers by namespace.",
) | {"minProperties": 1}


def scenario(stages: Sequence[str]) -> s.Shape:
    """stages: those that it may name; none: any."""
    keys = {
        "scenario": s.text("a sentence", "What it shows, in plain words."),
        "given": s.listing("steps", _step(), 0, "What happens, in any order; time decides."),
        "expect": s.listing("expectations", _expectation(stages), 1, "What must come out of it."),
    }
    return s.document(
        "A scenario: scenarios/<name>.yaml",
        s.record("a scenario", keys, ["scenario", "given", "expect"]),
    )


def _values(description: str) -> s.Shape:
    return {"title": "values by name", "type": "object", "description": description}


def _step() -> s.Shape:
    return s.record(
        "a step",
        {
            "at": s.instant("When it happens."),
            "who": WHO,
            "traits": _values("An identify call with these traits."),
            "event": s.text("the name of an event", "A track call."),
            "page": s.text("the name of a page", "A page call."),
            "screen": s.text("the name of a screen", "A screen call."),
            "properties": _values("Properties of the event, page or screen."),
            "group": s.text("the id of a group", "A group call."),
            "alias": WHO | {"description": "An alias call: the previous identifier."},
            "decide": s.text("a surface", "A decision that is kept: its contacts are reserved."),
            "outcome": s.word(
                "an outcome", "What came of the newest contact of `action` with this customer."
            ),
            "action": s.word("an action", "The action of the outcome."),
            "item": ITEM | {"description": "The item that the contact of the outcome is about."},
            "purpose": s.word("a purpose", "A choice of the customer, with `allowed`."),
            "channel": s.word("a channel", "The channel of the choice. Absent: every channel."),
            "allowed": s.boolean("What the customer chose."),
            "resource": s.text("a resource", "A new amount of a resource, with `amount`."),
            "amount": s.whole("a number of units", "The new amount."),
        },
        ["at"],
    )


def _expectation(stages: Sequence[str]) -> s.Shape:
    stage = s.choice(stages) if stages else s.word("a stage")
    return s.record(
        "an expectation",
        {
            "at": s.instant("When it is asked; nothing is kept of it."),
            "who": WHO,
            "surface": s.text("a surface", "The surface that is asked for."),
            "surfaces": s.listing(
                "surfaces", s.text("a surface"), 1, "Surfaces that are asked for together."
            ),
            "chosen": s.word("an action", "This action is shown."),
            "treatment": s.word(
                "a treatment", "The treatment of the chosen, owed or refused action."
            ),
            "refused": s.word("an action", "This action is a candidate and is refused."),
            "item": ITEM | {"description": "The item it is about. Absent: any."},
            "because": s.text(
                "a reason",
                "What refuses: a condition, guard, limit, suppression or resource by its name, or "
                "the reason in English.",
            ),
            "stage": stage | {"description": "The first stage that refuses."},
            "also": s.listing("stages", stage, 1, "Other stages that would refuse too (explain)."),
            "owed": s.word("an action", "This action is told as owed, beside the slots."),
            "not_owed": s.word("an action", "This action is not told as owed."),
            "late": s.boolean("Of the owed action: whether it is past its due."),
            "not_chosen": s.word("an action", "This action is not shown, for whatever reason."),
            "empty": {"title": "true", "const": True, "description": "Nothing is shown."},
            "default": s.word("a message", "Nothing won, and this default content is shown."),
            "traits": s.table(
                "values by trait", ANYTHING, "^[A-Za-z_][A-Za-z0-9_.]*$", "What traits are then."
            )
            | {"minProperties": 1},
        },
        ["at", "who"],
    )
