"""The choice: which action, by which treatment, in which slot, and why not the others.

`STAGES` says in what order a candidate can be refused; `decide` asks them, fills the slots, and
gives a receipt; `explain` gives the same with every stage that would refuse, `least_change` what
would turn a refusal, and `apply` the snapshot as it would then be. All are pure: a `Situation` is
read from one snapshot, or recalled from a receipt, and nothing is written, sent or drawn but from
the seed.

This room must not write a table, read a clock, or make a permit; the engine commits the receipt,
and whoever loses that race reads and decides again.
"""

from tuttu.decision.deciding import decide, explain
from tuttu.decision.errors import UnknownSurfaceError
from tuttu.decision.recalling import explain_again, question_of, recalled, rendered_then
from tuttu.decision.receipts import RECEIPTS, folds, receipt_at, receipt_of
from tuttu.decision.situation import (
    Candidate,
    CandidateKey,
    Question,
    Situation,
    candidates,
    situation,
    surfaces,
)
from tuttu.decision.stages import STAGES
from tuttu.vocabulary.room import Room

ROOM = Room(name="decision", tables=(RECEIPTS,), folds=folds)

__all__ = [
    "ROOM",
    "STAGES",
    "Candidate",
    "CandidateKey",
    "Question",
    "Situation",
    "UnknownSurfaceError",
    "candidates",
    "decide",
    "explain",
    "explain_again",
    "question_of",
    "recalled",
    "receipt_at",
    "receipt_of",
    "rendered_then",
    "situation",
    "surfaces",
]
