"""The change from one run of a set to the next, as a server makes it: known before it begins.

What is to change is compared on a snapshot, while others write. A change of up to `AT_ONCE` pairs
is made in the commit of the closing itself, so that readers see the set before it or the one after.
A greater one is made in steps, each of which others wait for as they do for any commit; between two
of them some customers are as before and some as after. Folding the log again makes it all at once.
"""

from collections import Counter
from collections.abc import Iterator

import msgspec

from tuttu.identity import sets
from tuttu.identity.graph import Graph
from tuttu.identity.records import BARRED, MEMBERS, NEIGHBOURS, NODES
from tuttu.identity.refusals import reason_of
from tuttu.identity.rules import rules_of
from tuttu.identity.sets import NamedSet, Pair, SetPlace, SetState
from tuttu.vocabulary import events, facts, room, values, verdicts
from tuttu.vocabulary.project import Project

AT_ONCE = 2_000
"""Pairs; one takes about half a millisecond."""
WRITTEN = frozenset(
    each.name
    for each in (
        NODES, MEMBERS, NEIGHBOURS, BARRED, sets.SETS, sets.RUNS, sets.CLAIMS, sets.BUCKETED
    )
)  # fmt: skip


def changes(reader: facts.Reader, place: SetPlace, run: str, strength: int) -> list[Pair] | None:
    """The pairs of which the run claims another thing than what counts of the set. None: more than
    `AT_ONCE`, or the change before it is not made yet."""
    current = sets.current_of(reader, place)
    if current is not None and current.pending:
        return None
    found: list[Pair] = []
    for each in _changes(reader, place, run, current, strength):
        if len(found) == AT_ONCE:
            return None
        found.append(each)
    return found


def _changes(
    reader: facts.Reader, place: SetPlace, run: str, current: NamedSet | None, strength: int
) -> Iterator[Pair]:
    before = None if current is None else sets.run_of(reader, place, current.run)
    known = [each for each in (sets.run_of(reader, place, run), before) if each is not None]
    for number in sorted({number for each in known for number in sets.bits(each.buckets)}):
        new = sets.scores_of(reader, place, run, number)
        old = {} if current is None else sets.scores_of(reader, place, current.run, number)
        same = current is not None and current.strength == strength
        yield from (
            pair for pair in sorted({*new, *old}) if not same or new.get(pair) != old.get(pair)
        )


def closing(project: Project, pairs: list[Pair] | None) -> room.RoomFolds:
    """The fold of a closing whose changes are known; None: they are made in steps."""

    def fold(transaction: facts.Transaction, logged: facts.Logged) -> None:
        sets.close(transaction, project, logged, pairs)

    return _only(events.LinksClosed, fold)


def settling(project: Project) -> room.RoomFolds:
    """The fold of one step of a great change."""

    def fold(transaction: facts.Transaction, logged: facts.Logged) -> None:
        body = logged.fact.body
        assert isinstance(body, events.LinksSettled)  # noqa: S101 - registered for no other
        SetState(transaction, project, body.set).settle()

    return _only(events.LinksSettled, fold)


def set_names(reader: facts.Reader, project: Project) -> list[str]:
    """Sets of which a run was closed."""
    return [name for name, _ in _sets(reader, project)]


def unsettled(reader: facts.Reader, project: Project) -> list[str]:
    """Names of sets of which a change is not whole yet."""
    return [name for name, each in _sets(reader, project) if each.pending]


def _sets(reader: facts.Reader, project: Project) -> Iterator[tuple[str, NamedSet]]:
    part = rules_of(project).part
    for key, each in reader.scan(sets.SETS, part):
        yield key[len(part) :].decode(), each


def open_run(reader: facts.Reader, place: SetPlace, source: str) -> sets.Run | None:
    """The newest run of this file that was begun and not closed, unless another one counts since
    then."""
    current = sets.current_of(reader, place)
    found = [
        run
        for run in sets.runs_of(reader, place)
        if source and run.source == source
        if current is None or current.moment < run.moment
    ]
    return max(found, key=lambda run: run.moment, default=None)


def next_time(reader: facts.Reader, place: SetPlace, now: values.Instant) -> values.Instant:
    """Of a new run: after every run there is, though two begin in the same moment."""
    return max(now, *(run.time + 1 for run in sets.runs_of(reader, place)), 0)


class SetOutcome(msgspec.Struct, frozen=True):
    """What became of the pairs that a set claims. refused: how many for each reason, the most
    frequent first."""

    pairs: int
    joined: int
    refused: tuple[tuple[verdicts.Reason, int], ...]


def outcome(reader: facts.Reader, project: Project, name: str) -> SetOutcome:
    """It looks at every pair of the set."""
    place = sets.place_of(project, name)
    current = sets.current_of(reader, place)
    run = None if current is None else sets.run_of(reader, place, current.run)
    count, joined, refused = 0, 0, Counter[str]()  # packed: their values cannot be hashed
    for number in () if run is None else sets.bits(run.buckets):
        graph = Graph(reader, project)
        for pair in sets.scores_of(reader, place, "" if run is None else run.run, number):
            count += 1
            reason = reason_of(graph, *pair)
            if reason is None:
                joined += 1
            else:
                refused[reason.packed()] += 1
    reasons = tuple((verdicts.unpacked(text), number) for text, number in refused.most_common())
    return SetOutcome(count, joined, reasons)


def _only(body: type[facts.Body], fold: facts.Fold) -> room.RoomFolds:
    return room.RoomFolds(room="identity", tables=WRITTEN, folds={body: fold})
