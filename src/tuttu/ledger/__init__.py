"""The one ledger: contacts, what came of them, and the resources they use.

State is a fold of facts, kept by the fragment whose address was used; what follows from time
alone (a hold that ran out, silence that became *ignored*) is worked out when it is read, from
(contacts, reports, answers, now), so that the order in which facts arrive cannot matter. Resources
are the one exception, on purpose: a claim is first come, first served, in the order of the log.

This room must not decide who is contacted, must not know consent or profiles, and must not read a
clock. It writes the tables ``ledger.*``, and nobody else does.
"""

from tuttu.ledger.canonical import canonical, canonical_resources
from tuttu.ledger.compatibility import can_follow
from tuttu.ledger.fold import filler, folds, parts
from tuttu.ledger.history import History, outcomes_of, read
from tuttu.ledger.recalled import recalled
from tuttu.ledger.resources import ResourceState, free, resource_state
from tuttu.ledger.state import ADDRESSES, AMOUNTS, FRAGMENTS, HOLD, QUEUE, QUEUED, USES
from tuttu.ledger.viewing import queued
from tuttu.ledger.withdrawal import withdrawal_reason
from tuttu.vocabulary.room import Room

ROOM = Room(
    name="ledger",
    tables=(FRAGMENTS, QUEUE, ADDRESSES, USES, AMOUNTS),
    folds=folds,
    parts=parts,
    filler=filler,
    canonical=canonical,
    whole=canonical_resources,
    can_follow=can_follow,
)

__all__ = [
    "HOLD",
    "QUEUED",
    "ROOM",
    "History",
    "ResourceState",
    "canonical",
    "canonical_resources",
    "free",
    "outcomes_of",
    "queued",
    "read",
    "recalled",
    "resource_state",
    "withdrawal_reason",
]
