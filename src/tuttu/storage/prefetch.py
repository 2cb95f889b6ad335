"""Prefetch: which records of a person to read together, learned from earlier reads.

Over a network each query costs a round trip. Records of a person have keys that begin with their
fragment; the rest of the key is the same for everybody, so the reads for one person predict those
for the next. A wrong guess costs one index lookup and has no other effect.
"""

import threading
from collections import OrderedDict

from tuttu.storage.driver import RecordKey
from tuttu.vocabulary.events import FRAGMENT_BYTES, FragmentId

MOST = 48
"""Kinds of records that are remembered: the most recently read ones."""


class Prefetch:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds: OrderedDict[tuple[str, bytes], None] = OrderedDict()

    def note(self, table: str, key: bytes) -> None:
        """Notes a read of this record of a person."""
        kind = table, key[FRAGMENT_BYTES:]
        with self._lock:
            self._kinds[kind] = None
            self._kinds.move_to_end(kind)
            if len(self._kinds) > MOST:
                self._kinds.popitem(last=False)

    def places(self, fragment: FragmentId) -> list[RecordKey]:
        """Records of the same person that are likely to be read next."""
        with self._lock:
            return [(table, fragment + rest) for table, rest in self._kinds]
