"""Named sets of evidence: what a batch matcher or a CRM claims, run by run.

A run is read claim by claim, and counts from its closing, in place of the run before it. Of several
closed runs of a set the newest counts, by (time, id), in whatever order they come. What a run
claims is kept until a newer one is closed; so the change from one to the next is known, and only
what it touches is visited.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from tuttu.identity.claiming import put_claim, withdraw_claim
from tuttu.identity.graph_state import GraphState
from tuttu.identity.records import SetEvidence
from tuttu.identity.rules import Rules, rules_of
from tuttu.vocabulary import events, facts, history, room, values
from tuttu.vocabulary.project import Project

BUCKETS = 1_024
"""Of the claims of a run, each to be read and changed in one step."""
STEP = 500
"""Claims that one step of a change looks at, for which live traffic waits."""
NONE = bytes(BUCKETS // 8)
RUN_KEY = 14
Pair = tuple[events.FragmentId, events.FragmentId]


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """What a run claims of a pair; of several claims the one with the best score."""

    one: events.Identifier
    other: events.Identifier
    score: int


class Bucket(msgspec.Struct, frozen=True, array_like=True):
    """Some of the pairs that a run claims, as the keys of both, with their scores."""

    scores: Mapping[bytes, int] = {}


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One reading of a set. through: row of its file. buckets: a bit for each that has a pair.

    source: digest of the file. below, refused: rows under the least score, and faulty ones.
    """

    run: str
    time: values.Instant
    by: str = ""
    source: str = ""
    through: int = 0
    claimed: int = 0
    below: int = 0
    refused: int = 0
    closed: bool = False
    buckets: bytes = NONE

    @property
    def moment(self) -> tuple[values.Instant, str]:
        return self.time, self.run


class NamedSet(msgspec.Struct, frozen=True, kw_only=True):
    """What counts of a set: its newest closed run.

    pending: runs whose claims are still to be looked at, since it took their place or its own do
    not all count yet; bucket: the first one, of the first of them.
    """

    run: str
    time: values.Instant
    strength: int
    pending: tuple[str, ...] = ()
    bucket: int = 0

    @property
    def moment(self) -> tuple[values.Instant, str]:
        return self.time, self.run


SETS = facts.Table("identity.sets", NamedSet)
"""Under the part of the rules + the name."""
RUNS = facts.Table("identity.set_runs", Run)
"""Under part + name + `END` + run."""
CLAIMS = facts.Table("identity.set_claims", Claim, personal=True)
"""Under one + the key of the part and the run + other."""
BUCKETED = facts.Table("identity.set_buckets", Bucket)
"""Under the key of the part and the run + the number of the bucket."""
END = b"\x00"


class SetPlace(msgspec.Struct, frozen=True):
    """Where a set is kept: for each rules of identity, as all of who is who is."""

    part: history.Part
    name: str

    @property
    def key(self) -> bytes:
        return self.part + self.name.encode()

    def run(self, run: str) -> bytes:
        return self.key + END + run.encode()

    def claim(self, run: str, pair: Pair) -> bytes:
        return pair[0] + self._hash(run) + pair[1]

    def bucket(self, run: str, number: int) -> bytes:
        return self._hash(run) + number.to_bytes(2, "big")

    def _hash(self, run: str) -> bytes:
        return hashlib.blake2b(self.run(run), digest_size=RUN_KEY).digest()


def place_of(project: Project, name: str) -> SetPlace:
    return SetPlace(rules_of(project).part, name)


def folds(project: Project) -> room.Folds:
    """State after them is a function of the set of facts, but for since when a pair is claimed."""

    def claimed(transaction: facts.Transaction, logged: facts.Logged) -> None:
        body = logged.fact.body
        assert isinstance(body, events.LinkClaimed)  # noqa: S101 - registered for no other
        _add_claim(SetState(transaction, project, body.set), body, logged.fact.time)

    def read(transaction: facts.Transaction, logged: facts.Logged) -> None:
        body = logged.fact.body
        assert isinstance(body, events.LinksRead)  # noqa: S101 - registered for no other
        _read(SetState(transaction, project, body.set), body, logged.fact.time)

    def closed(transaction: facts.Transaction, logged: facts.Logged) -> None:
        state = close(transaction, project, logged)
        while state.settle():
            pass

    return {events.LinkClaimed: claimed, events.LinksRead: read, events.LinksClosed: closed}


class SetState:
    """One set, as a step of the fold changes it."""

    def __init__(self, transaction: facts.Transaction, project: Project, name: str) -> None:
        self.graph = GraphState(transaction, project)
        self.name = name
        self.place = place_of(project, name)
        self._project = project
        self._transaction = transaction

    def current(self) -> NamedSet | None:
        return current_of(self._transaction, self.place)

    def put(self, current: NamedSet) -> None:
        self._transaction.put(SETS, self.place.key, current)

    def run(self, run: str, time: values.Instant) -> Run:
        """As it is known; a new one."""
        return run_of(self._transaction, self.place, run) or Run(run=run, time=time)

    def put_run(self, run: Run) -> None:
        self._transaction.put(RUNS, self.place.run(run.run), run)

    def older(self, run: Run) -> list[str]:
        """Runs before it of which claims are kept."""
        known = runs_of(self._transaction, self.place)
        return [each.run for each in known if each.moment < run.moment and each.buckets != NONE]

    def stage(self, run: Run, pair: Pair, claim: Claim) -> None:
        """Keep what a run claims."""
        self._transaction.put(CLAIMS, self.place.claim(run.run, pair), claim)
        number = bucket_of(pair)
        place = self.place.bucket(run.run, number)
        bucket = self._transaction.get(BUCKETED, place) or Bucket()
        scores = {**bucket.scores, pair[0] + pair[1]: claim.score}
        self._transaction.put(BUCKETED, place, Bucket(dict(sorted(scores.items()))))
        self.put_run(replace(run, buckets=with_bit(run.buckets, number)))

    def claim(self, run: str, pair: Pair) -> Claim | None:
        return self._transaction.get(CLAIMS, self.place.claim(run, pair))

    def drop(self, run: Run) -> None:
        """Forget what a run claims."""
        for number in bits(run.buckets):
            run = self._drop_bucket(run, number)
        self.put_run(run)

    def settle(self) -> bool:
        """One step of the change to the current run, over about `STEP` claims; False: there was
        nothing left to do. Done again, it changes nothing.

        What is not claimed any more goes first: meanwhile people are rather apart than joined.
        """
        current = self.current()
        if current is None or not current.pending:
            return False
        first, *rest = current.pending
        run = self.run(first, 0)
        done, after = 0, replace(current, pending=tuple(rest), bucket=0)
        for number in bits(run.buckets, current.bucket):
            if done >= STEP:
                after = replace(current, bucket=number)
                break
            pairs = scores_of(self._transaction, self.place, first, number)
            kept = scores_of(self._transaction, self.place, current.run, number)
            for pair in pairs:
                # What both claim is looked at for the current one, if at all.
                if first == current.run or pair not in kept:
                    self.change(current, pair)
            done += len(pairs)
            if first != current.run:
                run = self._drop_bucket(run, number)
        self.put_run(run)
        self.put(after)
        self.flush()
        return True

    def change(self, current: NamedSet, pair: Pair) -> None:
        """Let count of a pair what the current run claims, and nothing else of the set."""
        claim = self.claim(current.run, pair)
        if claim is None:
            withdraw_claim(self.graph, pair, self.name)
            return
        id_ = evidence_id(self.name, claim)
        evidence = SetEvidence(self.name, current.strength, current.time, claim.score, id_)
        put_claim(self.graph, (claim.one, claim.other), evidence)

    def flush(self) -> None:
        """Write the customers, and forget what was read of them."""
        self.graph.flush()
        self.graph = GraphState(self._transaction, self._project)

    def _drop_bucket(self, run: Run, number: int) -> Run:
        for pair in scores_of(self._transaction, self.place, run.run, number):
            self._transaction.delete(CLAIMS, self.place.claim(run.run, pair))
        self._transaction.delete(BUCKETED, self.place.bucket(run.run, number))
        return replace(run, buckets=without_bit(run.buckets, number))


def _add_claim(state: SetState, body: events.LinkClaimed, time: values.Instant) -> None:
    current, named = state.current(), claimed_pair(state.graph.rules, body)
    if named is None or (current is not None and (time, body.run) < current.moment):
        return
    pair = state.graph.key_of(named[0]), state.graph.key_of(named[1])
    claim, old = Claim(*named, body.score), state.claim(body.run, pair)
    if old is not None and old.score >= claim.score:
        return
    state.stage(state.run(body.run, time), pair, claim)
    if current is not None and current.run == body.run:
        state.change(current, pair)
        state.flush()


def claimed_pair(
    rules: Rules, body: events.LinkClaimed
) -> tuple[events.Identifier, events.Identifier] | None:
    """The two as they are spelled now, the smaller one first; None: one of them names nobody by
    now, or both are the same."""
    one, other = rules.present(body.one), rules.present(body.other)
    if one is None or other is None or one == other:
        return None
    return (one, other) if one < other else (other, one)


def _read(state: SetState, body: events.LinksRead, time: values.Instant) -> None:
    run = state.run(body.run, time)
    run = replace(
        run,
        by=run.by or body.by,
        source=body.source,
        through=max(run.through, body.through),
        claimed=run.claimed + body.claimed,
        below=run.below + body.below,
        refused=run.refused + body.refused,
    )
    state.put_run(run)


def close(
    transaction: facts.Transaction,
    project: Project,
    logged: facts.Logged,
    changes: Iterable[Pair] | None = None,
) -> SetState:
    """The run is what the set claims, unless a newer one is; what changes is left to be settled.

    changes: all pairs of which it claims another thing than the run before it. They count here.
    """
    body, time = logged.fact.body, logged.fact.time
    assert isinstance(body, events.LinksClosed)  # noqa: S101 - registered for no other
    state = SetState(transaction, project, body.set)
    run, current = state.run(body.run, time), state.current()
    run = replace(run, by=body.by, closed=True)
    state.put_run(run)
    if current is not None and run.moment < current.moment:
        state.drop(run)
        return state
    older = state.older(run)
    pending = older if changes is not None else [*older, body.run]
    current = NamedSet(run=body.run, time=time, strength=body.strength, pending=tuple(pending))
    for pair in changes or ():
        state.change(current, pair)
    state.put(current)
    state.flush()
    return state


def current_of(reader: facts.Reader, place: SetPlace) -> NamedSet | None:
    return reader.get(SETS, place.key)


def run_of(reader: facts.Reader, place: SetPlace, run: str) -> Run | None:
    return reader.get(RUNS, place.run(run))


def runs_of(reader: facts.Reader, place: SetPlace) -> list[Run]:
    return [run for _, run in reader.scan(RUNS, place.run(""))]


def scores_of(reader: facts.Reader, place: SetPlace, run: str, number: int) -> dict[Pair, int]:
    """What a run claims of the pairs in one bucket."""
    found = reader.get(BUCKETED, place.bucket(run, number), watch=False) or Bucket()
    size = events.FRAGMENT_BYTES
    return {(pair[:size], pair[size:]): score for pair, score in found.scores.items()}


def bucket_of(pair: Pair) -> int:
    return int.from_bytes(pair[0][:2], "big") % BUCKETS


def evidence_id(name: str, claim: Claim) -> str:
    """The same in every run and in every store, and different for every pair."""
    said = msgspec.json.encode([claim.one, claim.other])
    return f"{name}:{hashlib.blake2b(said, digest_size=8).hexdigest()}"


def with_bit(bitmap: bytes, number: int) -> bytes:
    whole = int.from_bytes(bitmap, "big") | 1 << number
    return whole.to_bytes(len(bitmap), "big")


def without_bit(bitmap: bytes, number: int) -> bytes:
    whole = int.from_bytes(bitmap, "big") & ~(1 << number)
    return whole.to_bytes(len(bitmap), "big")


def bits(bitmap: bytes, start: int = 0) -> Iterator[int]:
    whole = int.from_bytes(bitmap, "big")
    return (number for number in range(start, 8 * len(bitmap)) if whole >> number & 1)
