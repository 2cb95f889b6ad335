"""Traits of accepted calls that do not fit: told to the sender, kept as a fact, counted by sender.

The call is taken; what the values that do not fit do is for `profile` to say. Their list names no
customer and keeps no value: who sent what kind of value to which trait, how often, and since when.
"""

from collections.abc import Callable
from hashlib import blake2b

import msgspec

from tuttu import profile
from tuttu.intake.errors import kind_of
from tuttu.vocabulary import events, facts, room, values
from tuttu.vocabulary.project import Project

LONGEST_SHOWN = 60


class CallSlip(msgspec.Struct, frozen=True, kw_only=True):
    """One trait that was refused. index: of its call in the body. trait, source, kept: as of
    `events.TraitSlip`."""

    index: int
    trait: str
    source: str
    message: str
    kept: bool


class SlipCount(msgspec.Struct, frozen=True, kw_only=True):
    """What one sender sent to one trait. found, event_id: of the newest one. first, last: when it
    was received."""

    sender: str
    event: str
    trait: str
    source: str
    expected: str
    kept: bool
    found: str
    event_id: str
    count: int
    first: values.Instant
    last: values.Instant


SLIPS = facts.Table("intake.slips", SlipCount)
"""By the hash of who sent what: everything that comes before `found`."""


def with_slips(
    unit: facts.Unit, project: Project, sender: str, new_id: Callable[[], str]
) -> facts.Unit:
    """The unit of an event, with a fact behind it that says which of its traits do not fit."""
    fact = unit.facts[0]
    slips = _slips(unit, project)
    if not slips:
        return unit
    said = events.TraitsRefused(
        event_id=fact.id,
        event=fact.body.name if isinstance(fact.body, events.Event) else "",
        sender=sender,
        traits=tuple(
            events.TraitSlip(
                trait=each.trait,
                source=each.source,
                found=kind_of(each.value),
                expected=each.expected,
                kept=each.kept,
            )
            for each in slips
        ),
    )
    more = msgspec.structs.replace(fact, id=new_id(), body=said)
    return msgspec.structs.replace(unit, facts=(*unit.facts, more))


def told(index: int, unit: facts.Unit, project: Project) -> list[CallSlip]:
    """What the sender of an accepted call is told. unit: `with_slips`. index: of the call in its
    body."""
    if len(unit.facts) == 1:
        return []
    return [
        CallSlip(
            index=index,
            trait=each.trait,
            source=each.source,
            message=_message(each),
            kept=each.kept,
        )
        for each in _slips(unit, project)
    ]


def _slips(unit: facts.Unit, project: Project) -> tuple[profile.Slip, ...]:
    event = unit.facts[0].body
    return profile.slips(project, event) if isinstance(event, events.Event) else ()


def _message(slip: profile.Slip) -> str:
    value = slip.value
    found = kind_of(value)
    if isinstance(value, str):
        found = repr(value[:LONGEST_SHOWN])
    elif isinstance(value, bool | int | float):
        found = msgspec.json.encode(value).decode()
    after = "what is known stays" if slip.kept else "it is not known any more"
    return f"found {found} in the trait `{slip.trait}`; expected {slip.expected}: {after}"


def _count(transaction: facts.Transaction, logged: facts.Logged) -> None:
    """Counts do not depend on the order of facts: newest is by (time of receipt, event id)."""
    said = logged.fact.body
    if not isinstance(said, events.TraitsRefused):
        return
    received = logged.fact.received
    for each in said.traits:
        key = _key(said, each)
        before = transaction.get(SLIPS, key)
        newest = before is None or (before.last, before.event_id) < (received, said.event_id)
        transaction.put(
            SLIPS,
            key,
            SlipCount(
                sender=said.sender,
                event=said.event,
                trait=each.trait,
                source=each.source,
                expected=each.expected,
                kept=each.kept,
                found=each.found if newest or before is None else before.found,
                event_id=said.event_id if newest or before is None else before.event_id,
                count=1 if before is None else before.count + 1,
                first=received if before is None else min(before.first, received),
                last=received if before is None else max(before.last, received),
            ),
        )


def _key(said: events.TraitsRefused, slip: events.TraitSlip) -> bytes:
    named = [said.sender, said.event, slip.trait, slip.source, slip.expected, slip.kept]
    return blake2b(msgspec.json.encode(named), digest_size=16).digest()


FOLDS: room.Folds = {events.TraitsRefused: _count}


def slips(reader: facts.Reader, limit: int) -> list[SlipCount]:
    """What was sent that did not fit, the newest first; at most so many."""
    found = (one for _, one in reader.scan(SLIPS))
    return sorted(found, key=lambda one: (-one.last, one.sender, one.trait, one.event))[:limit]
