"""The life cycle of a version: loaded, backfilled from the log, activated, replaced by the next.

It knows the state of rooms by what each room's record says. It must not know use cases, answer a
door, or read a clock of its own.
"""

from tuttu.versions import backfill, history, refold
from tuttu.versions.activation import (
    Activation,
    Activator,
    BackfillProgress,
    Rehearsal,
    Report,
    no_report,
)
from tuttu.versions.active_version import ActiveVersion, FixedVersion, Versions, withdraw
from tuttu.versions.history import project_of, ways_of
from tuttu.versions.loading import another_store, check, read_project, warnings
from tuttu.versions.version import Version, View, make_version, view
from tuttu.vocabulary.room import Room

ROOM = Room(
    name=backfill.NAME,
    tables=(history.VERSIONS, history.ACTIVE, backfill.COVERAGE, refold.SHAPES),
    folds=history.folds,
)

__all__ = [
    "ROOM",
    "Activation",
    "Activator",
    "ActiveVersion",
    "BackfillProgress",
    "FixedVersion",
    "Rehearsal",
    "Report",
    "Version",
    "Versions",
    "View",
    "another_store",
    "check",
    "make_version",
    "no_report",
    "project_of",
    "read_project",
    "view",
    "warnings",
    "ways_of",
    "withdraw",
]
