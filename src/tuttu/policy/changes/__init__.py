"""What would change a condition: the fewest columns to be set, and the nearest values.

A tree is read backwards (`backwards`, `inverse`, `items`) for the values at which something turns,
and searched (`search`, `fitting`) for the least that does. Pure, as the room around it is; a change
is only ever proposed here, and judged where the condition is asked.
"""

from tuttu.policy.changes.backwards import Known
from tuttu.policy.changes.boundaries import distance
from tuttu.policy.changes.fitting import (
    Domain,
    Wish,
    apart,
    fit_item,
    least_values,
    moves_for,
    proposed,
    unmet,
    wishes,
)
from tuttu.policy.changes.search import Budget, Look, Move, Moves, least_thoroughly
from tuttu.policy.changes.trees import columns_in, inlined, literals_in, value_of

__all__ = [
    "Budget",
    "Domain",
    "Known",
    "Look",
    "Move",
    "Moves",
    "Wish",
    "apart",
    "columns_in",
    "distance",
    "fit_item",
    "inlined",
    "least_thoroughly",
    "least_values",
    "literals_in",
    "moves_for",
    "proposed",
    "unmet",
    "value_of",
    "wishes",
]
