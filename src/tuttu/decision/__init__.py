"""The choice: which action, by which treatment, in which slot, and why not the others.

`STAGES` says in what order a candidate can be refused; `decide` asks them, fills the slots, and
gives a receipt; `explain` gives the same with every stage that would refuse. Both are pure: a
`Situation` is read from one snapshot, and nothing is written, sent or drawn but from the seed.

This room must not write a table, read a clock, or make a permit; the engine commits the receipt,
and whoever loses that race reads and decides again.
"""

from tuttu.decision.deciding import decide, explain
from tuttu.decision.errors import UnknownSurfaceError
from tuttu.decision.situation import Candidate, Question, Situation, candidates, situation, surfaces
from tuttu.decision.stages import STAGES

__all__ = [
    "STAGES",
    "Candidate",
    "Question",
    "Situation",
    "UnknownSurfaceError",
    "candidates",
    "decide",
    "explain",
    "situation",
    "surfaces",
]
