"""Shapes of actions/<owner>/<issue group>/<action>.yaml and _group.yaml."""

from typing import get_args

from tuttu.catalog.schemas import json_schema as s
from tuttu.vocabulary.library import ActionStatus


def action() -> s.Shape:
    name = {"action": s.word("the action's name", "The same as the name of the file.")}
    return s.document(
        "An action: actions/<owner>/<issue group>/<action>.yaml",
        s.record("an action", name | _inheritable(), ["action"]),
    )


def group() -> s.Shape:
    return s.document(
        "_group.yaml: what all actions of the folder inherit",
        s.record("what actions inherit", _inheritable()),
    )


def _inheritable() -> dict[str, s.Shape]:
    return {
        "objective": s.text("a text", "What its owner wants to reach with it."),
        "status": s.choice(get_args(ActionStatus), "Only live ones are candidates."),
        "purpose": s.word("a purpose", "A purpose of consent.yaml."),
        "about": s.text(
            "a collection",
            "A collection of traits.yaml: judged once for each item, named item.<field>.",
            s.COLUMN,
        ),
        "value": s.expression("Currency units that it brings if it succeeds."),
        "relevance": s.expression("Factor for how well it fits this moment. Default 1."),
        "effort": s.expression("Currency units that the customer's trouble is worth. Default 0."),
        "propensity": s.one_of_shapes(
            "a probability, an expression, or {model: name}",
            [s.expression(), s.record("a model", {"model": s.word("a model")}, ["model"])],
            "How likely it succeeds: a number, an expression, or a model's handle.",
        ),
        "due": s.expression(
            "Of an owed action: by when the customer must have been contacted, a timestamp. NULL "
            "and absent are now."
        ),
        "fulfils": s.boolean(
            "Of an owed action: of treatments that do not say it. False: they are reminders."
        ),
        "valid": s.record(
            "a period",
            {
                "from": s.moment("First day or instant."),
                "through": s.moment("Last day or instant."),
                "until": s.moment("First day or instant when it no longer holds."),
            },
            description="When it may be shown at all.",
        ),
        "eligible": _conditions("May we at all: law, product."),
        "applicable": _conditions("Does it apply now."),
        "suitable": _conditions("Is it in the customer's interest."),
        "similar_to": s.expression(
            "Condition: what it offers is like what the customer bought; for `soft_opt_in`."
        ),
        "treatments": s.table(
            "treatments", _treatment(), s.WORD, "Ways of carrying it out, one or more per channel."
        ),
        "outcomes": s.table(
            "outcomes",
            s.expression("Condition on an event."),
            s.WORD,
            "Events that say what came of it, as conditions on an event.",
        ),
    }


def _conditions(description: str) -> s.Shape:
    title = "conditions by name"
    return s.table(title, s.expression(), description=f"{description} {s.REASON}")


def _treatment() -> s.Shape:
    return s.record(
        "a treatment",
        {
            "surface": s.text(
                "a surface", "Where it is shown. Default: the outbound channel it is named after."
            ),
            "message": s.word("a message", "content/<message>.<channel>.<language>.liquid"),
            "cost": s.money("What one contact costs, in currency units."),
            "uses": s.table(
                "units by resource",
                s.whole("a number of units", "", 1),
                s.COLUMN,
                "Units of resources that one contact takes.",
            ),
            "answer_within": s.duration("Without an answer for this long it counts as ignored."),
            "holds": s.duration("How long an offer shown keeps its terms."),
            "fulfils": s.boolean(
                "Of an owed action. False: a contact by it is a reminder, and fulfils nothing."
            ),
        },
    )
