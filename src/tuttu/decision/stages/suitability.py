"""Is it in the customer's interest."""

from tuttu.decision.stage import REQUIREMENTS, Stage, reads_of, requires

SUITABILITY = Stage(
    name="suitability", reason=requires("suitable"), codes=REQUIREMENTS, reads=reads_of("suitable")
)
