"""What stands in an export instead of a value that no condition names."""

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from tuttu.vocabulary.values import Value

BYTES = 16


class Masks:
    """Keyed hashes: equal values have equal masks, and nobody who lacks the key learns more.

    Where the order of masked values counts, they are ranked: their places in their order, within
    a scope. Those values themselves stay in memory until `ranks` was asked.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._ranked: dict[str, dict[str, Any]] = {}

    def mask(self, value: Value) -> str | None:
        """The two zeros of reals are one."""
        if value is None:
            return None
        plain = msgspec.json.encode(value + 0.0 if isinstance(value, float) else value)
        return hashlib.blake2b(plain, key=self._key, digest_size=BYTES).hexdigest()

    def ranked(self, scope: str, value: Value) -> str | None:
        """The mask of a value, of one type in each scope, whose rank will be asked."""
        mask = self.mask(value)
        if mask is not None:
            self._ranked.setdefault(scope, {})[mask] = value
        return mask

    def ranks(self) -> Iterator[tuple[str, str, int]]:
        """(scope, mask, rank) of every value that was ranked."""
        for scope, values in self._ranked.items():
            for rank, mask in enumerate(sorted(values, key=values.__getitem__)):
                yield scope, mask, rank
