"""What would change a condition: the fewest columns to be set, and the nearest values.

A tree is read backwards (`propagation`, `inverse`, `items`) for the values at which something
turns, and searched (`search`, `candidates`) for the least that does. Pure, as the room around it
is; a change is only proposed here, and judged where the condition is evaluated.
"""

from tuttu.policy.solver.boundaries import distance
from tuttu.policy.solver.candidates import (
    Domain,
    Goal,
    goals_of,
    least_values,
    moves_for,
    moves_needed,
    propose,
)
from tuttu.policy.solver.propagation import KnownValues
from tuttu.policy.solver.search import Budget, Move, Moves, SearchState, find_least
from tuttu.policy.solver.trees import columns_in, inlined, literals_in, value_of

__all__ = [
    "Budget",
    "Domain",
    "Goal",
    "KnownValues",
    "Move",
    "Moves",
    "SearchState",
    "columns_in",
    "distance",
    "find_least",
    "goals_of",
    "inlined",
    "least_values",
    "literals_in",
    "moves_for",
    "moves_needed",
    "propose",
    "value_of",
]
