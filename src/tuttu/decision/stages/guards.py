"""Does anything close the purpose for now. Guards block unless FALSE, and cool down."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from tuttu.decision.groups import MOST_MEMBERS, GroupView, WideRow, asked_groups
from tuttu.decision.stage import NamedExpression, Stage, StageReads
from tuttu.decision.view import Candidate, DecisionView
from tuttu.decision.ways import Pools
from tuttu.policy import reads_of
from tuttu.vocabulary import library, values, verdicts
from tuttu.vocabulary.project import Project, cached_by

_KEPT = "groups"
"""In a receipt's evidence."""


def _reason(candidate: Candidate, view: DecisionView) -> verdicts.Reason | None:
    blocked = blocking(candidate, view)
    if not blocked:
        return None
    guard = blocked[0]
    if guard.group is not None and view.groups[guard.group].members is None:
        cause: values.Figures = {"guard": guard.name, "group": guard.group, "at_most": MOST_MEMBERS}
        return verdicts.Reason("guard_of_too_many", cause)
    return verdicts.Reason("guard", {"guard": guard.name})


def blocking(candidate: Candidate, view: DecisionView) -> tuple[library.Guard, ...]:
    """The guards that block the candidate's purpose now, in the order of the file.

    One that is about a collection is asked of the candidate's own item, and blocks that alone.
    """
    action = candidate.action
    key = (action.purpose, action.about, candidate.item)
    known = view.memo.blocking.get(key)
    if known is None:
        known = view.memo.blocking[key] = tuple(
            [each for each in asked_of(candidate, view.project) if _blocks(each, candidate, view)]
        )
    return known


def asked_of(candidate: Candidate, project: Project) -> Sequence[library.Guard]:
    """The guards that are asked of the candidate; those about items of none without an item."""
    about = None if candidate.item is None else candidate.action.about
    return _asked_of(project, candidate.action.purpose, about)


@cached_by
def _asked_of(project: Project, purpose: str, about: str | None) -> tuple[library.Guard, ...]:
    return tuple(each for each in project.policy.guards if may_block(each, purpose, about))


def may_block(guard: library.Guard, purpose: str, about: str | None) -> bool:
    """Whether it is asked of such an action at all: of the same purpose, and about the customer, or
    about what the action is about."""
    return guard.blocks == purpose and guard.about in (None, about)


def rows_asked(
    guard: library.Guard, candidate: Candidate, view: DecisionView
) -> tuple[values.Row, ...]:
    """The rows of one view that the guard is asked on: it blocks if it does on any of them. The
    customer's shade is a view of its own, and asked after this one."""
    if guard.group is not None:
        return (view.row_of_group(guard.group),)
    return (view.row if guard.about is None else view.row_of(candidate),)


def _blocks(guard: library.Guard, candidate: Candidate, view: DecisionView) -> bool:
    """Of too many members nothing is known, whatever the guard makes of that."""
    if guard.group is not None and view.groups[guard.group].members is None:
        return True
    return any(_blocks_on(row, guard, view.now) for row in rows_asked(guard, candidate, view))


def _blocks_on(row: values.Row, guard: library.Guard, now: values.Instant) -> bool:
    if guard.when(row) is not False:
        return True
    until = _cooled(guard, row)
    return until is not None and now < until


def _cooled(guard: library.Guard, row: values.Row) -> values.Instant | None:
    """The first instant at which it does not cool down any more: `until` excludes its last one,
    `through` includes it; no instant, no cooling."""
    start = None if guard.after is None else guard.after(row)
    return start + guard.cooling + guard.inclusive if isinstance(start, int) else None


def cooled(candidate: Candidate, view: DecisionView) -> Iterator[values.Instant]:
    """When each of the guards that are asked of the candidate has cooled down."""
    for guard in asked_of(candidate, view.project):
        ends = (_cooled(guard, row) for row in rows_asked(guard, candidate, view))
        yield from (end for end in ends if end is not None)


class Substitute(NamedTuple):
    """An action that comes first where a guard has blocked something; item None: whatever it is
    about."""

    action: str
    item: str | None = None

    def is_for(self, candidate: Candidate) -> bool:
        return self.action == candidate.action.name and self.item in (None, candidate.item)


def substitutes(blocked: Iterable[Candidate], view: DecisionView) -> dict[str, list[Substitute]]:
    """Surface to what comes first there, because a guard that names it `instead` blocked something
    on it; in the order of the guards. Where guard and substitute are about items of one collection,
    it stands in for the item that was blocked."""
    found: dict[str, dict[Substitute, int]] = {}
    for candidate in blocked:
        here = found.setdefault(candidate.treatment.surface, {})
        for guard in blocking(candidate, view):
            if guard.instead is not None:
                about = view.project.actions[guard.instead].about
                item = None if about is None or about != guard.about else candidate.item
                substitute = Substitute(guard.instead, item)
                here.setdefault(substitute, view.project.policy.guards.index(guard))
    return {surface: sorted(here, key=lambda each: here[each]) for surface, here in found.items()}


def _alike(action: library.Action, _treatment: library.Treatment) -> Hashable:
    return action.purpose, action.about


def replaced_alike(action: library.Action, treatment: library.Treatment) -> Hashable:
    """What `substitutes` look at of the blocked."""
    return treatment.surface, _alike(action, treatment)


def _reads(action: library.Action, _treatment: library.Treatment, project: Project) -> StageReads:
    return StageReads(
        tuple(
            NamedExpression("guards", f"{guard.name}, {key}", each, guard.about, guard.group)
            for guard in project.policy.guards
            if may_block(guard, action.purpose, action.about)
            for key, each in guard.expressions.items()
        )
    )


def _keeps(view: DecisionView, pools: Pools) -> dict[str, object]:
    """Of groups in which the customer is not alone: how many members there are, and what guards
    read of their row; of collections only the fields. These are facts of other members too, kept in
    the customer's receipt."""
    actions = [way.action for way, _ in pools.ways.groups(_alike).values()]
    asked: dict[str, list[values.Expression]] = {}
    for guard in view.project.policy.guards:
        asks = (may_block(guard, each.purpose, each.about) for each in actions)
        if guard.group is not None and any(asks):
            asked.setdefault(guard.group, []).extend(guard.expressions.values())
    kept = {
        name: _kept(group, asked.get(name, ()))
        for name, group in view.groups.items()
        if not group.alone
    }
    return {_KEPT: kept} if kept else {}


def _kept(group: GroupView, expressions: Sequence[values.Expression]) -> dict[str, object]:
    reads = reads_of(expressions)
    row = {
        name: _reduced(group.row[name], reads.fields.get(name)) for name in sorted(reads.columns)
    }
    return {"members": group.members, "row": row}


def _reduced(value: values.Value, fields: Collection[str] | None) -> values.Value:
    """fields: that are read of the items of a collection; None: it is none."""
    if fields is None or not isinstance(value, list):
        return value
    return [{name: item.get(name) for name in sorted(fields)} for item in value]


def _recalls(evidence: verdicts.ReceiptEvidence, view: DecisionView) -> DecisionView:
    kept = evidence.others.get(_KEPT, {})
    groups = {
        name: GroupView(members=each["members"], row=WideRow({**each["row"], "now": view.now}))
        for name, each in kept.items()
    }
    alone = dict.fromkeys(asked_groups(view.project), GroupView(members=1))
    return msgspec.structs.replace(view, groups=alone | groups)


GUARDS = Stage(
    name="guards",
    reason=_reason,
    alike=_alike,
    codes={"guard": ("guard",), "guard_of_too_many": ("guard", "group")},
    reads=_reads,
    keeps=_keeps,
    recalls=_recalls,
    vetoes=True,
)
