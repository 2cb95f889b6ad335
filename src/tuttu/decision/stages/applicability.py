"""Does it make sense now."""

from tuttu.decision.stage import REQUIREMENTS, Stage, fails, reads_of, requires

APPLICABILITY = Stage(
    name="applicability",
    reason=requires("applicable"),
    refuses=fails("applicable"),
    codes=REQUIREMENTS,
    reads=reads_of("applicable"),
)
