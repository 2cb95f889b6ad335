"""Laws of named sets of evidence: the newest closed run counts, and nothing else of the set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders
from tests.identity.test_identity_laws import RULES, Settings

from tuttu import identity
from tuttu.identity import links_of, partition, sets
from tuttu.identity.evidence import IdentityLink
from tuttu.identity.records import Evidence, SetEvidence
from tuttu.vocabulary.company import Namespace
from tuttu.vocabulary.events import (
    Event,
    Identifier,
    LinkClaimed,
    LinksClosed,
    LinksRead,
    LinksSettled,
)
from tuttu.vocabulary.facts import Fact

if TYPE_CHECKING:
    from tests.identity.conftest import World
else:
    World = Any

pytestmark = pytest.mark.laws

Claimed = tuple[Identifier, Identifier, int]


class SetRun(msgspec.Struct, frozen=True):
    """A run of a set: claims of (one, other, score), and whether it was closed."""

    name: str
    id: str
    time: int
    strength: int
    claims: tuple[Claimed, ...]
    closed: bool = True

    @property
    def moment(self) -> tuple[int, str]:
        return self.time, self.id


class Log(msgspec.Struct):
    settings: Settings
    events: list[Event]
    unmerged: list[tuple[Identifier, Identifier]]
    runs: list[SetRun]

    def identifiers(self) -> set[Identifier]:
        named = {each for event in self.events for each in event.identifiers}
        return named | {
            each for run in self.runs for one, other, _ in run.claims for each in (one, other)
        }

    def links(self, namespaces: Mapping[str, Namespace]) -> list[Any]:
        """All that counts, by the definition."""
        found: list[Any] = [
            link for event in self.events for link in links_of(event, event.identifiers, namespaces)
        ]
        for name in {run.name for run in self.runs if run.closed}:
            mine = [run for run in self.runs if run.name == name and run.closed]
            newest = max(mine, key=lambda run: run.moment)
            best: dict[tuple[Identifier, Identifier], int] = {}
            for one, other, score in newest.claims:
                best[one, other] = max(score, best.get((one, other), 0))
            for (one, other), score in best.items():
                claim = sets.Claim(one, other, score)
                evidence = SetEvidence(
                    name, newest.strength, newest.time, score, sets.evidence_id(name, claim)
                )
                ends = sorted(
                    (one, other), key=lambda each: (namespaces[each.namespace].rank, each)
                )
                found.append(IdentityLink(ends[0], ends[1], evidence))
        return found

    def facts(self, world: World) -> list[Fact]:
        parted = [
            world.unmerge_of(one, other, f"u{number}")
            for number, (one, other) in enumerate(self.unmerged)
        ]
        said = [world.fact_of(event) for event in self.events] + parted
        return said + [fact for run in self.runs for fact in run_facts(world, run)]


def run_facts(world: World, run: SetRun) -> list[Fact]:
    made = [
        builders.fact(
            world.store,
            LinkClaimed(set=run.name, run=run.id, one=one, other=other, score=score),
            run.time,
            id=f"{run.name}{run.id}{number}",
            who=f"{one.namespace}:{one.value}",
        )
        for number, (one, other, score) in enumerate(run.claims)
    ]
    read = LinksRead(
        set=run.name, run=run.id, by="anna", source="f", through=len(made), claimed=len(made)
    )
    made.append(builders.fact(world.store, read, run.time, id=f"{run.name}{run.id}read"))
    if run.closed:
        closed = LinksClosed(set=run.name, run=run.id, by="anna", strength=run.strength)
        made.append(builders.fact(world.store, closed, run.time, id=f"{run.name}{run.id}end"))
    return made


@st.composite
def logs(draw: st.DrawFn, least_runs: int = 0) -> Log:
    settings = draw(st.sampled_from(RULES))
    people = [Identifier(kind, value) for kind in settings for value in "abcd"]
    order = list(settings)
    chosen = st.lists(st.sampled_from(people), min_size=1, max_size=4, unique=True)
    said = draw(
        st.lists(
            st.tuples(chosen, st.sampled_from(["track", "identify", "alias"]), st.integers(0, 5)),
            max_size=8,
        )
    )
    events = [
        builders.event(
            call,
            time,
            id=f"m{number}",
            call=call,
            identifiers=tuple(sorted(who, key=lambda each: order.index(each.namespace))),
            received=10,
        )
        for number, (who, call, time) in enumerate(said)
    ]
    pair = st.lists(st.sampled_from(people), min_size=2, max_size=2, unique=True).map(sorted)
    claim = st.tuples(pair, st.integers(1, 3)).map(lambda each: (*each[0], each[1]))
    runs = draw(
        st.lists(
            st.builds(
                SetRun,
                st.sampled_from(["splink", "crm"]),
                st.just(""),
                st.integers(0, 3),
                st.integers(0, 3),
                st.lists(claim, max_size=6).map(tuple),
                st.sampled_from([True, True, True, False]),
            ),
            min_size=least_runs,
            max_size=4,
        )
    )
    named = [msgspec.structs.replace(run, id=f"r{number}") for number, run in enumerate(runs)]
    parted = st.tuples(st.sampled_from(people), st.sampled_from(people))
    return Log(settings, events, draw(st.lists(parted, max_size=2)), named)


Open = Callable[[Settings], Any]


@pytest.fixture
def opened(make_world: Any, namespaces: Any) -> Callable[[Settings], Any]:
    @contextmanager
    def opening(settings: Settings) -> Iterator[World]:
        world = make_world(namespaces(**settings))
        yield world
        world.close()

    return opening


@given(logs(least_runs=1), st.randoms(use_true_random=False))
def test_who_is_who_is_as_of_the_newest_runs_at_once(opened: Open, log: Log, random: Any) -> None:
    with opened(log.settings) as world:
        facts = log.facts(world)
        world.tell(*random.sample(facts, len(facts)), together=len(facts) % 2 == 0)
        rules = world.project.namespaces
        pairs = {frozenset(pair) for pair in log.unmerged if pair[0] != pair[1]}
        expected = partition(log.identifiers(), log.links(rules), pairs, rules)
        assert world.partition(log.identifiers()) == expected


@given(logs(least_runs=1))
def test_what_is_said_of_a_set_is_what_became_of_it(opened: Open, log: Log) -> None:
    """How many of its pairs are joined, which run is open, and what a rehearsal counts."""
    with opened(log.settings) as world:
        named = sorted(log.identifiers())
        own = [world.event(f"{each.namespace}:{each.value}") for each in named]
        world.tell(*own, *log.facts(world))
        project, ours = world.project, world.partition(log.identifiers())
        with world.store.read() as snapshot:
            told = identity.rehearse(snapshot, project, project)
            assert (told.before, told.after) == (len(world.people()), len(world.people()))
            assert (told.joined, told.parted, told.respelled, told.nobodies) == (0, 0, 0, 0)
            for name in {run.name for run in log.runs}:
                mine = sorted((r for r in log.runs if r.name == name), key=lambda r: r.moment)
                last = max((n for n, run in enumerate(mine) if run.closed), default=-1)
                pairs = {each[:2] for each in mine[last].claims} if last >= 0 else set()
                joined = sum(any({*pair} <= group for group in ours) for pair in pairs)
                found = identity.outcome(snapshot, project, name)
                assert (found.pairs, found.joined) == (len(pairs), joined)
                assert sum(count for _, count in found.refused) == len(pairs) - joined
                place = identity.place_of(project, name)
                begun = mine[-1].id if last < len(mine) - 1 else None
                still = {source: identity.open_run(snapshot, place, source) for source in "fg"}
                assert (still["f"] and still["f"].run) == begun
                assert still["g"] is None
                assert identity.open_run(snapshot, place, "") is None


def scene(opened: Open, settings: Settings, *runs: SetRun) -> set[frozenset[str]]:
    """Who is who of the identifiers, each with an event of its own, after these runs."""
    with opened(settings) as world:
        named = {each for run in runs for one, other, _ in run.claims for each in (one, other)}
        world.tell(*(world.event(f"{each.namespace}:{each.value}") for each in sorted(named)))
        world.tell(*(fact for run in runs for fact in run_facts(world, run)))
        found: set[frozenset[str]] = world.names()
    return found


def claim(one: str, other: str, score: int) -> Claimed:
    first, second = sorted((builders.identifier(one), builders.identifier(other)))
    return first, second, score


RECORDS: Settings = {"user_id": {"unique": True}, "record": {}}
MAIJA, MATTI = claim("maija", "record:1", 90), claim("matti", "record:2", 95)


def test_of_two_links_that_cannot_both_be_the_better_score_joins(opened: Open) -> None:
    weak = SetRun("splink", "r1", 1, 5, (MAIJA, MATTI, claim("record:1", "record:2", 70)))
    assert scene(opened, RECORDS, weak) == {
        frozenset({"user_id:maija", "record:1"}),
        frozenset({"user_id:matti", "record:2"}),
    }
    strong = SetRun("splink", "r1", 1, 5, (MAIJA, MATTI, claim("record:1", "record:2", 99)))
    assert scene(opened, RECORDS, strong) == {
        frozenset({"user_id:maija"}),
        frozenset({"user_id:matti", "record:1", "record:2"}),
    }


def test_the_newest_run_counts_though_it_came_first(opened: Open) -> None:
    newer = SetRun("splink", "r2", 2, 5, (MATTI,))
    older = SetRun("splink", "r1", 1, 5, (MAIJA,))
    assert scene(opened, RECORDS, newer, older) == {
        frozenset({"user_id:maija"}),
        frozenset({"record:1"}),
        frozenset({"user_id:matti", "record:2"}),
    }


def test_an_older_run_leaves_nothing_behind(opened: Open) -> None:
    runs = [SetRun("splink", f"r{number}", number, 5, (MAIJA, MATTI)) for number in range(3)]
    with opened(RECORDS) as world:
        world.tell(*(fact for run in runs for fact in run_facts(world, run)))
        with world.store.read() as snapshot:
            claims = list(snapshot.scan(sets.CLAIMS))
            buckets = [each for _, each in snapshot.scan(sets.BUCKETED)]
        assert len(claims) == sum(len(each.scores) for each in buckets) == 2


def test_of_a_run_that_is_still_open_nothing_counts(opened: Open) -> None:
    runs = [
        SetRun("splink", "r1", 1, 5, (MAIJA,)),
        SetRun("splink", "r2", 2, 5, (MAIJA, MATTI), closed=False),
    ]
    assert scene(opened, RECORDS, *runs) == {
        frozenset({"user_id:maija", "record:1"}),
        frozenset({"user_id:matti"}),
        frozenset({"record:2"}),
    }


def test_since_when_a_pair_is_claimed_is_the_first_run_without_a_break(opened: Open) -> None:
    """Consent that was given after it holds, and a nightly run does not make it void."""
    runs = [SetRun("splink", f"r{time}", time, 5, (MAIJA,)) for time in (10, 20)]
    with opened(RECORDS) as world:
        world.tell(world.event("maija"), *(f for run in runs for f in run_facts(world, run)))
        assert world.customer("maija").joined_at == 10
        broken = [SetRun("splink", "r30", 30, 5, ()), SetRun("splink", "r40", 40, 5, (MAIJA,))]
        world.tell(*(fact for run in broken for fact in run_facts(world, run)))
        assert world.customer("maija").joined_at == 40


def test_a_pair_is_as_old_as_what_still_claims_it(opened: Open) -> None:
    """What another set claimed meanwhile, and takes back, leaves the age of the first."""
    runs = [
        SetRun("splink", "r10", 10, 5, (MAIJA,)),
        SetRun("desk", "d15", 15, 5, (MAIJA,)),
        SetRun("splink", "r20", 20, 5, (MAIJA,)),
        SetRun("desk", "d25", 25, 5, ()),
    ]
    with opened(RECORDS) as world:
        world.tell(world.event("maija"), *(f for run in runs for f in run_facts(world, run)))
        assert world.customer("maija").joined_at == 10


@pytest.mark.parametrize(("strength", "changed"), [(5, {"matti"}), (6, {"maija", "matti"})])
def test_what_a_closing_will_change_is_known_before(
    opened: Open, strength: int, changed: set[str]
) -> None:
    """The pairs that are claimed otherwise; all of them where they weigh otherwise."""
    first = SetRun("splink", "r1", 1, 5, (MAIJA, MATTI))
    second = SetRun("splink", "r2", 2, 5, (MAIJA,), closed=False)
    with opened(RECORDS) as world:
        place = identity.place_of(world.project, "splink")
        names = {world.store.pseudonym("user_id", each): each for each in ("maija", "matti")}

        def told(run: str) -> set[str] | None:
            with world.store.read() as snapshot:
                found = identity.changes(snapshot, place, run, strength)
            if found is None:
                return None
            return {names[key] for pair in found for key in pair if key in names}

        facts = run_facts(world, first)
        world.tell(*facts[:-1])
        assert told("r1") == {"maija", "matti"}
        world.tell(facts[-1], *run_facts(world, second))
        assert told("r2") == changed


def test_a_claim_is_stored_by_the_smaller_of_the_two(opened: Open) -> None:
    """Whichever way it was told; and in the bucket that the key of the smaller one says."""
    with opened(RECORDS) as world:
        rules = identity.rules_of(world.project)
        one, other, score = MAIJA
        for ends in ((one, other), (other, one)):
            said = LinkClaimed(set="splink", run="r1", one=ends[0], other=ends[1], score=score)
            assert sets.claimed_pair(rules, said) == (one, other)
    pair = (b"\x01\x02" + b"\x00" * 14, b"\xff" * 16)
    assert sets.bucket_of(pair) == 0x0102 % sets.BUCKETS


def test_a_claim_needs_two_who_are_somebody(opened: Open) -> None:
    with opened(RECORDS) as world:
        rules = identity.rules_of(world.project)
        one, nobody = builders.identifier("maija"), builders.identifier("record:undefined")
        for ends in ((one, one), (one, nobody), (nobody, one)):
            said = LinkClaimed(set="splink", run="r1", one=ends[0], other=ends[1], score=1)
            assert sets.claimed_pair(rules, said) is None


def test_a_claim_of_two_who_were_unmerged_counts_for_neither(opened: Open) -> None:
    """Nor does it when it is taken back: what is left is as if it had never been made."""
    with opened(RECORDS) as world:
        world.tell(world.event("maija", "record:2"), world.event("record:1"))
        before = [world.node(name).partners for name in ("maija", "record:1")]
        claimed = SetRun("splink", "r1", 1, 5, (MAIJA,))
        world.tell(*run_facts(world, claimed), world.unmerge("maija", "record:1"))
        assert [world.node(name).partners for name in ("maija", "record:1")] == before == [1, 0]
        world.tell(*run_facts(world, SetRun("splink", "r2", 2, 5, ())))
        assert [world.node(name).partners for name in ("maija", "record:1")] == before


@pytest.mark.parametrize("known", [True, False])
def test_a_closing_as_a_server_makes_it_ends_as_folding_it_does(
    opened: Open, *, known: bool
) -> None:
    """At once, where its changes are known; else in steps, and only what is dropped is left."""
    first, second = SetRun("splink", "r1", 1, 5, (MAIJA,)), SetRun("splink", "r2", 2, 5, (MATTI,))
    before, after = scene(opened, RECORDS, first), scene(opened, RECORDS, first, second)
    apart = {frozenset({"user_id:matti"}), frozenset({"record:2"})}
    with opened(RECORDS) as world:
        own = [world.event(name) for name in ("maija", "matti", "record:1", "record:2")]
        *told, closing = [*run_facts(world, first), *run_facts(world, second)]
        world.tell(*own, *told)
        assert world.names() == before | apart
        project, place = world.project, identity.place_of(world.project, "splink")
        with world.store.read() as snapshot:
            changes = identity.changes(snapshot, place, "r2", 5) if known else None
        builders.commit(world.store, closing, folds=[identity.closing(project, changes)])
        assert world.names() == (after if known else before | apart)
        for number in range(1, 9):
            with world.store.read() as snapshot:
                if not identity.unsettled(snapshot, project):
                    break
                assert identity.changes(snapshot, place, "r1", 5) is None
            step = LinksSettled(set="splink", run="r2")
            fact = builders.fact(world.store, step, 3, id=f"step {number}")
            builders.commit(world.store, fact, folds=[identity.settling(project)])
        assert number == (2 if known else 3)
        assert world.names() == after


def test_what_a_set_claims_is_taken_by_its_score_down_to_nothing() -> None:
    """After all events of the same strength, and after nothing that is weaker."""
    scores = (1_000_000, 999_999, 1, 0)
    claims = [SetEvidence("splink", 2, 0, score, "id") for score in scores]
    event = Evidence(2, 2**61, "id", 0)
    ranks = [event.rank, *(each.rank for each in claims), SetEvidence("s", 1, 0, 5, "id").rank]
    assert ranks == sorted(ranks)
