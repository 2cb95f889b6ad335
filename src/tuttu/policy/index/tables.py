"""One subject's tables: from what its value is now to the bits that this sets.

A bit stands for one test of one place; tests that are alike share their bits. The table is built by
a sweep over the slots: what changes from one slot to the next is turned over, so that n constants
cost n steps, and not n².
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tuttu.policy.index.atoms import Slots
from tuttu.policy.index.clauses import Test
from tuttu.vocabulary.values import Scalar, Value

Bits = int
Groups = Mapping[tuple[Test, bool], Bits]
"""Bits to set where the test passes, or where it does not (False)."""
Lookup = Callable[[Value], Bits]


def lookup_of(groups: Groups) -> Lookup:
    """From the subject's value, None for NULL, to the bits that it sets."""
    constants = sorted({each for test, _ in groups for each in test.constants()})  # type: ignore[type-var]
    slots = {constant: 2 * place + 1 for place, constant in enumerate(constants)}
    at_null = _bits_at(None, groups, slots)
    entries = _swept(groups, slots)
    if len(set(entries[::2])) == 1:
        return _by_equality(constants, entries, at_null)
    return _by_order(constants, entries, at_null)


def _bits_at(slot: int | None, groups: Groups, slots: Slots) -> Bits:
    found = 0
    for (test, where), bits in groups.items():
        if test.passes(slot, slots) is where:
            found |= bits
    return found


def _swept(groups: Groups, slots: Slots) -> list[Bits]:
    """The bits at every slot; equal neighbours share one object."""
    turned: defaultdict[int, Bits] = defaultdict(int)
    for (test, where), bits in groups.items():
        before = False
        for slot in _places(test, slots):
            now = test.passes(slot, slots) is where
            if now is not before:
                turned[slot] ^= bits
                before = now
    entries, current = [], 0
    for slot in range(2 * len(slots) + 1):
        if slot in turned:
            current ^= turned[slot]
        entries.append(current)
    return entries


def _places(test: Test, slots: Slots) -> Iterable[int]:
    """Where its outcome may change: the first slot, its constants, and what follows each."""
    own = sorted({slots[each] for each in test.constants()})
    return sorted({0, *own, *(slot + 1 for slot in own)})


def _by_equality(constants: Sequence[Scalar], entries: Sequence[Bits], at_null: Bits) -> Lookup:
    """Nothing but the constants themselves makes a difference."""
    other, found = entries[0], dict(zip(constants, entries[1::2], strict=True))
    found[None] = at_null

    if not constants:
        return lambda value: at_null if value is None else other
    return lambda value: found.get(value, other)  # type: ignore[arg-type]


def _by_order(constants: Sequence[Any], entries: Sequence[Bits], at_null: Bits) -> Lookup:
    beyond = len(constants)

    def lookup(value: Any) -> Bits:
        if value is None:
            return at_null
        place = bisect_left(constants, value)
        return entries[2 * place + (place < beyond and constants[place] == value)]

    return lookup
