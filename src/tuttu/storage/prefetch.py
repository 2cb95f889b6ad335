"""Which records of a person are asked for together, learned from what was asked before.

Over a network each question costs a round trip. Records of a person have keys that begin with their
fragment; what follows is the same for everybody, so what was read of one person tells what will be
read of the next. A guess that is wrong costs a look into an index, and is never seen.
"""

import threading
from collections import OrderedDict

from tuttu.storage.driver import RecordKey
from tuttu.vocabulary.events import FragmentId

MOST = 48
"""Kinds of records that are remembered: those that were asked for last."""
FRAGMENT = 16
"""Bytes of a key that name a fragment."""


class Prefetch:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds: OrderedDict[tuple[str, bytes], None] = OrderedDict()

    def note(self, table: str, key: bytes) -> None:
        """Somebody asked for this record of a person."""
        kind = table, key[FRAGMENT:]
        with self._lock:
            self._kinds[kind] = None
            self._kinds.move_to_end(kind)
            if len(self._kinds) > MOST:
                self._kinds.popitem(last=False)

    def places(self, fragment: FragmentId) -> list[RecordKey]:
        """What is likely to be asked for next, of the same person."""
        with self._lock:
            return [(table, fragment + rest) for table, rest in self._kinds]
