"""Receipts and records as the doors show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from tuttu.api.answers import DecideAnswer, ShownChoice, ShownRefusal, TimelineEntry
from tuttu.api.identifiers import shown
from tuttu.vocabulary.conversion import format_instant, present
from tuttu.vocabulary.events import (
    ContactWithdrawn,
    Event,
    PersonLookedAt,
    PreferenceSet,
    Unmerge,
)
from tuttu.vocabulary.facts import Logged
from tuttu.vocabulary.values import MONEY_SCALE, Instant, Schema, Value, schema_about
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
        item=choice.item,
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
        item=verdict.item,
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


def of_item(read: Mapping[str, Value], schema: Schema, about: str) -> dict[str, Any]:
    """What rules about an item read. The collection may be gone since; then values stand as they
    were kept."""
    known = schema_about(schema, about) if about in schema.collections else schema
    return values(read, known, read)


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
    match fact.body:
        case Event() as event:
            return _of_event(entry, event)
        case Unmerge(one=one, other=other, more=more, by=by, why=why):
            names = [shown(each) for each in (one, other, *more)]
            return msgspec.structs.replace(entry, identifiers=names, by=by, why=why)
        case PreferenceSet(by=by) as choice:
            said = msgspec.to_builtins(choice)
            kept = {name: said[name] for name in ("purpose", "channel", "allowed")}
            properties = msgspec.Raw(msgspec.json.encode(kept))
            return msgspec.structs.replace(entry, properties=properties, by=by)
        case Receipt(choices=choices):
            chosen = [_chosen(each) for each in choices]
            properties = msgspec.Raw(msgspec.json.encode({"choices": chosen}))
            return msgspec.structs.replace(entry, properties=properties)
        case PersonLookedAt(by=by, what=what):
            return msgspec.structs.replace(entry, name=what, by=by)
        case ContactWithdrawn(contact_id=contact_id, reason=why):
            properties = msgspec.Raw(msgspec.json.encode({"contact_id": contact_id}))
            entry = msgspec.structs.replace(entry, properties=properties, why=why)
    return entry


def _chosen(choice: Choice) -> dict[str, str]:
    """What was shown where, and about which item, if about any."""
    shown_as = {
        "contact_id": choice.contact_id,
        "action": choice.action,
        "treatment": choice.treatment,
        "surface": choice.surface,
    }
    return shown_as if choice.item is None else {**shown_as, "item": choice.item}


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
        category=event.category,
        claimed=moment(event.claimed),
    )
