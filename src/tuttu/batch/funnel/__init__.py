"""The funnel: how many customers each action reaches, and at which stage it loses the others.

It has no rules of its own: the real-time decision runs for every customer, as a dry run, and the
results are counted here.
"""

from tuttu.batch.funnel.judging import funnel_of
from tuttu.batch.funnel.rendering import funnel_text, overview
from tuttu.batch.funnel.tally import Funnel, FunnelLine, StageCount

__all__ = [
    "Funnel",
    "FunnelLine",
    "StageCount",
    "funnel_of",
    "funnel_text",
    "overview",
]
