"""Refold: state that an earlier version of tuttu kept in another shape, or that rests on facts
whose key is lost, rebuilt from the log.

State is a fold of facts: to migrate it, it is dropped and folded again, by the rules of the project
folder that is opened. This is one transaction: a process that is killed meanwhile leaves the state
unchanged.
"""

from typing import NamedTuple

import msgspec

from tuttu.storage import LoggedFactError, Store, StoreCorruptError
from tuttu.versions import backfill, history
from tuttu.versions.version import view
from tuttu.vocabulary import events, facts
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Rooms

SHAPE = 5
"""Of all records of all rooms. To be raised when a released one can no longer be read, or means
something else. 1 kept state under names, and had no record of its own shape; 2 joined customers
whatever the priority of what named them, and did not keep the first facts of fragments; 3 kept who
is who by the rules of one version only, in the spelling that each identifier came with; 4 took what
did not fit a trait for NULL, days and times without a zone for UTC's, and a sender's clock that was
right for wrong."""


class Shape(msgspec.Struct, frozen=True):
    """The shape in which the state of a store is kept. unreadable: facts that were left out when
    it was folded from the whole log, since the keys of their fragments are lost."""

    number: int
    unreadable: int = 0


SHAPES = facts.Table("engine.shape", Shape)
"""One record."""


class Refolded(NamedTuple):
    """What made it necessary: keys that were lost, if any. unreadable: facts left out."""

    lost_keys: int
    unreadable: int


def refold(store: Store, project: Project, rooms: Rooms) -> Refolded | None:
    """None: there was nothing to do. Raises StoreCorruptError for state of a later version,
    LoggedFactError, Unavailable."""
    lost = store.lost_keys()
    with view(store, _is_due) as seen:
        if not seen.version and not lost:
            return None
    own = backfill.own_folds(events.ProjectActivated, history.activate)
    folds = [*(room.live_folds(project) for room in rooms if room.name != own.room), own]

    def note(transaction: facts.Transaction, unreadable: int) -> None:
        current = tuple(sorted(backfill.parts_of(project, rooms)))
        transaction.put(backfill.COVERAGE, history.HERE, backfill.Coverage(current=current))
        transaction.put(SHAPES, history.HERE, Shape(SHAPE, unreadable))

    written = frozenset({backfill.COVERAGE.name, SHAPES.name})
    try:
        unreadable = store.refold(folds, due=_is_due, then=(written, note))
    except LoggedFactError as error:
        raise LoggedFactError(error.logged, error.cause, project.digest) from error
    return None if unreadable is None else Refolded(lost, unreadable)


def unreadable_facts(reader: facts.Reader) -> int:
    """Facts that the state leaves out, since the keys of their fragments are lost."""
    kept = reader.get(SHAPES, history.HERE, watch=False)
    return 0 if kept is None else kept.unreadable


def _is_due(reader: facts.Reader) -> bool:
    kept = reader.get(SHAPES, history.HERE)
    if kept is not None and kept.number > SHAPE:
        raise StoreCorruptError(
            f"found state of shape {kept.number}, expected at most {SHAPE};"
            " open it with the version of tuttu that wrote it"
        )
    return kept is None or kept.number < SHAPE
