"""State that an earlier version of tuttu kept in another shape, folded anew from the log.

State is a fold of facts: to bring it up to date, it is thrown away and made again, by the rules of
the project folder that is opened. It is one transaction: whoever is killed meanwhile leaves the
state as it was.
"""

from __future__ import annotations

import msgspec

from tuttu.engine.house import folds_of
from tuttu.storage import Store, StoreCorruptError
from tuttu.versions import backfill, history
from tuttu.vocabulary.events import ProjectActivated
from tuttu.vocabulary.facts import Reader, Table, Transaction
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import RoomFolds

SHAPE = 2
"""Of all records of all rooms. To be raised when a released one can no longer be read, or means
something else. 1 kept state under names; it had no record of its own shape."""


class Shape(msgspec.Struct, frozen=True):
    """The shape in which the state of a store is kept."""

    number: int


SHAPES = Table("engine.shape", Shape)
"""One record."""
HERE = b""


def renew(store: Store, project: Project) -> bool:
    """Whether there was anything to do. Raises StoreCorruptError for state of a later version,
    StoreUnavailableError."""
    with store.read() as snapshot:
        if not _is_due(snapshot):
            return False
    versions = RoomFolds(
        room="versions",
        tables=frozenset(
            each.name for each in (history.VERSIONS, history.ACTIVE, backfill.HEARD, SHAPES)
        ),
        folds={ProjectActivated: history.activate},
    )
    folds = [versions if each.room == "versions" else each for each in folds_of(project)]

    def note(transaction: Transaction) -> None:
        heard = tuple(sorted(backfill.parts_of(project)))
        transaction.put(backfill.HEARD, backfill.HERE, backfill.Heard(hearing=heard))
        transaction.put(SHAPES, HERE, Shape(SHAPE))

    return store.refold(folds, due=_is_due, then=("versions", note))


def _is_due(reader: Reader) -> bool:
    kept = reader.get(SHAPES, HERE)
    if kept is not None and kept.number > SHAPE:
        raise StoreCorruptError(
            f"found state of shape {kept.number}, expected at most {SHAPE};"
            " open it with the version of tuttu that wrote it"
        )
    return kept is None or kept.number < SHAPE
