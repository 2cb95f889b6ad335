"""Masks: what an export holds in place of a value that no condition reads."""

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from tuttu.vocabulary.values import Value

BYTES = 16


class Masks:
    """Keyed hashes: equal values have equal masks, which reveal nothing else without the key.

    Where the order of masked values counts, they are ranked within a scope. Those values are kept
    in memory until `ranks` is called.
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
        """The mask of a value whose rank will be needed; one type in each scope."""
        mask = self.mask(value)
        if mask is not None:
            self._ranked.setdefault(scope, {})[mask] = value
        return mask

    def ranks(self) -> Iterator[tuple[str, str, int]]:
        """(scope, mask, rank) of every value that was ranked."""
        for scope, values in self._ranked.items():
            for rank, mask in enumerate(sorted(values, key=values.__getitem__)):
                yield scope, mask, rank
