"""Replay: the log folded again in a scratch store, to be compared with the kept state.

It only folds: it decides nothing, sends nothing and draws no random numbers.
"""

from tuttu.storage import Store
from tuttu.vocabulary.facts import Committed, Reader, Unit

PAGE = 1_000


def replay_into(reader: Reader, scratch: Store) -> tuple[int, int]:
    """How many facts of a snapshot were folded, and how many of them a fold refused. scratch: an
    empty store with the folds of the version."""
    facts = refused = 0
    # Pages by position, not by count: facts of an erased customer are left out.
    for after in range(0, reader.position, PAGE):
        found = reader.facts(after=after, limit=PAGE)
        page = [logged.fact for logged in found if logged.position <= after + PAGE]
        results = scratch.commit([Unit(facts=(fact,)) for fact in page])
        facts += len(results)
        refused += sum(not isinstance(result, Committed) for result in results)
    return facts, refused
