"""What would turn a refusal: the least change of the view, found, applied and judged again.

A change is a set of parts: a column of the row, time, a permit, units of a resource… `least_change`
looks for the fewest and nearest; `apply` gives the view as it would be. Pure: nothing is read,
written or drawn, and whatever is found is judged by the decision itself.
"""

from tuttu.counterfactual.change import (
    Allowed,
    Arm,
    Change,
    ChangePart,
    ColumnSet,
    Endless,
    HigherLimit,
    Later,
    Live,
    NoExploration,
    Units,
    Worth,
    apply,
    subsets,
)
from tuttu.counterfactual.search import KNOWN_STAGES, MOST_PARTS, least_change, least_changes

__all__ = [
    "KNOWN_STAGES",
    "MOST_PARTS",
    "Allowed",
    "Arm",
    "Change",
    "ChangePart",
    "ColumnSet",
    "Endless",
    "HigherLimit",
    "Later",
    "Live",
    "NoExploration",
    "Units",
    "Worth",
    "apply",
    "least_change",
    "least_changes",
    "subsets",
]
