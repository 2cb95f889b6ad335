"""What came of a comparison."""

import msgspec

DIFFERENCES_SHOWN = 5
"""Differences that are shown of one definition; all are counted."""


class Difference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One value that is not the same both ways.

    name: of the condition, trait and so on. customer: the customer's oldest fragment, in hex.
    item: a pseudonym that differs from run to run. live: as a decision sees it; batch: as DuckDB
    computes it; both as text, None is NULL.
    """

    part: str
    name: str
    customer: str
    item: str | None = None
    live: str | None
    batch: str | None


class ComparedKind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of definition: how many there are, and how many values were compared."""

    part: str
    definitions: int
    compared: int
    different: int


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """All that was compared on one snapshot. now: ISO 8601 in UTC. position: of the log.
    differences: at most `DIFFERENCES_SHOWN` of each definition."""

    now: str
    position: int
    customers: int
    events: int
    parts: tuple[ComparedKind, ...]
    differences: tuple[Difference, ...]
    agree: bool
