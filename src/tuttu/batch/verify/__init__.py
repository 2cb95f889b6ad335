"""One policy, one meaning: everybody judged row by row and in DuckDB, and the two compared.

It judges nothing itself. One way is the live one: state and row functions, as a decision asks
them. The other is SQL over an export of one snapshot. Where they differ, one of them is wrong, and
the difference is told under a pseudonym.
"""

from tuttu.batch.verify.exporting import Progress
from tuttu.batch.verify.report import Difference, Part, Verification
from tuttu.batch.verify.running import Runs, verify
from tuttu.batch.verify.text import verification_text

__all__ = [
    "Difference",
    "Part",
    "Progress",
    "Runs",
    "Verification",
    "verification_text",
    "verify",
]
