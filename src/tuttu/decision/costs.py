"""What of a project is dear: what makes each decision or each event cost more than a look-up.

Nothing here is a fault, and nothing is measured: each line says what has to be done for every
decision, or every event, and how often. Thresholds are where the rest of a decision costs less.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Literal, TypeVar, get_args

import msgspec

from tuttu.decision.groups import MOST_MEMBERS
from tuttu.decision.ways import BLOCKS
from tuttu.policy import required_by
from tuttu.policy.index import Member, ReadingCost, Wanted, reading_costs
from tuttu.policy.tree import Aggregate, Column, Quantifier, walk
from tuttu.vocabulary import errors, library, values
from tuttu.vocabulary.project import Project

T = TypeVar("T")

CostKind = Literal[
    "asked_alone",
    "over_items",
    "too_many_ors",
    "many_constants",
    "every_event",
    "same_event",
    "each_item",
    "each_member",
    "long_window",
]
COST_KINDS: tuple[CostKind, ...] = get_args(CostKind)
MANY_BYTES = 1 << 20
"""Of one value's table, that must be read for a decision."""
MANY_ALIKE = 100
"""Conditions that are all asked of an event of one name."""
MANY_ITEMS = 100
LONG_WINDOW: values.Duration = 366 * values.DAY


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is dear. name: the rule's, in the words of its file; of several that are alike
    the first one's. text: the expression, column, collection or group that it is about. count:
    how many times it has to be done: of which, its kind says. alike: actions and rules that it
    stands for. bytes: of a table."""

    kind: CostKind
    name: str
    where: errors.Where
    text: str
    count: int
    alike: int = 1
    bytes: int = 0


def costs(project: Project) -> list[Cost]:
    """The dearest of each kind first."""
    live = [action for action in project.actions.values() if action.status != "retired"]
    found = chain(
        _conditions(live),
        _constants(live),
        _events(project, live),
        _items(project, live),
        _members(project),
        _windows(project),
    )
    return sorted(
        found, key=lambda each: (COST_KINDS.index(each.kind), -each.count, each.where, each.name)
    )


def _alike(things: Iterable[T], key: Callable[[T], str]) -> Mapping[str, list[T]]:
    found: dict[str, list[T]] = {}
    for each in things:
        found.setdefault(key(each), []).append(each)
    return found


def _conditions(actions: Iterable[library.Action]) -> Iterator[Cost]:
    """Those that the index asks as a whole."""
    actions = list(actions)
    asked = [(action, each) for action in actions for each in action.conditions]
    dear: set[str] = set()
    for text, alike in _alike(asked, lambda pair: pair[1].test.text).items():
        action, condition = alike[0]
        kind = _kind(reading_costs([[Wanted(condition.test)]]))
        if kind is not None:
            dear.add(text)
            yield Cost(
                kind=kind,
                name=f"{action.name}: {condition.name}",
                where=action.where,
                text=text,
                count=len(alike),
                alike=len(alike),
            )
    for action in actions:
        for block, member in _blocks(action):
            cheap = [each for each in member if each.condition.text not in dear]
            if _kind(reading_costs([cheap])) == "asked_alone":
                yield Cost(
                    kind="too_many_ors",
                    name=f"{action.name}: {block}",
                    where=action.where,
                    text=" AND ".join(each.condition.text for each in cheap),
                    count=len(cheap),
                )


def _kind(found: Iterable[ReadingCost]) -> CostKind | None:
    computed = [each.tree for each in found if not each.read]
    if any(isinstance(node, Quantifier | Aggregate) for tree in computed for node in walk(tree)):
        return "over_items"
    whole = any(tree.type == values.Type(values.Kind.BOOL) for tree in computed)
    return "asked_alone" if whole else None


def _blocks(action: library.Action) -> Iterator[tuple[str, list[Wanted]]]:
    for block in BLOCKS:
        yield block, [Wanted(each.test) for each in getattr(action, block)]


def _constants(actions: Iterable[library.Action]) -> Iterator[Cost]:
    """Columns that are compared with so many constants that their table is great."""
    for about in _alike(actions, lambda action: action.about or "").values():
        named = [(action, member) for action in about for _, member in _blocks(action)]
        members: list[Member] = [member for _, member in named]
        for each in reading_costs(members):
            if each.bytes < MANY_BYTES or not isinstance(each.tree, Column):
                continue
            action, _ = named[(each.members & -each.members).bit_length() - 1]
            yield Cost(
                kind="many_constants",
                name=action.name,
                where=action.where,
                text=each.tree.name,
                count=each.constants,
                alike=each.members.bit_count(),
                bytes=each.bytes,
            )


def _events(project: Project, actions: Iterable[library.Action]) -> Iterator[Cost]:
    """Conditions on events that the event's name does not lead to, and those to which it leads
    many."""
    asked = [
        (f"{action.name}: {outcome}", action.where, test)
        for action in actions
        for outcome, test in action.outcomes.items()
    ]
    asked += [
        (trait.name, trait.where, trait.test)
        for trait in project.profile.traits.values()
        if trait.over == "events" and trait.test is not None
    ]
    by_event: dict[str, list[tuple[str, errors.Where, values.Expression]]] = {}
    for text, alike in _alike(asked, lambda one: one[2].text).items():
        name, where, test = alike[0]
        needed = required_by(test)
        if ("event",) not in needed:
            number = len(alike)
            yield Cost(kind="every_event", name=name, where=where, text=text, count=1, alike=number)
        elif len(needed) == 1:
            for event in sorted(map(str, needed["event",])):
                by_event.setdefault(event, []).append(alike[0])
    for event, some in by_event.items():
        if len(some) >= MANY_ALIKE:
            name, where, _ = some[0]
            number = len(some)
            yield Cost(
                kind="same_event", name=name, where=where, text=event, count=number, alike=number
            )


def _items(project: Project, actions: Iterable[library.Action]) -> Iterator[Cost]:
    about = [(each.name, each.where, each.about) for each in actions if each.about]
    about += [(each.name, each.where, each.about) for each in project.policy.guards if each.about]
    for collection, alike in _alike(about, lambda one: one[2]).items():
        limit = project.profile.collections[collection].limit
        if limit > MANY_ITEMS:
            yield _of_each("each_item", alike, limit)


def _members(project: Project) -> Iterator[Cost]:
    policy = project.policy
    shared = [(each.name, each.where, each.group) for each in policy.guards if each.group]
    shared += [(each.name, each.where, each.group) for each in policy.contact_limits if each.group]
    for alike in _alike(shared, lambda one: one[2]).values():
        yield _of_each("each_member", alike, MOST_MEMBERS)


def _of_each(kind: CostKind, alike: Sequence[tuple[str, errors.Where, str]], count: int) -> Cost:
    """alike: names, places, and what they go through, which is the same of all."""
    name, where, text = alike[0]
    return Cost(kind=kind, name=name, where=where, text=text, count=count, alike=len(alike))


def _windows(project: Project) -> Iterator[Cost]:
    policy = project.policy
    windows = [(each.name, each.where, each.window) for each in policy.contact_limits]
    windows += [(each.name, each.where, each.window) for each in policy.suppressions]
    for name, where, window in windows:
        if window is not None and window > LONG_WINDOW:
            days = window // values.DAY
            yield Cost(kind="long_window", name=name, where=where, text=f"{days}d", count=days)
