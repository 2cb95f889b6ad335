"""Does it make sense now."""

from tuttu.decision.stage import REQUIREMENTS, Stage, reads_of, requires

APPLICABILITY = Stage(
    name="applicability",
    reason=requires("applicable"),
    codes=REQUIREMENTS,
    reads=reads_of("applicable"),
)
