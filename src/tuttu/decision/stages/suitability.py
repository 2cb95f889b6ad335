"""Is it in the customer's interest."""

from tuttu.decision.stage import REQUIREMENTS, Stage, fails, reads_of, requires

SUITABILITY = Stage(
    name="suitability",
    reason=requires("suitable"),
    refuses=fails("suitable"),
    codes=REQUIREMENTS,
    reads=reads_of("suitable"),
)
