"""The one ledger: contacts, what came of them, and the resources they use.

State is a fold of facts, kept by the fragment whose address was used; what follows from time
alone (an expired hold, a missing answer that became *ignored*) is computed when it is read, from
(contacts, reports, answers, now), so that the order in which facts arrive cannot matter. Resources
are the one deliberate exception: a claim is first come, first served, in the order of the log.

This room must not decide who is contacted, must not know consent or profiles, and must not read a
clock. It writes the tables ``ledger.*``, and nobody else does.
"""

from tuttu.ledger import state
from tuttu.ledger.canonical import canonical, whole
from tuttu.ledger.contacts import History, outcomes_of, read
from tuttu.ledger.fold import filler, folds, parts
from tuttu.ledger.from_receipt import from_receipt
from tuttu.ledger.limits import concerns
from tuttu.ledger.outbox import queued, withdrawal_reason
from tuttu.ledger.resources import ResourceState, can_follow, resource_state
from tuttu.ledger.state import HOLD, QUEUED
from tuttu.vocabulary.room import Room

__all__ = [
    "HOLD",
    "QUEUED",
    "ROOM",
    "History",
    "ResourceState",
    "concerns",
    "from_receipt",
    "outcomes_of",
    "queued",
    "read",
    "resource_state",
    "withdrawal_reason",
]

ROOM = Room(
    name="ledger",
    tables=(
        state.FRAGMENTS,
        state.OLDER,
        state.QUEUE,
        state.ADDRESSES,
        state.USES,
        state.HOLDS,
        state.AMOUNTS,
    ),
    folds=folds,
    parts=parts,
    filler=filler,
    canonical=canonical,
    whole=whole,
    can_follow=can_follow,
)
