"""Shapes of actions/<owner>/<issue group>/<action>.yaml and _group.yaml."""

from __future__ import annotations

from tuttu.catalog.schemas.parts import (
    COLUMN,
    WORD,
    Shape,
    choice,
    document,
    duration,
    expression,
    moment,
    money,
    one_of_shapes,
    record,
    table,
    text,
    whole,
    word,
)

REASON = "The name, in plain words, is the reason that people read."


def action() -> Shape:
    name = {"action": word("the action's name", "The same as the name of the file.")}
    return document(
        "An action: actions/<owner>/<issue group>/<action>.yaml",
        record("an action", name | _inheritable(), ["action"]),
    )


def group() -> Shape:
    return document(
        "_group.yaml: what all actions of the folder inherit",
        record("what actions inherit", _inheritable()),
    )


def _inheritable() -> dict[str, Shape]:
    return {
        "objective": text("a text", "What its owner wants to reach with it."),
        "status": choice(("draft", "live", "paused", "retired"), "Only live ones are candidates."),
        "purpose": word("a purpose", "A purpose of consent.yaml."),
        "about": text(
            "a collection",
            "A collection of traits.yaml: judged once for each item, named item.<field>.",
            COLUMN,
        ),
        "value": expression("Currency units that it brings if it succeeds."),
        "relevance": expression("Factor for how well it fits this moment. Default 1."),
        "effort": expression("Currency units that the customer's trouble is worth. Default 0."),
        "propensity": one_of_shapes(
            "a probability, an expression, or {model: name}",
            [expression(), record("a model", {"model": word("a model")}, ["model"])],
            "How likely it succeeds: a number, an expression, or a model's handle.",
        ),
        "valid": record(
            "a period",
            {
                "from": moment("First day or instant."),
                "through": moment("Last day or instant."),
                "until": moment("First day or instant when it no longer holds."),
            },
            description="When it may be shown at all.",
        ),
        "eligible": _conditions("May we at all: law, product."),
        "applicable": _conditions("Does it apply now."),
        "suitable": _conditions("Is it in the customer's interest."),
        "treatments": table(
            "treatments", _treatment(), WORD, "Ways of carrying it out, one or more per channel."
        ),
        "outcomes": table(
            "outcomes",
            expression("Condition on an event."),
            WORD,
            "Events that say what came of it, as conditions on an event.",
        ),
    }


def _conditions(description: str) -> Shape:
    title = "conditions by name"
    return table(title, expression(), description=f"{description} {REASON}")


def _treatment() -> Shape:
    return record(
        "a treatment",
        {
            "surface": text(
                "a surface", "Where it is shown. Default: the outbound channel it is named after."
            ),
            "message": word("a message", "content/<message>.<channel>.<language>.liquid"),
            "cost": money("What one contact costs, in currency units."),
            "uses": table(
                "units by resource",
                whole("a number of units", "", 1),
                COLUMN,
                "Units of resources that one contact takes.",
            ),
            "answer_within": duration("Without an answer for this long it counts as ignored."),
            "holds": duration("How long an offer shown keeps its terms."),
        },
    )
