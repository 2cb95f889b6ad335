"""Backfill: the log folded into new definitions, until their state is as complete as all other.

State is kept in *parts*, one for each definition. A store records which parts every commit is
folded into, and up to which position each other part covers the log: 0 if it was never declared,
and where it was dropped if it was declared before. A commit of a backfill folds more of the log
into some parts and records that in the same transaction: nothing is folded twice, and a backfill
that was killed resumes where it stopped.
"""

from collections.abc import Callable, Mapping

import msgspec

from tuttu.storage import LoggedFactError
from tuttu.versions.history import ACTIVE, HERE, VERSIONS
from tuttu.vocabulary import facts, history
from tuttu.vocabulary.errors import TuttuError
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import RoomFolds, Rooms

PAGE = 250
"""Facts that are folded in one commit between those of live traffic."""
NAME = "versions"

Parts = frozenset[tuple[str, history.Part]]
"""Room and part."""


class Coverage(msgspec.Struct, frozen=True):
    """current: parts that every commit is folded into. through: log position the others cover."""

    current: tuple[tuple[str, history.Part], ...] = msgspec.field(name="hearing", default=())
    through: tuple[tuple[str, history.Part, int], ...] = ()

    def missing(self, wanted: Parts) -> dict[tuple[str, history.Part], int]:
        """The wanted parts that do not cover the whole log, each with the position it covers."""
        known = {(room, part): position for room, part, position in self.through}
        return {each: known.get(each, 0) for each in sorted(wanted - set(self.current))}

    def after_page(self, wanted: Parts, through: int) -> "Coverage":
        """After a commit that folded the log up to a position."""
        known = {(room, part): position for room, part, position in self.through}
        for each, position in self.missing(wanted).items():
            known[each] = max(position, through)
        return Coverage(self.current, tuple((*each, known[each]) for each in sorted(known)))

    def after_activation(self, wanted: Parts, through: int) -> "Coverage":
        """The wanted parts cover the whole log; dropped ones cover it up to here."""
        known = {(room, part): position for room, part, position in self.through}
        known.update(dict.fromkeys(set(self.current) - wanted, through))
        rest = ((*each, known[each]) for each in sorted(known.keys() - wanted))
        return Coverage(tuple(sorted(wanted)), tuple(rest))


COVERAGE = facts.Table("engine.heard", Coverage)
"""One record."""


class Backfill(msgspec.Struct, frozen=True, kw_only=True):
    """What one version of a project still has to fold. behind: by name of room. left_out: by name
    of room, the facts that it could not read, since their key is lost; counted as it folds."""

    project: Project
    rooms: Rooms
    wanted: Parts
    behind: Mapping[str, history.Behind]
    left_out: dict[str, int] = msgspec.field(default_factory=dict)

    @property
    def start(self) -> int | None:
        """Every part covers the log up to here; None: there is nothing to fold."""
        return min((each.start for each in self.behind.values()), default=None)

    @property
    def parts(self) -> int:
        """How many definitions are backfilled."""
        return sum(len(each.through) for each in self.behind.values())

    def folds(self, body: type, through: Callable[[facts.Logged], int]) -> list[RoomFolds]:
        """The folds of a commit whose one fact has a body of this type, which says up to which
        position the log is folded. Only a version that is not active yet reads what they write,
        so no decision in flight is invalidated."""
        return [
            self._folds(room.backfill_folds(self.project, self.behind[room.name]), body, through)
            for room in self.rooms
            if room.name in self.behind
        ]

    def _folds(
        self, filling: RoomFolds, body: type, through: Callable[[facts.Logged], int]
    ) -> RoomFolds:
        start = self.behind[filling.room].start

        def fold(transaction: facts.Transaction, logged: facts.Logged) -> None:
            end = through(logged)
            unread = end - start
            for past in facts.facts_between(transaction, start, end):
                unread -= 1
                fold = filling.folds.get(type(past.fact.body))
                if fold is not None:
                    _fold_again(fold, transaction, past, self.project)
            self.left_out[filling.room] = unread

        return msgspec.structs.replace(filling, folds={body: fold}, keep_versions=True)


def _fold_again(
    fold: facts.Fold, transaction: facts.Transaction, past: facts.Logged, project: Project
) -> None:
    """Raises Exhausted as the fold does, and LoggedFactError for a mistake of ours."""
    try:
        fold(transaction, past)
    except (facts.Exhausted, TuttuError):
        raise
    except Exception as error:
        raise LoggedFactError(past, error, project.digest) from error


def own_folds(body: type, fold: facts.Fold) -> RoomFolds:
    """A fold into this room's own tables, for facts of one type."""
    tables = frozenset(table.name for table in (VERSIONS, ACTIVE, COVERAGE))
    return RoomFolds(room=NAME, tables=tables, folds={body: fold})


def parts_of(project: Project, rooms: Rooms) -> Parts:
    return frozenset((room.name, part) for room in rooms for part in room.parts(project))


def coverage(reader: facts.Reader, *, watch: bool = True) -> Coverage:
    return reader.get(COVERAGE, HERE, watch=watch) or Coverage()


def backfill_of(project: Project, rooms: Rooms, kept: Coverage) -> Backfill:
    wanted = parts_of(project, rooms)
    late: dict[str, dict[history.Part, int]] = {}
    for (room, part), position in kept.missing(wanted).items():
        late.setdefault(room, {})[part] = position
    behind = {room: history.Behind(through) for room, through in late.items()}
    return Backfill(project=project, rooms=rooms, wanted=wanted, behind=behind)
