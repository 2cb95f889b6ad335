"""What a change is made of, and what the snapshot is once it is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from tuttu import profile
from tuttu.decision.situation import CandidateKey, Situation, Wide, items_of
from tuttu.vocabulary.library import Action, Policy
from tuttu.vocabulary.values import ITEM, Instant, Row, Value
from tuttu.vocabulary.verdicts import Score

OF_ITEM = f"{ITEM}."


class ColumnSet(msgspec.Struct, frozen=True, kw_only=True, tag="column"):
    """A column of the row has another value.

    of: collection and key of the item whose row it is (``item.status``, or what was contacted and
    answered about that item); None: the customer's.
    """

    name: str
    now: Value
    would_be: Value
    of: tuple[str, str] | None = None


class Later(msgspec.Struct, frozen=True, kw_only=True, tag="time"):
    """It is asked at a later moment, with nothing more heard until then. What was counted in a
    sliding window stays as it was counted."""

    now: Instant
    would_be: Instant


class Allowed(msgspec.Struct, frozen=True, kw_only=True, tag="consent"):
    """The customer allows a purpose in a channel, or, so that another channel's turn comes, does
    not."""

    purpose: str
    channel: str
    now: bool
    would_be: bool


class Units(msgspec.Struct, frozen=True, kw_only=True, tag="resource"):
    """So many units of a resource are free."""

    name: str
    now: int
    would_be: int


class Live(msgspec.Struct, frozen=True, kw_only=True, tag="status"):
    """The action is live."""

    action: str
    now: str


class Endless(msgspec.Struct, frozen=True, kw_only=True, tag="validity"):
    """The action has no end; now: the instant from which it is not valid any more."""

    action: str
    now: Instant


class Worth(msgspec.Struct, frozen=True, kw_only=True, tag="worth"):
    """A candidate is worth so much, in 1/10,000 of the currency's unit; now None: unknown."""

    action: str
    treatment: str
    item: str | None = None
    now: int | None
    would_be: int

    @property
    def key(self) -> CandidateKey:
        return self.action, self.treatment, self.item


class Room(msgspec.Struct, frozen=True, kw_only=True, tag="limit"):
    """A contact limit bears so many contacts."""

    name: str
    now: int
    would_be: int


class Arm(msgspec.Struct, frozen=True, kw_only=True, tag="arm"):
    """The customer is in another slice of the controls."""

    now: str
    would_be: str


class NoDice(msgspec.Struct, frozen=True, kw_only=True, tag="dice"):
    """Nothing is drawn for exploration; now: the share that is."""

    now: float


Part: TypeAlias = ColumnSet | Later | Allowed | Units | Live | Endless | Worth | Room | Arm | NoDice


class Change(msgspec.Struct, frozen=True):
    """Parts that together turn a refusal, and none of which can be left out."""

    parts: tuple[Part, ...]


def apply(situation: Situation, change: Change) -> Situation:
    """The snapshot as it would be: the same in all but the change. Traits that are made of what
    is changed are worked out again; nothing is read."""
    parts = change.parts
    seen = msgspec.structs.replace(situation, scores={}, blocking={}, rows={})
    for part in parts:
        if isinstance(part, Later):
            seen = _at(seen, part.would_be)
    seen = _with_columns(seen, [part for part in parts if isinstance(part, ColumnSet)])
    for part in parts:
        if type(part) in _APPLIED:
            seen = _APPLIED[type(part)](seen, part)
    return seen


def _at(situation: Situation, now: Instant) -> Situation:
    """The ledger's columns move on with the history where they say what it says."""
    before, history = situation.history.columns(), situation.history.at(now)
    moved = {
        name: value
        for name, value in history.columns().items()
        if situation.row.get(name) == before.get(name)
    }
    row = profile.with_columns(situation.project, situation.row, {**moved, "now": now})
    return msgspec.structs.replace(situation, now=now, history=history, row=Wide(row))


def _with_columns(situation: Situation, parts: Sequence[ColumnSet]) -> Situation:
    if not parts:
        return situation
    columns = {part.name: part.would_be for part in parts if part.of is None}
    about = dict(situation.about)
    for part in parts:
        if part.of is not None and part.name.startswith(OF_ITEM):
            collection = part.of[0]
            present = columns.get(collection, situation.row.get(collection))
            columns[collection] = _with_field(situation, present, part)
            if part.name in about.get(part.of, {}):
                about[part.of] = {**about[part.of], part.name: part.would_be}
        elif part.of is not None:
            about[part.of] = {**about.get(part.of, {}), part.name: part.would_be}
    row = Wide(profile.with_columns(situation.project, situation.row, columns))
    return msgspec.structs.replace(situation, row=row, about=about)


def _with_field(situation: Situation, items: Value, part: ColumnSet) -> list[Row]:
    """The collection with a field of one item set."""
    assert part.of is not None  # noqa: S101 - the caller chose those of items
    collection, key = part.of
    item = items_of(situation.project, {collection: items}, collection).get(key)
    field = {part.name.removeprefix(OF_ITEM): part.would_be}
    listed: list[Row] = items if isinstance(items, list) else []
    return [{**each, **field} if each is item else each for each in listed]


def _with_consent(situation: Situation, part: Allowed) -> Situation:
    supposed = situation.consents.assuming(part.purpose, part.channel, part.would_be)
    return msgspec.structs.replace(situation, consents=supposed)


def _with_units(situation: Situation, part: Units) -> Situation:
    return msgspec.structs.replace(situation, free={**situation.free, part.name: part.would_be})


def _with_worth(situation: Situation, part: Worth) -> Situation:
    scores = {**situation.scores, part.key: _worth(part)}
    return msgspec.structs.replace(situation, scores=scores)


def _with_arm(situation: Situation, part: Arm) -> Situation:
    return msgspec.structs.replace(situation, arm=part.would_be)


def _with_live(situation: Situation, part: Live) -> Situation:
    return _with_action(situation, part.action, status="live")


def _without_end(situation: Situation, part: Endless) -> Situation:
    return _with_action(situation, part.action, valid_until=None)


def _without_dice(situation: Situation, _part: NoDice) -> Situation:
    controls = situation.project.policy.controls
    return _with_policy(situation, controls=msgspec.structs.replace(controls, exploration=0.0))


def _with_room(situation: Situation, part: Room) -> Situation:
    limits = tuple(
        msgspec.structs.replace(limit, at_most=part.would_be) if limit.name == part.name else limit
        for limit in situation.project.policy.contact_limits
    )
    return _with_policy(situation, contact_limits=limits)


def _with_action(situation: Situation, name: str, **fields: object) -> Situation:
    project = situation.project
    action: Action = msgspec.structs.replace(project.actions[name], **fields)
    after = msgspec.structs.replace(project, actions={**project.actions, name: action})
    return msgspec.structs.replace(situation, project=after)


def _with_policy(situation: Situation, **fields: object) -> Situation:
    project = situation.project
    policy: Policy = msgspec.structs.replace(project.policy, **fields)
    after = msgspec.structs.replace(project, policy=policy)
    return msgspec.structs.replace(situation, project=after)


def _worth(part: Worth) -> Score:
    """A worth that is given, not reckoned, has no figures."""
    return Score(
        propensity=0.0,
        value=0,
        relevance=1.0,
        lever=1.0,
        effort=0,
        cost=0,
        worth=part.would_be,
    )


_APPLIED: Mapping[type, Callable[[Situation, Any], Situation]] = {
    Allowed: _with_consent,
    Units: _with_units,
    Live: _with_live,
    Endless: _without_end,
    Worth: _with_worth,
    Room: _with_room,
    Arm: _with_arm,
    NoDice: _without_dice,
}
"""How each part is applied that is neither time nor a column."""


def subsets(change: Change) -> Iterable[Change]:
    """Every proper part of a change, the smaller first, the empty one among them."""
    size = len(change.parts)
    chosen = sorted(range(2**size - 1), key=lambda bits: (bits.bit_count(), bits))
    for bits in chosen:
        parts = (part for place, part in enumerate(change.parts) if bits >> place & 1)
        yield Change(tuple(parts))
