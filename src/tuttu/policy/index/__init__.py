"""Thousands of conditions asked of one row at once.

Every condition is brought to clauses of literals (`clauses`): one value of the row, compared with
constants (`atoms`). For each such value, be it a column, an age, or a formula that many share, one
table leads from what it is now to an integer with a bit for each member (`tables`); a row costs one
look-up in each table (`bitmap`), however many conditions read it. It is one more executor of the
typed tree: it must find what the row functions find, NULLs included.
"""

from tuttu.policy.index.bitmap import ConditionIndex, Member, ReadingCost, Wanted, reading_costs

__all__ = ["ConditionIndex", "Member", "ReadingCost", "Wanted", "reading_costs"]
