"""One policy, one meaning: everybody judged row by row and in DuckDB, and the two compared.

It judges nothing itself. One way is the live one: state and row functions, as a decision asks
them. The other is SQL over an export of one snapshot. Where they differ, one of them is wrong, and
the difference is shown under a pseudonym.
"""

from tuttu.batch.verify.running import (
    ExportPlan,
    Progress,
    Runs,
    compare,
    export,
    no_progress,
)

__all__ = ["ExportPlan", "Progress", "Runs", "compare", "export", "no_progress"]
