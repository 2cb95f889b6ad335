"""Wiring: builds the rooms, registers their folds and columns, and answers the doors.

It holds no rules of its own: what is decided, allowed or counted is decided in the rooms below.
"""

from tuttu.access.keys import SCOPES, KeyHolder
from tuttu.engine.calls import AcceptOutcome
from tuttu.engine.engine import Engine
from tuttu.engine.monotonic_clock import newest_moment
from tuttu.engine.opening import open_engine, scratch_engine
from tuttu.versions.checking import check, load_project
from tuttu.vocabulary.errors import AlreadyReloading, BadRequest, NotFound, Unavailable

__all__ = [
    "SCOPES",
    "AcceptOutcome",
    "AlreadyReloading",
    "BadRequest",
    "Engine",
    "KeyHolder",
    "NotFound",
    "Unavailable",
    "check",
    "load_project",
    "newest_moment",
    "open_engine",
    "scratch_engine",
]
