"""The log folded again in a scratch store, to be compared with what is kept.

Replay folds and does nothing else: it decides nothing, sends nothing and draws nothing.
"""

from tuttu.storage import Store
from tuttu.vocabulary.facts import Committed, Reader, Unit

PAGE = 1_000


def replay_into(reader: Reader, scratch: Store) -> tuple[int, int]:
    """How many facts of a snapshot were folded, and how many of them a fold refused. scratch: an
    empty store with the folds of the version."""
    facts = refused = 0
    # By positions, not by what was found: facts of an erased customer are left out.
    for after in range(0, reader.position, PAGE):
        found = reader.facts(after=after, limit=PAGE)
        page = [logged.fact for logged in found if logged.position <= after + PAGE]
        results = scratch.commit([Unit(facts=(fact,)) for fact in page])
        facts += len(results)
        refused += sum(not isinstance(result, Committed) for result in results)
    return facts, refused
