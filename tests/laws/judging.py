"""The rules of identity and consent told once more, in the plainest way, from what was said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

import msgspec
from tests.laws.saying import CHANNELS, Name, Said

from tuttu.vocabulary.company import Namespace, Purpose
from tuttu.vocabulary.values import Instant

Pair = frozenset[Name]
People = frozenset[Name]


class Link(msgspec.Struct, frozen=True):
    """One event names two: what it says, and its place among all that is said."""

    one: Name
    other: Name
    alias: bool
    rank: tuple[int, Instant, str, int]

    @property
    def pair(self) -> Pair:
        return frozenset((self.one, self.other))


def links_of(
    said: Iterable[tuple[Said, Instant]], namespaces: Mapping[str, Namespace]
) -> Iterator[Link]:
    for call, time in said:
        first: dict[str, Name] = {}
        for place, name in enumerate(call.who):
            alike = first.setdefault(name[0], name)
            alias = call.call == "alias" and alike is not name
            one = alike if alias else call.who[0]
            if one is not name:
                strengths = namespaces[name[0]].strength
                strength = strengths.get(call.call, strengths.get("default", 0))
                yield Link(one, name, alias, (-strength, time, call.id, place))


def partners(links: Iterable[Link]) -> dict[Name, set[Name]]:
    met: dict[Name, set[Name]] = defaultdict(set)
    for link in links:
        met[link.one].add(link.other)
        met[link.other].add(link.one)
    return met


def partition(
    names: Iterable[Name],
    links: Iterable[Link],
    parted: set[Pair],
    namespaces: Mapping[str, Namespace],
) -> set[People]:
    """One set of names for each customer."""
    live = [link for link in links if link.pair not in parted]
    crowd = {
        name for name, met in partners(live).items() if len(met) > namespaces[name[0]].partners
    }
    groups = {name: {name} for name in names}
    for kind in namespaces:
        here = [link for link in live if link.other[0] == kind and not link.pair & crowd]
        here = [link for link in here if not _parted(groups[link.one], {link.other}, parted)]
        reached = {name: _people(name, here, groups, namespaces) for name in groups}
        for link in sorted(here, key=lambda each: each.rank):
            one, other = groups[link.one], groups[link.other]
            if one is other or reached[link.other] > 1:
                continue
            if not _clash(one, other, link, namespaces) and not _parted(one, other, parted):
                one |= other
                for name in other:
                    groups[name] = one
    return {frozenset(group) for group in groups.values()}


def _people(
    name: Name,
    links: Iterable[Link],
    groups: Mapping[Name, set[Name]],
    namespaces: Mapping[str, Namespace],
) -> int:
    """How many of those that the strongest links at it reach are people of one namespace."""
    mine = [link for link in links if link.other == name]
    strongest = [link for link in mine if link.rank[0] == min(each.rank[0] for each in mine)]
    reached = {frozenset(groups[link.one]) for link in strongest}
    order = list(namespaces)
    above = [
        kind
        for kind in order[: order.index(name[0])]
        if namespaces[kind].unique or namespaces[kind].apart
    ]
    return max(
        (sum(any(each[0] == kind for each in group) for group in reached) for kind in above),
        default=0,
    )


def _clash(
    one: set[Name], other: set[Name], link: Link, namespaces: Mapping[str, Namespace]
) -> bool:
    order = list(namespaces)
    for kind, rule in namespaces.items():
        here, there = (sum(name[0] == kind for name in group) for group in (one, other))
        if rule.unique:
            most = rule.alias_limit if link.alias and link.other[0] == kind else 1
            if here and there and here + there > most:
                return True
        elif rule.apart and order.index(kind) < order.index(link.other[0]) and here and there:
            return True
    return False


def _parted(one: set[Name], other: set[Name], parted: set[Pair]) -> bool:
    return any(pair & one and pair & other for pair in parted)


def joined_at(customer: People, links: Iterable[Link], parted: set[Pair]) -> Instant | None:
    """The newest link within the customer, by the first time that two were named together."""
    first: dict[Pair, Instant] = {}
    for link in links:
        if link.pair <= customer and link.pair not in parted:
            time = link.rank[1]
            first[link.pair] = min(time, first.get(link.pair, time))
    return max(first.values(), default=None)


class Choice(msgspec.Struct, frozen=True):
    """One yes or no. channel None: every channel of the purpose."""

    who: Name
    purpose: str
    channel: str | None
    allowed: bool
    time: Instant


def allowed(
    customer: People, choices: Iterable[Choice], since: Instant | None, purpose: Purpose
) -> dict[str, bool]:
    """By channel: what was chosen after the newest link holds; before it, the strictest of each
    one's own last choices does."""
    answer = {}
    for channel in CHANNELS:
        mine = [
            each
            for each in choices
            if each.who in customer
            and each.purpose == purpose.name
            and each.channel in (None, channel)
        ]
        if not mine:
            answer[channel] = purpose.terms_in(channel).allowed
        elif since is None or max(mine, key=_order).time > since:
            answer[channel] = max(mine, key=_order).allowed
        else:
            own = {each.who: each.allowed for each in sorted(mine, key=_order)}
            answer[channel] = all(own.values())
    return answer


def _order(choice: Choice) -> tuple[Instant, bool, bool]:
    return choice.time, choice.channel is not None, not choice.allowed


def pairs_within(people: Iterable[People]) -> set[Pair]:
    return {frozenset(pair) for each in people for pair in combinations(sorted(each), 2)}
