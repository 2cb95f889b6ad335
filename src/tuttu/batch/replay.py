"""The log folded anew in a scratch store, to be compared with what is kept.

Replay folds and does nothing else: it decides nothing, sends nothing and draws nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from tuttu.api.answers import ReplayAnswer
from tuttu.batch.digest import digest
from tuttu.engine.house import House
from tuttu.storage import Snapshot
from tuttu.vocabulary.facts import Committed, Logged, Unit

PAGE = 1_000


def replay(house: House) -> ReplayAnswer:
    """Both digests are of one snapshot; what is written meanwhile is in neither."""
    facts = refused = 0
    with house.store.read() as snapshot, closing(house.store.scratch()) as scratch:
        house = house.at(snapshot)
        scratch.register(house.folds)
        for page in _pages(snapshot):
            results = scratch.commit([Unit(facts=(logged.fact,)) for logged in page])
            facts += len(results)
            refused += sum(not isinstance(result, Committed) for result in results)
        with scratch.read() as again:
            return ReplayAnswer(
                facts=facts,
                refused=refused,
                live=digest(snapshot, house.project),
                replayed=digest(again, house.project),
            )


def _pages(snapshot: Snapshot) -> Iterator[list[Logged]]:
    """By positions, not by what was found: facts of an erased person are left out."""
    for after in range(0, snapshot.position, PAGE):
        found = snapshot.facts(after=after, limit=PAGE)
        yield [each for each in found if each.position <= after + PAGE]
