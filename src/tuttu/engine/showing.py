"""Receipts and records as the doors show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from tuttu.engine.answers import (
    DecideAnswer,
    ShownChoice,
    ShownRefusal,
    TimelineEntry,
)
from tuttu.engine.naming import shown
from tuttu.vocabulary.conversion import format_instant, present
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.facts import Logged
from tuttu.vocabulary.values import MONEY_SCALE, Instant, Schema, Value
from tuttu.vocabulary.verdicts import Choice, Receipt, Refusal, Score, Verdict


def answer_of(receipt: Receipt, *, kept: bool) -> DecideAnswer:
    """A receipt as the answer to the question it decided; kept False: a dry run or explain."""
    return DecideAnswer(
        decision_id=receipt.id if kept else None,
        now=format_instant(receipt.now),
        customer=receipt.asked,
        arm=receipt.arm,
        seed=receipt.seed,
        choices=[_choice(each) for each in receipt.choices],
        refused=[_refusal(each) for each in receipt.verdicts if each.refusal is not None],
        withheld=[_choice(each) for each in receipt.withheld],
        defaults=dict(receipt.defaults),
        project_digest=receipt.project_digest,
    )


def _choice(choice: Choice) -> ShownChoice:
    return ShownChoice(
        contact_id=choice.contact_id,
        action=choice.action,
        treatment=choice.treatment,
        surface=choice.surface,
        slot=choice.slot,
        content=choice.rendered,
        worth=choice.score.worth / MONEY_SCALE,
        propensity=choice.score.propensity,
        probability=choice.probability,
        why=[*choice.why, worth_in_words(choice.score)],
        reused=choice.reused,
        held_until=moment(choice.held_until),
    )


def _refusal(verdict: Verdict) -> ShownRefusal:
    first = verdict.refusal
    assert first is not None  # noqa: S101 - the caller chose the refused ones
    return ShownRefusal(
        action=verdict.action,
        treatment=verdict.treatment,
        surface=verdict.surface,
        stage=first.stage,
        reason=first.reason,
        worth=verdict.score.worth / MONEY_SCALE if verdict.score else None,
        also=[_stage(each) for each in verdict.all_refusals[1:]],
    )


def _stage(refusal: Refusal) -> dict[str, str]:
    return {"stage": refusal.stage, "reason": refusal.reason}


def worth_in_words(score: Score) -> str:
    """The ranking's formula with this candidate's figures, in currency units."""
    product = f"{score.propensity:g} × {score.value / MONEY_SCALE:g}"
    for factor in (score.relevance, score.lever):
        if factor != 1:
            product += f" × {factor:g}"
    for amount, name in ((score.effort, "effort"), (score.cost, "cost")):
        if amount:
            product += f" - {amount / MONEY_SCALE:g} {name}"
    return f"worth {score.worth / MONEY_SCALE:g} = {product}"


def moment(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)


def values(row: Mapping[str, Value], schema: Schema, names: Iterable[str]) -> dict[str, Any]:
    """Columns by name, as text, numbers and ISO dates."""
    return {name: present(row.get(name), schema.columns.get(name)) for name in names}


def items(row: Mapping[str, Value], schema: Schema, name: str) -> list[dict[str, Any]]:
    """One collection's items, each field presented by its declared type."""
    fields = schema.collections[name]
    found = row.get(name)
    return [
        {field: present(item.get(field), declared) for field, declared in fields.items()}
        for item in (found if isinstance(found, list) else [])
    ]


def timeline_entry(logged: Logged) -> TimelineEntry:
    fact = logged.fact
    entry = TimelineEntry(
        position=logged.position,
        time=format_instant(fact.time),
        received=format_instant(fact.received),
        kind=type(fact.body).__name__,
        id=fact.id,
    )
    return _of_event(entry, fact.body) if isinstance(fact.body, Event) else entry


def _of_event(entry: TimelineEntry, event: Event) -> TimelineEntry:
    return msgspec.structs.replace(
        entry,
        kind=event.call,
        name=event.label or event.name,
        identifiers=[shown(each) for each in event.identifiers],
        properties=msgspec.Raw(event.properties),
        traits=msgspec.Raw(event.traits),
        context=msgspec.Raw(event.context),
        integrations=msgspec.Raw(event.integrations),
        group_id=event.group_id,
        claimed=moment(event.claimed),
    )
