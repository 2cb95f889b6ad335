"""The choice: which action, by which treatment, in which slot, and why not the others.

`STAGES` says in what order a candidate can be refused; `decide` asks them, fills the slots, and
gives a receipt; `explain` gives the same with every stage that would refuse. Both are pure: a
`DecisionView` is read from one snapshot, or rebuilt from a receipt; nothing is written or sent, and
random numbers follow from the seed.

This room must not write a table but that of its receipts, read a clock, or make a permit; the
engine commits the receipt, and a decision that conflicts is read and made again.
"""

from tuttu.decision.costs import COST_KINDS, Cost, CostKind, costs
from tuttu.decision.deciding import decide, explain
from tuttu.decision.from_receipt import (
    explain_again,
    query_of,
    recalled,
    rendered_then,
    told,
    told_by_order,
)
from tuttu.decision.groups import other_members
from tuttu.decision.messages import MessageRenderer
from tuttu.decision.receipts import RECEIPTS, folds, receipt_at, receipt_of
from tuttu.decision.stage import Stage, StageReads, Stages
from tuttu.decision.stages import STAGE_NAMES, STAGES
from tuttu.decision.view import (
    Candidate,
    CandidateKey,
    DecisionQuery,
    DecisionView,
    candidates,
    surfaces,
    view,
)
from tuttu.decision.ways import judged_ways, pools_of
from tuttu.vocabulary.room import Room

ROOM = Room(name="decision", tables=(RECEIPTS,), folds=folds)

__all__ = [
    "COST_KINDS",
    "ROOM",
    "STAGES",
    "STAGE_NAMES",
    "Candidate",
    "CandidateKey",
    "Cost",
    "CostKind",
    "DecisionQuery",
    "DecisionView",
    "MessageRenderer",
    "Stage",
    "StageReads",
    "Stages",
    "candidates",
    "costs",
    "decide",
    "explain",
    "explain_again",
    "judged_ways",
    "other_members",
    "pools_of",
    "query_of",
    "recalled",
    "receipt_at",
    "receipt_of",
    "rendered_then",
    "surfaces",
    "told",
    "told_by_order",
    "view",
]
