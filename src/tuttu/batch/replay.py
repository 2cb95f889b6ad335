"""Replay: the log folded again in a scratch store, to be compared with the kept state.

It only folds: it decides nothing, sends nothing and draws no random numbers.
"""

from typing import NamedTuple

from tuttu.storage import Snapshot, Store
from tuttu.vocabulary.facts import Committed, Unit

PAGE = 1_000


class Replayed(NamedTuple):
    """How many facts were folded, how many of them a fold refused, and how many others were left
    out, since their key is lost."""

    facts: int
    refused: int
    unreadable: int


def replay_into(reader: Snapshot, scratch: Store) -> Replayed:
    """scratch: an empty store with the folds of the version."""
    facts = refused = 0
    before = reader.unreadable
    # Pages by position, not by count: facts of an erased customer are left out.
    for after in range(0, reader.position, PAGE):
        found = reader.facts(after=after, limit=PAGE)
        page = [logged.fact for logged in found if logged.position <= after + PAGE]
        results = scratch.commit([Unit(facts=(fact,)) for fact in page])
        facts += len(results)
        refused += sum(not isinstance(result, Committed) for result in results)
    return Replayed(facts, refused, reader.unreadable - before)
