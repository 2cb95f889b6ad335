"""Shape of policy.yaml: guards, contact limits, suppressions, levers, controls."""

from __future__ import annotations

from tuttu.catalog.schemas.parts import (
    COLUMN,
    Shape,
    choice,
    document,
    duration,
    expression,
    moment,
    record,
    share,
    table,
    text,
    whole,
    word,
)

REASON = "The name, in plain words, is the reason that people read."


def policy() -> Shape:
    keys = {
        "guards": table(
            "guards", _guard(), description=f"What blocks a purpose for a while. {REASON}"
        ),
        "contact_limits": table(
            "contact limits", _limit(), description=f"How often people are contacted. {REASON}"
        ),
        "suppressions": table(
            "suppressions", _suppression(), description=f"What an answer stops. {REASON}"
        ),
        "levers": table(
            "levers", _lever(), description="A person's thumb on the scale, with an end."
        ),
        "controls": record(
            "controls",
            {
                "no_marketing": share("Customers who get no marketing."),
                "random_choice": share("Customers whose winner is drawn by lot."),
                "propensity_only": share("Customers ranked by propensity alone."),
                "salt": text("a text", "Change it to draw the customers anew."),
            },
            description="Disjoint slices of customers, to measure what decisions are worth.",
        ),
        "exploration": share("Share of slots that are drawn by lot among what is feasible."),
    }
    return document("policy.yaml: rules over all actions", record("policy", keys))


def _guard() -> Shape:
    cooling = "A duration, the word after, and an expression: 3d after max(tickets.resolved_at)"
    return record(
        "a guard",
        {
            "when": expression("Blocks unless this is false."),
            "blocks": word("a purpose", "The purpose that it blocks."),
            "about": text(
                "a collection",
                "Asked of each item, named item.<field>; blocks only what is about that item.",
                COLUMN,
            ),
            "until": text(cooling, f"Blocks further, without the last instant. {cooling}."),
            "through": text(cooling, f"Blocks further, the last instant included. {cooling}."),
            "instead": word("an action", "Ranked first where the guard has blocked something."),
        },
        ["when", "blocks"],
    )


def _limit() -> Shape:
    return record(
        "a contact limit",
        {
            "purpose": word("a purpose", "Absent: any."),
            "channel": word("a channel", "Absent: any."),
            "action": word("an action", "Absent: any."),
            "issue_group": word("an issue group", "Absent: any."),
            "at_most": whole("a number of contacts", "Contacts allowed in the time given."),
            "in": duration("A sliding time up to now."),
            "of": text("a group of traits.yaml", "The group that shares the limit."),
        },
        ["at_most", "in"],
    )


def _suppression() -> Shape:
    return record(
        "a suppression",
        {
            "after": word("an outcome", "The outcome that starts it."),
            "times": whole("a number of times", "How many times in a row. Default 1.", 1),
            "for": duration("How long it lasts."),
            "scope": choice(
                ("action", "issue_group", "owner", "purpose"), "What it stops. Default action."
            ),
        },
        ["after", "for"],
    )


def _lever() -> Shape:
    return record(
        "a lever",
        {
            "times": {
                "title": "a factor such as 1.3",
                "type": "number",
                "minimum": 0,
                "maximum": 1_000_000,
                "description": "Worth is multiplied by it.",
            },
            "action": word("an action", "What it lifts: one of action, issue_group, owner."),
            "issue_group": word("an issue group", "What it lifts."),
            "owner": word("an owner", "What it lifts."),
            "through": moment("Last day or instant."),
            "until": moment("First day or instant when it no longer holds."),
            "by": text("a person", "Who set it."),
            "why": text("a reason", "Why."),
        },
        ["times", "by", "why"],
    )
