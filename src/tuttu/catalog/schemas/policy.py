"""Shape of policy.yaml: guards, contact limits, suppressions, levers, controls."""

from typing import get_args

from tuttu.catalog.schemas import json_schema as s
from tuttu.vocabulary.library import SuppressionScope


def policy() -> s.Shape:
    keys = {
        "guards": s.table(
            "guards, {} if there are none",
            _guard(),
            description=f"What blocks a purpose for a while. {s.REASON}",
        ),
        "contact_limits": s.table(
            "contact limits, {} if there are none",
            _limit(),
            description=f"How often people are contacted. {s.REASON}",
        ),
        "suppressions": s.table(
            "suppressions, {} if there are none",
            _suppression(),
            description=f"What an answer stops. {s.REASON}",
        ),
        "levers": s.table(
            "levers", _lever(), description="A person's thumb on the scale, with an end."
        ),
        "controls": s.record(
            "controls",
            {
                "no_marketing": _arm("Customers who get no marketing.", "0%"),
                "random_choice": _arm("Customers whose winner is drawn by lot.", "50%"),
                "propensity_only": _arm("Customers ranked by propensity alone.", "75%"),
                "salt": s.text("a text", "Change it to draw other customers."),
            },
            description="Slices of customers, to measure what decisions are worth.",
        ),
        "exploration": s.share("Share of slots that are drawn by lot among what is feasible."),
    }
    required = ["guards", "contact_limits", "suppressions"]
    return s.document("policy.yaml: rules over all actions", s.record("policy", keys, required))


def _arm(description: str, start: str) -> s.Shape:
    parts = {
        "share": s.share("How many of the customers."),
        "start": s.share(f"Where the slice begins on the circle of customers. Default {start}."),
    }
    title = "a share such as 2%, or {share: 2%, start: 0}"
    return s.one_of_shapes(title, [s.share(), s.record("a slice", parts, ["share"])], description)


def _guard() -> s.Shape:
    cooling = "A duration, the word after, and an expression: 3d after max(tickets.resolved_at)"
    return s.record(
        "a guard",
        {
            "when": s.expression("Blocks unless this is false."),
            "blocks": s.word("a purpose", "The purpose that it blocks."),
            "about": s.text(
                "a collection",
                "Asked of each item, named item.<field>; blocks only what is about that item.",
                s.COLUMN,
            ),
            "of": s.text(
                "a group of traits.yaml",
                "Asked of all members of the customer's group as if they were one customer.",
            ),
            "until": s.text(cooling, f"Blocks further, without the last instant. {cooling}."),
            "through": s.text(cooling, f"Blocks further, the last instant included. {cooling}."),
            "instead": s.word("an action", "Ranked first where the guard has blocked something."),
        },
        ["when", "blocks"],
    )


def _limit() -> s.Shape:
    return s.record(
        "a contact limit",
        {
            "purpose": s.word("a purpose", "Absent: any."),
            "channel": s.word("a channel", "Absent: any."),
            "action": s.word("an action", "Absent: any."),
            "issue_group": s.word("an issue group", "Absent: any."),
            "at_most": s.whole("a number of contacts", "Contacts allowed in the time given."),
            "in": s.duration("A sliding time up to now."),
            "per": s.choice(
                ("day",),
                "Instead of `in`: on the calendar day of now, in the customer's time zone (their "
                "trait `zone`, else the project's). With `of` in the project's.",
            ),
            "of": s.text("a group of traits.yaml", "The group that shares the limit."),
        },
        ["at_most"],
    )


def _suppression() -> s.Shape:
    return s.record(
        "a suppression",
        {
            "after": s.word("an outcome", "The outcome that starts it."),
            "times": s.whole("a number of times", "How many times in a row. Default 1.", 1),
            "for": s.duration("How long it lasts."),
            "scope": s.choice(get_args(SuppressionScope), "What it stops. Default action."),
        },
        ["after", "for"],
    )


def _lever() -> s.Shape:
    return s.record(
        "a lever",
        {
            "times": {
                "title": "a factor such as 1.3",
                "type": "number",
                "minimum": 0,
                "maximum": 1_000_000,
                "description": "Worth is multiplied by it.",
            },
            "action": s.word("an action", "What it lifts: one of action, issue_group, owner."),
            "issue_group": s.word("an issue group", "What it lifts."),
            "owner": s.word("an owner", "What it lifts."),
            "through": s.moment("Last day or instant."),
            "until": s.moment("First day or instant when it no longer holds."),
            "by": s.text("a person", "Who set it."),
            "why": s.text("a reason", "Why."),
        },
        ["times", "by", "why"],
    )
