"""Replay: the log folded again in a scratch store, to be compared with the kept state.

It only folds: it decides nothing, sends nothing and draws no random numbers.
"""

from typing import NamedTuple

from tuttu.storage import LoggedFactError, Snapshot, Store
from tuttu.vocabulary.facts import Committed, Failed, Unit

PAGE = 1_000


class Replayed(NamedTuple):
    """How many facts were folded, how many of them a fold refused, and how many others were left
    out, since their key is lost."""

    facts: int
    refused: int
    unreadable: int


def replay_into(reader: Snapshot, scratch: Store, version: str) -> Replayed:
    """scratch: an empty store with the folds of the version of this digest. Raises
    LoggedFactError."""
    facts = refused = 0
    before = reader.unreadable
    # Pages by position, not by count: facts of an erased customer are left out.
    for after in range(0, reader.position, PAGE):
        found = reader.facts(after=after, limit=PAGE)
        page = [logged for logged in found if logged.position <= after + PAGE]
        results = scratch.commit([Unit(facts=(logged.fact,)) for logged in page])
        for logged, result in zip(page, results, strict=True):
            if isinstance(result, Failed):
                raise LoggedFactError(logged, result.error, version) from result.error
        facts += len(results)
        refused += sum(not isinstance(result, Committed) for result in results)
    return Replayed(facts, refused, reader.unreadable - before)
