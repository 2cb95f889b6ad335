"""Batch work over all customers: funnel, verify, digest, replay.

It uses the real-time decision, or compares with it. This room gets a snapshot with its version's
project and rooms; it writes nothing to the store.
"""

from tuttu.batch.digest import digest_of
from tuttu.batch.funnel import Funnel, FunnelLine, StageCount, funnel_of
from tuttu.batch.replay import replay_into
from tuttu.batch.verify import ExportPlan, Progress, Runs, compare, export, no_progress

__all__ = [
    "ExportPlan",
    "Funnel",
    "FunnelLine",
    "Progress",
    "Runs",
    "StageCount",
    "compare",
    "digest_of",
    "export",
    "funnel_of",
    "no_progress",
    "replay_into",
]
