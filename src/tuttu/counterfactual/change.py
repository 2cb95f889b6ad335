"""What a change is made of, and what the view is once it is applied."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

from tuttu import profile
from tuttu.decision.groups import GroupView, WideRow
from tuttu.decision.view import CandidateKey, DecisionView, ViewMemo, items_of
from tuttu.vocabulary import library, values, verdicts


class ColumnSet(msgspec.Struct, frozen=True, kw_only=True, tag="column"):
    """A column of the row has another value.

    of: collection and key of the item whose row it is (``item.status``, or what was contacted and
    answered about that item); None: the customer's. group: the group of theirs whose row it is.
    """

    name: str
    now: values.Value
    would_be: values.Value
    of: tuple[str, str] | None = None
    group: str | None = None


class Later(msgspec.Struct, frozen=True, kw_only=True, tag="time"):
    """The decision is made at a later moment, with no event until then. What was counted in a
    sliding window stays as it was counted."""

    now: values.Instant
    would_be: values.Instant


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
    now: values.Instant


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


class HigherLimit(msgspec.Struct, frozen=True, kw_only=True, tag="limit"):
    """A contact limit allows so many contacts."""

    name: str
    now: int
    would_be: int


class Arm(msgspec.Struct, frozen=True, kw_only=True, tag="arm"):
    """The customer is in another slice of the controls."""

    now: str
    would_be: str


class NoExploration(msgspec.Struct, frozen=True, kw_only=True, tag="dice"):
    """Nothing is drawn for exploration; now: the share that is."""

    now: float


ChangePart: TypeAlias = (
    ColumnSet | Later | Allowed | Units | Live | Endless | Worth | HigherLimit | Arm | NoExploration
)


class Change(msgspec.Struct, frozen=True):
    """Parts that together turn a refusal, and none of which can be left out."""

    parts: tuple[ChangePart, ...]


def apply(view: DecisionView, change: Change) -> DecisionView:
    """The view as it would be: the same in all but the change. Traits that are made of what
    is changed are computed from it; nothing is read."""
    parts = change.parts
    seen = _with_own_memo(view)
    for part in parts:
        if isinstance(part, Later):
            seen = seen.at(part.would_be)
    seen = _with_columns(seen, [part for part in parts if isinstance(part, ColumnSet)])
    for part in parts:
        seen = _with_part(seen, part)
    return seen


def _with_own_memo(view: DecisionView) -> DecisionView:
    shade = None if view.shade is None else _with_own_memo(view.shade)
    return msgspec.structs.replace(view, shade=shade, memo=ViewMemo())


def _with_columns(view: DecisionView, parts: Sequence[ColumnSet]) -> DecisionView:
    """A column of the shade that says what the customer's does says it because of them."""
    if not parts:
        return view
    if view.shade is not None:
        shade = view.shade
        alike = [part for part in parts if _value(shade, part) == part.now]
        view = msgspec.structs.replace(view, shade=_with_columns(shade, alike))
    columns = {part.name: part.would_be for part in parts if part.of is None and not part.group}
    groups, columns = _in_groups(view, parts, columns)
    about = dict(view.overlays)
    for part in parts:
        if part.of is not None and part.name.startswith(values.OF_ITEM):
            collection = part.of[0]
            present = columns.get(collection, view.row.get(collection))
            columns[collection] = _with_field(view, present, part)
            if part.name in about.get(part.of, {}):
                about[part.of] = {**about[part.of], part.name: part.would_be}
        elif part.of is not None:
            about[part.of] = {**about.get(part.of, {}), part.name: part.would_be}
    row = WideRow(profile.with_columns(view.project, view.row, columns))
    return msgspec.structs.replace(view, row=row, overlays=about, groups=groups)


def _in_groups(
    view: DecisionView, parts: Sequence[ColumnSet], columns: dict[str, values.Value]
) -> tuple[dict[str, GroupView], dict[str, values.Value]]:
    """The groups as they would be, and the columns of the customer's row with those of groups:
    a trait of a group reads the same in both."""
    traits, groups = view.project.profile.traits, dict(view.groups)
    for name, group in view.groups.items():
        set_here = {part.name: part.would_be for part in parts if part.group == name}
        shared = {each for each in traits if traits[each].group == name}
        columns |= {each: value for each, value in set_here.items() if each in shared}
        set_here |= {each: value for each, value in columns.items() if each in shared}
        if set_here:
            row = WideRow(profile.with_columns(view.project, group.row, set_here))
            groups[name] = msgspec.structs.replace(group, row=row)
    return groups, columns


def _value(view: DecisionView, part: ColumnSet) -> values.Value:
    """Of the row that the part is about; nothing is noted in the memo of a view that changes."""
    if part.group is not None:
        return view.row_of_group(part.group).get(part.name)
    row = view.row if part.of is None else _with_own_memo(view).row_about(*part.of)
    return row.get(part.name)


def _with_field(view: DecisionView, items: values.Value, part: ColumnSet) -> list[values.Row]:
    """The collection with a field of one item set."""
    assert part.of is not None  # noqa: S101 - the caller chose those of items
    collection, key = part.of
    item = items_of(view.project, {collection: items}, collection).get(key)
    field = {part.name.removeprefix(values.OF_ITEM): part.would_be}
    listed: list[values.Row] = items if isinstance(items, list) else []
    return [{**each, **field} if each is item else each for each in listed]


def _with_part(view: DecisionView, part: ChangePart) -> DecisionView:
    """Any part but time and columns. A worth that is given, not computed, has no figures."""
    replace, policy = msgspec.structs.replace, view.project.policy
    if view.shade is not None:
        view = replace(view, shade=_with_part(view.shade, part))
    match part:
        case Allowed():
            assumed = view.consents.assuming(part.purpose, part.channel, part.would_be)
            view = replace(view, consents=assumed)
        case Units():
            view = replace(view, free={**view.free, part.name: part.would_be})
        case Worth():
            figures = {"value": 0, "effort": 0, "cost": 0, "rounded": part.would_be}
            score = verdicts.Score(propensity=0.0, relevance=1.0, lever=1.0, **figures)
            view = replace(view, worths={**view.worths, part.key: score})
        case Arm():
            view = replace(view, arm=part.would_be)
        case Live():
            view = _with_action(view, part.action, status="live")
        case Endless():
            view = _with_action(view, part.action, valid_until=None)
        case NoExploration():
            view = _with_policy(view, controls=replace(policy.controls, exploration=0.0))
        case HigherLimit():
            limits = tuple(
                replace(limit, at_most=part.would_be) if limit.name == part.name else limit
                for limit in policy.contact_limits
            )
            view = _with_policy(view, contact_limits=limits)
    return view


def _with_action(view: DecisionView, name: str, **fields: object) -> DecisionView:
    project = view.project
    action: library.Action = msgspec.structs.replace(project.actions[name], **fields)
    after = msgspec.structs.replace(project, actions={**project.actions, name: action})
    return msgspec.structs.replace(view, project=after)


def _with_policy(view: DecisionView, **fields: object) -> DecisionView:
    project = view.project
    policy: library.Policy = msgspec.structs.replace(project.policy, **fields)
    after = msgspec.structs.replace(project, policy=policy)
    return msgspec.structs.replace(view, project=after)


def subsets(change: Change) -> Iterable[Change]:
    """Every proper part of a change, the smaller first, the empty one among them."""
    size = len(change.parts)
    chosen = sorted(range(2**size - 1), key=lambda bits: (bits.bit_count(), bits))
    for bits in chosen:
        parts = (part for place, part in enumerate(change.parts) if bits >> place & 1)
        yield Change(tuple(parts))
