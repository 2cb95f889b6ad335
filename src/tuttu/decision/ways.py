"""All ways to fill what is asked for, as bits: what is the same for every customer is worked out
once for each version and request.

A *way* is an action by one of its treatments on a surface that is asked for. Ways are numbered in
the order of names, and a set of them is an integer with a bit for each, the first one lowest. Of an
action about a collection every way is judged for each item: a `Pool` is the ways that are judged
together, about one item or about none: thousands of refusals make no candidate.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import NamedTuple

import numpy as np

from tuttu import ledger
from tuttu.decision.view import Candidate, DecisionQuery, DecisionView, items_of, surfaces
from tuttu.policy.index import ConditionIndex, Wanted
from tuttu.vocabulary import events, library, values
from tuttu.vocabulary.project import Project, cached_by

BLOCKS = ("eligible", "applicable", "suitable")
"""An action's blocks of conditions, all of which must be TRUE."""

_MANY = 32
"""Groups of ways, beyond which they are found by way."""


class Way(NamedTuple):
    """About whom or what it is judged is said beside it."""

    action: library.Action
    treatment: library.Treatment


Alike = Callable[[library.Action, library.Treatment], Hashable]
"""What a stage looks at, of a way: it says the same of all with the same key. A function that
stays, since what is found with it is kept."""

Numbers = np.ndarray[tuple[int], np.dtype[np.intp]]
"""Of ways."""

Group = tuple[Way, int]
"""One of the ways that are alike, and the bits of all."""


def all_ways(project: Project) -> list[Way]:
    """On all surfaces, in the order of names; without those of retired actions."""
    return [
        Way(project.actions[name], treatment)
        for name in sorted(project.actions)
        if project.actions[name].status != "retired"
        for treatment in project.actions[name].treatments.values()
    ]


def judged_ways(project: Project) -> tuple[events.JudgedWay, ...]:
    """The same as an activation keeps them."""
    return tuple(
        events.JudgedWay(action.name, treatment.name, treatment.surface, action.about)
        for action, treatment in all_ways(project)
    )


class Ways:
    """Of one version and some of its surfaces. It says the same for ever; what it works out, it
    works out once."""

    def __init__(self, project: Project, surfaces: frozenset[str]) -> None:
        listed = all_ways(project)
        self.surfaces = surfaces
        self.listed = tuple(way for way in listed if way.treatment.surface in surfaces)
        self.all = (1 << len(self.listed)) - 1
        self.project = project
        self._groups: dict[Alike, dict[Hashable, Group]] = {}
        self._numbered: dict[Alike, tuple[Numbers, Sequence[Group]]] = {}
        self._concerned: dict[str, int] = {}
        self._skipping: dict[str, int] = {}
        self._conditions: dict[str | None, ConditionIndex] = {}

    def groups(self, alike: Alike) -> Mapping[Hashable, Group]:
        """By key, in the order of their first ways."""
        known = self._groups.get(alike)
        if known is None:
            known = self._groups[alike] = {}
            for number, way in enumerate(self.listed):
                key = alike(*way)
                first, bits = known.get(key, (way, 0))
                known[key] = (first, bits | 1 << number)
        return known

    def groups_of(self, alike: Alike, bits: int) -> list[Group]:
        """Of these ways, in the order of the first of all with each key."""
        groups = self.groups(alike)
        if len(groups) <= _MANY:
            return [(way, group & bits) for way, group in groups.values() if group & bits]
        numbers, listed = self._numbered_groups(alike)
        found = np.unique(numbers[numbers_of(bits)]).tolist()
        return [(listed[number][0], listed[number][1] & bits) for number in found]

    def _numbered_groups(self, alike: Alike) -> tuple[Numbers, Sequence[Group]]:
        """The number of each way's group; and all groups."""
        known = self._numbered.get(alike)
        if known is None:
            groups = self.groups(alike)
            place = {key: number for number, key in enumerate(groups)}
            numbers = [place[alike(*way)] for way in self.listed]
            known = np.array(numbers, dtype=np.intp), list(groups.values())
            self._numbered[alike] = known
        return known

    def bits(self, alike: Alike, keys: Iterable[Hashable]) -> int:
        """Of all ways with one of the keys."""
        groups, found = self.groups(alike), 0
        for key in keys:
            if key in groups:
                found |= groups[key][1]
        return found

    def concerned(self, limit: library.ContactLimit) -> int:
        """Those whose contacts the limit counts."""
        known = self._concerned.get(limit.name)
        if known is None:
            known = self._concerned[limit.name] = sum(
                1 << number
                for number, (action, treatment) in enumerate(self.listed)
                if ledger.concerns(
                    limit, action.purpose, treatment.channel, action.name, action.issue_group
                )
            )
        return known

    def skipping(self, stage: str) -> int:
        """Those whose purpose skips a stage."""
        known = self._skipping.get(stage)
        if known is None:
            purposes = self.project.purposes.values()
            skipped = [each.name for each in purposes if stage in each.skips]
            known = self._skipping[stage] = self.bits(by_purpose, skipped)
        return known

    @cached_property
    def owed(self) -> int:
        """Those of purposes that are owed."""
        purposes = self.project.purposes.values()
        return self.bits(by_purpose, [each.name for each in purposes if each.owed])

    def number(self, action: str, treatment: str) -> int | None:
        """Of the way by its names; None: it is none of these."""
        return self._numbers.get((action, treatment))

    @cached_property
    def _numbers(self) -> Mapping[tuple[str, str], int]:
        return {(way.action.name, way.treatment.name): n for n, way in enumerate(self.listed)}

    @cached_property
    def order(self) -> Numbers:
        """The place of each way by the names of action and treatment."""
        order = np.empty(len(self.listed), dtype=np.intp)
        order[[self._numbers[names] for names in sorted(self._numbers)]] = np.arange(len(order))
        return order

    def conditions(self, about: str | None) -> ConditionIndex:
        """Of all ways about the same, block by block: a member of each block for every way."""
        known = self._conditions.get(about)
        if known is None:
            members = [
                [Wanted(each.test) for each in getattr(way.action, block)]
                if way.action.about == about
                else ()
                for block in BLOCKS
                for way in self.listed
            ]
            known = self._conditions[about] = ConditionIndex(members)
        return known

    @cached_property
    def _validity(self) -> tuple[list[values.Instant], list[int]]:
        """When it changes which ways are live and valid; which are, before it and after each."""
        turned: dict[values.Instant, int] = {}
        valid = self.all
        for number, (action, _) in enumerate(self.listed):
            start, end = action.valid_from, action.valid_until
            if action.status != "live":
                valid ^= 1 << number
                continue
            if start is not None:
                valid ^= 1 << number
            if start is None or end is None or start < end:
                for instant in (start, end):
                    if instant is not None:
                        turned[instant] = turned.get(instant, 0) ^ 1 << number
        instants, masks = sorted(turned), [valid]
        for instant in instants:
            masks.append(masks[-1] ^ turned[instant])
        return instants, masks

    def open_at(self, now: values.Instant) -> int:
        """Those that are live, and valid then."""
        instants, masks = self._validity
        return masks[bisect_right(instants, now)]


@cached_by
def ways_of(project: Project, surfaces: frozenset[str]) -> Ways:
    """surfaces: declared ones."""
    return Ways(project, surfaces)


class Pool:
    """The ways that are judged together: all about the customer, or all about one item. item None:
    about the customer, or they are about a collection in which there is nothing."""

    def __init__(self, ways: Ways, bits: int, about: str | None, item: str | None) -> None:
        self.ways = ways
        self.bits = bits
        self.about = about
        self.item = item
        self._passing: int | None = None

    @property
    def lacks_item(self) -> bool:
        """They are about an item, and there is none."""
        return self.about is not None and self.item is None

    def row(self, view: DecisionView) -> values.Row:
        """That they are judged on."""
        if self.about is None or self.item is None:
            return view.row
        return view.row_about(self.about, self.item)

    def candidates(self, bits: int, alike: Alike | None = None) -> Iterator[tuple[int, Candidate]]:
        """Each with its bit, in order. alike: one of those that are alike, with the bits of all."""
        bits &= self.bits
        if alike is not None:
            for way, group in self.ways.groups_of(alike, bits):
                yield group, Candidate(way.action, way.treatment, self.item)
            return
        for number in numbers_of(bits).tolist():
            yield 1 << number, self.candidate(number)

    def candidate(self, number: int) -> Candidate:
        """By the way of this number."""
        action, treatment = self.ways.listed[number]
        return Candidate(action, treatment, self.item)

    def bit(self, candidate: Candidate) -> int:
        """The candidate's; 0: it is none of the pool's."""
        number = self.ways.number(candidate.action.name, candidate.treatment.name)
        if number is None or self.item != candidate.item:
            return 0
        return 1 << number & self.bits

    def meeting(self, block: str, view: DecisionView) -> int:
        """Those whose conditions of the block are all TRUE; of one view."""
        if self._passing is None:
            self._passing = self.ways.conditions(self.about).passing(self.row(view))
        return self._passing >> (BLOCKS.index(block) * len(self.ways.listed)) & self.bits


def by_action(action: library.Action, _treatment: library.Treatment) -> str:
    return action.name


def by_purpose(action: library.Action, _treatment: library.Treatment) -> str:
    return action.purpose


def by_surface(_action: library.Action, treatment: library.Treatment) -> str:
    return treatment.surface


def by_issue_group(action: library.Action, _treatment: library.Treatment) -> str:
    return action.issue_group


def _by_owner(action: library.Action, _treatment: library.Treatment) -> str:
    return action.owner


SCOPES: Mapping[str, Alike] = {
    "action": by_action,
    "issue_group": by_issue_group,
    "owner": _by_owner,
    "purpose": by_purpose,
}
"""Of suppressions."""


def _by_collection(action: library.Action, _treatment: library.Treatment) -> str | None:
    return action.about


class Pools:
    """All pools of one customer's decision. by_collection: of each collection that ways are about,
    or None, one for each item in the order of the row."""

    def __init__(self, ways: Ways, view: DecisionView) -> None:
        self.ways = ways
        self.by_collection: dict[str | None, list[Pool]] = {}
        for way, bits in ways.groups(_by_collection).values():
            about = way.action.about
            keys = [] if about is None else items_of(view.project, view.row, about)
            self.by_collection[about] = [Pool(ways, bits, about, item) for item in keys or (None,)]
        self._all = tuple(chain.from_iterable(self.by_collection.values()))

    def __iter__(self) -> Iterator[Pool]:
        return iter(self._all)

    def of(self, candidate: Candidate) -> Pool:
        """That the candidate is judged in. Raises StopIteration: it is none of these."""
        here = self.by_collection[candidate.action.about]
        return next(pool for pool in here if pool.item == candidate.item)

    def candidates(self) -> Iterator[tuple[Candidate, int, Pool]]:
        """All, each with its bit and its pool: in the order of names, then of the row."""
        for number, (action, treatment) in enumerate(self.ways.listed):
            for pool in self.by_collection[action.about]:
                yield Candidate(action, treatment, pool.item), 1 << number, pool


def pools_of(view: DecisionView, query: DecisionQuery) -> Pools:
    """Raises UnknownSurface."""
    asked = surfaces(view.project, query)
    return Pools(ways_of(view.project, frozenset(each.name for each in asked)), view)


# Bits and numbers


def numbers_of(bits: int) -> Numbers:
    """Of the bits that are set, the lowest first."""
    octets = np.frombuffer(bits.to_bytes(bits.bit_length() // 8 + 1, "little"), dtype=np.uint8)
    numbers: Numbers = np.unpackbits(octets, bitorder="little").nonzero()[0]
    return numbers


def bits_of(chosen: "np.ndarray[tuple[int], np.dtype[np.bool]]") -> int:
    """A bit for each that is true, the first one lowest."""
    return int.from_bytes(np.packbits(chosen, bitorder="little").tobytes(), "little")


# As a receipt keeps them

_ALL, _FEW = b"\x00", b"\x01"
_FEW_NUMBERS = np.dtype("<u2")


def packed(bits: int) -> bytes:
    """First a byte that says how; then the bits, the lowest byte first, or the numbers of those
    that are set, two bytes each."""
    whole = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    if 2 * bits.bit_count() >= len(whole) or bits.bit_length() > 2**16:
        return _ALL + whole
    return _FEW + numbers_of(bits).astype(_FEW_NUMBERS).tobytes()


def unpacked(kept: bytes) -> int:
    """Raises ValueError: it was packed in a way that is not known."""
    if kept[:1] == _ALL:
        return int.from_bytes(kept[1:], "little")
    if kept[:1] == _FEW:
        numbers = np.frombuffer(kept[1:], dtype=_FEW_NUMBERS).tolist()
        return sum(1 << number for number in numbers)
    raise ValueError(f"found a set of ways that begins with {kept[:1]!r}")
