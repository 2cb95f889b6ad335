"""Verify: the policy evaluated for all customers row by row and in DuckDB, and the two compared.

It has no rules of its own. One implementation is the live one: state and row functions, as a
decision uses them. The other is SQL over an export of one snapshot. Where they differ, one of them
is wrong, and the difference is shown under a pseudonym.
"""

from tuttu.batch.verify.exporting import Progress
from tuttu.batch.verify.running import ExportPlan, Runs, compare, export, no_progress

__all__ = ["ExportPlan", "Progress", "Runs", "compare", "export", "no_progress"]
