"""The funnel: how many customers each action reaches, and at which stage it loses the others.

It judges nothing itself: every customer is put before the decision of real time, as a dry run, and
what is decided there is counted here.
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
