"""What this room keeps: each fragment's own last choices."""

from __future__ import annotations

import msgspec

from tuttu.vocabulary.facts import Table
from tuttu.vocabulary.history import Part
from tuttu.vocabulary.values import Instant

EVERY = ""
"""In the place of a channel: every channel of the purpose."""


class Choice(msgspec.Struct, frozen=True, array_like=True):
    """One yes or no, and the fact that proves it."""

    allowed: bool
    time: Instant
    id: str

    @property
    def rank(self) -> tuple[Instant, bool, str]:
        """Greater is later; of a yes and a no at the same moment, the no counts."""
        return self.time, not self.allowed, self.id


class Choices(msgspec.Struct):
    """The last choice of each cell of purposes × channels, under the name of the cell's part."""

    chosen: dict[Part, Choice] = {}


FRAGMENTS = Table("consent.fragments", Choices, personal=True)
