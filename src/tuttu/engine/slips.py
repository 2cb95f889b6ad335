"""Traits of accepted calls that did not fit, by who sent them."""

from tuttu import api, intake
from tuttu.engine.runtime import Runtime

MOST_SLIPS = 1_000


def slips(runtime: Runtime, query: api.SlipsQuery) -> api.SlipsAnswer:
    """Traits of accepted calls that did not fit their type: who sent them, how often, since when.
    The newest first."""
    limit = max(1, min(query.limit, MOST_SLIPS))
    with runtime.view() as seen:
        return api.slips_answer(intake.slips(seen.snapshot, limit))
