"""The stages at which a candidate can be refused, to be read from top to bottom.

A requirement passes only on TRUE; a guard blocks unless FALSE; what is missing refuses. The last
two see one candidate alone here. Arbitration goes on in `decision.arbitration`, where candidates
meet; controls are asked there of the winner only.
"""

from tuttu.decision.stage import Stages
from tuttu.decision.stages.applicability import APPLICABILITY
from tuttu.decision.stages.arbitration import ARBITRATION
from tuttu.decision.stages.consent import CONSENT
from tuttu.decision.stages.contact_limits import CONTACT_LIMITS
from tuttu.decision.stages.controls import CONTROLS
from tuttu.decision.stages.eligibility import ELIGIBILITY
from tuttu.decision.stages.guards import GUARDS
from tuttu.decision.stages.reachable import REACHABLE
from tuttu.decision.stages.resources import RESOURCES
from tuttu.decision.stages.scoring import SCORING
from tuttu.decision.stages.suitability import SUITABILITY
from tuttu.decision.stages.suppressions import SUPPRESSIONS

STAGES: Stages = (
    ELIGIBILITY,
    APPLICABILITY,
    SUITABILITY,
    GUARDS,
    CONSENT,
    REACHABLE,
    SUPPRESSIONS,
    CONTACT_LIMITS,
    RESOURCES,
    SCORING,
    ARBITRATION,
    CONTROLS,
)
STAGE_NAMES = tuple(stage.name for stage in STAGES)

__all__ = [
    "ARBITRATION",
    "CONSENT",
    "CONTACT_LIMITS",
    "CONTROLS",
    "GUARDS",
    "REACHABLE",
    "RESOURCES",
    "STAGES",
    "STAGE_NAMES",
    "SUPPRESSIONS",
]
