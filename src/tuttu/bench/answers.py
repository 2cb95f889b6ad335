"""What the answers of a run under load say: whether it measured what it was meant to."""

import json
from typing import Any

from tuttu.bench import results
from tuttu.decision import STAGE_NAMES

MOST_KEPT = 50
LEAST_NEW, MOST_CLOSED = 0.9, 0.2
_LIMITS = STAGE_NAMES.index("contact_limits")


class Answers:
    """Is given each body of a decision; those kept are read when it is over."""

    def __init__(self) -> None:
        self.asked = self.new = 0
        self._kept: list[bytes] = []

    def __call__(self, body: bytes) -> None:
        self.asked += 1
        self.new += b'"reused":false' in body
        if len(self._kept) < MOST_KEPT and b'"refused":[]' not in body:
            self._kept.append(body)

    @property
    def closed(self) -> float:
        """Of the candidates that came as far as the contact limits, how many they refused."""
        closed = reached = 0
        for body in self._kept:
            answer: dict[str, Any] = json.loads(body)
            stages = [STAGE_NAMES.index(each["stage"]) for each in answer["refused"]]
            closed += stages.count(_LIMITS)
            reached += len(answer["choices"]) + sum(stage >= _LIMITS for stage in stages)
        return closed / reached if reached else 0.0

    def tell(self, measurement: results.Measurement) -> None:
        """Asked again within a hold, a customer gets the same contact, and no work is measured; so
        it is where limits close everything."""
        new = self.new / self.asked
        said = f"{new:.0%} made a new contact", f"limits closed {self.closed:.0%}"
        measurement.remarks += said
        if new < LEAST_NEW:
            measurement.doubts.append(f"fewer than {LEAST_NEW:.0%} made a new contact")
        if self.closed > MOST_CLOSED:
            measurement.doubts.append(f"limits closed more than {MOST_CLOSED:.0%}")
