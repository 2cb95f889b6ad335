"""Limits that the code does not keep to yet: what it measures now, and what is wanted.

A test fails beyond `now`, and prints how far it is to `wanted` (`pytest -rP tests/house`). `now` is
lowered as the code gets there; a limit that is reached moves to its test.
"""

from __future__ import annotations

from typing import NamedTuple


class Limit(NamedTuple):
    """The most that may be measured now, and in the end."""

    now: float
    wanted: float


CLASS_NAMES_TWICE = Limit(now=4, wanted=0)
FILE_NAMES_TWICE = Limit(now=1, wanted=0)


def within(limit: Limit, measured: float, of: object = "") -> None:
    left = max(0, measured - limit.wanted)
    print(f"measured {measured:.6g}, now {limit.now}, wanted {limit.wanted}, left {left:.6g}", of)  # noqa: T201
    assert measured <= limit.now, of
