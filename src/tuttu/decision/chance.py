"""Chance as an argument: everything random is a hash of something that the receipt holds."""

from collections.abc import Sequence
from fractions import Fraction
from hashlib import blake2b

from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.library import Controls

POLICY = "policy"
NO_MARKETING = "no_marketing"
RANDOM_CHOICE = "random_choice"
PROPENSITY_ONLY = "propensity_only"

_BITS = 53
"""Of a hash that are used: what a float, and a number in JSON, holds exactly."""


def seed_of(salt: str, decision_id: str) -> int:
    return _hashed(f"seed\x00{salt}\x00{decision_id}".encode())


def draw(seed: int, slot: int, failed: int = 0) -> float:
    """The slot's number in [0, 1); slots are counted through the whole request. failed: how many
    were drawn for it before whose message failed; each time the number is a new one, since the
    last one says that it fell on them."""
    again = f"\x00{failed}" if failed else ""
    return _share(f"draw\x00{seed}\x00{slot}{again}".encode())


def arm_of(controls: Controls, anchor: FragmentId) -> str:
    """The slice that a customer with this anchor stands in: a hash is their place on the circle."""
    hashed = _hashed(f"arm\x00{controls.salt}\x00".encode() + anchor)
    place = Fraction(hashed, 2**_BITS)
    return next((name for name, arm in controls.arms.items() if arm.has(place)), POLICY)


def pick(probabilities: Sequence[float], number: float) -> int:
    """The index that a number in [0, 1) falls on. Rounding never picks what cannot be."""
    reached = 0.0
    for index, probability in enumerate(probabilities):
        reached += probability
        if number < reached:
            return index
    return max(index for index, probability in enumerate(probabilities) if probability > 0)


def _share(text: bytes) -> float:
    return float(_hashed(text)) / float(2**_BITS)


def _hashed(text: bytes) -> int:
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big") >> (64 - _BITS)
