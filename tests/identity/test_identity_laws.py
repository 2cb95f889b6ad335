"""Laws of identity, on logs that Hypothesis draws: order, replay, unmerge, limits, uniqueness."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests import builders

from tuttu.identity import links_of, moments, partition, records
from tuttu.identity.partition import is_crowd
from tuttu.vocabulary.company import Namespace
from tuttu.vocabulary.events import Event, Identifier
from tuttu.vocabulary.facts import Fact
from tuttu.vocabulary.people import Customer

if TYPE_CHECKING:
    from tests.identity.conftest import World
else:
    World = Any

pytestmark = pytest.mark.laws

Pairs = set[frozenset[Identifier]]
Settings = Mapping[str, Mapping[str, Any]]
MakeLog = Callable[..., Any]

RULES: tuple[Settings, ...] = (
    {
        "user_id": {"unique": True, "alias_limit": 2},
        "email": {"apart": True, "limit": 2},
        "phone": {"limit": 2},
        "anonymous_id": {"partners": 4},
    },
    {
        "user_id": {"unique": True, "strength": {"identify": 2}},
        "email": {"apart": True, "partners": 3, "strength": {"identify": 2}},
        "phone": {"strength": {"identify": 1}},
        "customer_no": {"unique": True, "alias_limit": 3},
        "anonymous_id": {"strength": {"track": 1}},
    },
    {"user_id": {"unique": True, "alias_limit": 2}, "anonymous_id": {}, "email": {"limit": 2}},
    {
        "crm_id": {"unique": True, "alias_limit": 2, "strength": {"default": 2}},
        "user_id": {"unique": True, "alias_limit": 3, "strength": {"alias": 3, "default": 1}},
        "anonymous_id": {"limit": 3, "strength": {"identify": 2}},
        "email": {"unique": True, "limit": 3, "strength": {"identify": 4, "default": 1}},
    },
    {"anonymous_id": {}, "email": {"limit": 3, "strength": {"identify": 1}}},
    {"user_id": {"unique": True}, "email": {"strength": {"identify": 1}}},
    {"user_id": {"unique": True, "alias_limit": 2}, "email": {"unique": True}},
)
"""Few values in few namespaces, so that they meet often."""


class Log(msgspec.Struct):
    """Rules, events, and the pairs that were unmerged."""

    settings: Settings
    events: list[Event]
    unmerged: list[tuple[Identifier, Identifier]]

    def links(self, namespaces: Mapping[str, Namespace]) -> list[Any]:
        return [
            link for event in self.events for link in links_of(event, event.identifiers, namespaces)
        ]

    def pairs(self) -> Pairs:
        return {frozenset(pair) for pair in self.unmerged if pair[0] != pair[1]}

    def identifiers(self) -> set[Identifier]:
        return {each for event in self.events for each in event.identifiers}


@pytest.fixture(autouse=True, params=["some", "all"])
def shortcuts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """all: what spares work where very many share an identifier is done everywhere."""
    if request.param == "all":
        monkeypatch.setattr(moments, "FEW", 0)
        monkeypatch.setattr(records, "FEW", 1)


@st.composite
def logs(draw: st.DrawFn, most: int = 14, names: int = 4, least: int = 0) -> Log:
    """names: most identifiers of one event."""
    settings = draw(st.sampled_from(RULES))
    people = [Identifier(kind, value) for kind in settings for value in "abcd"]
    order = list(settings)
    chosen = st.lists(st.sampled_from(people), min_size=1, max_size=names, unique=True)
    said = draw(
        st.lists(
            st.tuples(chosen, st.sampled_from(["track", "identify", "alias"]), st.integers(0, 5)),
            min_size=least,
            max_size=most,
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
    parted = st.tuples(st.sampled_from(people), st.sampled_from(people))
    return Log(settings, events, draw(st.lists(parted, max_size=3)))


Open = Callable[[Settings], Any]


@pytest.fixture
def opened(make_world: Any, namespaces: Any) -> Callable[[Settings], Any]:
    """A fresh world under the rules, closed when its block ends."""

    @contextmanager
    def opening(settings: Settings) -> Iterator[World]:
        world = make_world(namespaces(**settings))
        yield world
        world.close()

    return opening


def facts(world: World, log: Log) -> list[Fact]:
    parted = [
        world.unmerge_of(one, other, f"u{number}")
        for number, (one, other) in enumerate(log.unmerged)
    ]
    return [world.fact_of(event) for event in log.events] + parted


def told(opened: Open, log: Log, order: Callable[[list[Fact]], Sequence[Fact]]) -> Any:
    """State and people after the facts came in that order, and the partition of identifiers."""
    with opened(log.settings) as world:
        world.tell(*order(facts(world, log)), together=len(log.events) % 2 == 0)
        return world.state(), world.people(), world.partition(log.identifiers())


@given(logs(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(opened: Open, log: Log, random: Any) -> None:
    straight = told(opened, log, list)
    assert told(opened, log, lambda given: random.sample(given, len(given))) == straight


@given(logs())
def test_replay_gives_the_same_state(opened: Open, log: Log) -> None:
    with opened(log.settings) as world, opened(log.settings) as again:
        world.tell(*facts(world, log))
        with world.store.read() as snapshot:
            again.tell(*(logged.fact for logged in snapshot.facts()), together=True)
        assert again.state() == world.state()


@given(logs(most=20), st.randoms(use_true_random=False))
def test_step_by_step_is_as_all_at_once(opened: Open, log: Log, random: Any) -> None:
    *_, found = told(opened, log, lambda given: random.sample(given, len(given)))
    with opened(log.settings) as world:
        rules = world.project.namespaces
    expected = partition(log.identifiers(), log.links(rules), log.pairs(), rules)
    assert found == expected


@given(logs(names=2), st.data())
def test_unmerge_is_as_if_the_evidence_had_never_been(
    opened: Open, log: Log, data: st.DataObject
) -> None:
    """For two whom nothing else joins or would join: customers, their fragments, ages and dates of
    joining."""
    log.unmerged = []
    linking = [event for event in log.events if len(event.identifiers) == 2]
    assume(linking)
    one, other = data.draw(st.sampled_from(linking)).identifiers
    without = [
        msgspec.structs.replace(event, identifiers=event.identifiers[:1])
        if set(event.identifiers) == {one, other}
        else event
        for event in log.events
    ]
    with opened(log.settings) as world:
        world.tell(*facts(world, Log(log.settings, without, [])))
        assume(world.customer(text(one)).oldest != world.customer(text(other)).oldest)
        expected = uncontested(world)
    place = data.draw(st.integers(0, len(log.events)))
    with opened(log.settings) as world:
        merging = facts(world, log)
        merging.insert(place, world.unmerge_of(one, other, "u"))
        world.tell(*merging)
        # By way of a third, too, they stay apart: then the unmerge refuses more than this evidence.
        assume(refused_by_unmerge(world, log) <= {frozenset((one, other))})
        assert uncontested(world) == expected


def uncontested(world: World) -> list[Customer]:
    """All customers, but for whether evidence that joined nobody is kept on them."""
    return [msgspec.structs.replace(each, contested=False) for each in world.people()]


def refused_by_unmerge(world: World, log: Log) -> Pairs:
    return {
        frozenset((link.one, link.other))
        for name in log.identifiers()
        for link in world.refused(text(name))
        if link.reason.code == "unmerged"
    }


def test_no_unmerge_is_named_where_there_is_none(opened: Open) -> None:
    """However many there are: of few all are looked at, of many only some at first."""
    crm = {"unique": True, "strength": {"default": 2}}
    mail = {"unique": True, "limit": 3, "strength": {"identify": 4, "default": 1}}
    said = [("track", "a", "m"), ("track", "b", "m"), ("identify", "c", "n", "m")]
    events = [
        builders.event(
            call,
            0,
            id=f"m{number}",
            call=call,
            identifiers=(
                Identifier("crm_id", who),
                *(Identifier("email", each) for each in addresses),
            ),
            received=10,
        )
        for number, (call, who, *addresses) in enumerate(said)
    ]
    log = Log({"crm_id": crm, "email": mail}, events, [])
    with opened(log.settings) as world:
        world.tell(*facts(world, log))
        assert len(world.refused("crm_id:c")) == 1
        assert refused_by_unmerge(world, log) == set()


@given(logs())
def test_unmerge_is_as_without_all_the_links_it_refused(opened: Open, log: Log) -> None:
    with opened(log.settings) as world:
        world.tell(*facts(world, log))
        rules, found = world.project.namespaces, world.partition(log.identifiers())
        refused = refused_by_unmerge(world, log)
    apart = refused | log.pairs()
    left = [link for link in log.links(rules) if frozenset((link.one, link.other)) not in apart]
    assert partition(log.identifiers(), left, set(), rules) == found
    for one, other in (tuple(pair) for pair in log.pairs()):
        assert not any({one, other} <= customer for customer in found)


@given(logs(most=20))
def test_no_limit_is_ever_passed(opened: Open, log: Log) -> None:
    with opened(log.settings) as world:
        for fact in facts(world, log):
            world.tell(fact)
            for customer in world.people():
                assert_within(world, customer.identifiers)


def test_by_the_definition_too_a_crowd_joins_nobody(namespaces: Any) -> None:
    rules = namespaces(user_id={}, anonymous_id={"partners": 2})
    events = [
        builders.event("Page", number, identifiers=tuple(map(builders.identifier, names)))
        for number, names in enumerate(
            (f"user_id:u{each}", "anonymous_id:desk") for each in range(3)
        )
    ]
    for some, joins in ((events[:2], True), (events, False)):
        names = {each for event in some for each in event.identifiers}
        links = [link for event in some for link in links_of(event, event.identifiers, rules)]
        customers = partition(names, links, [], rules)
        assert (max(map(len, customers)) > 1) is joins


def assert_within(world: World, names: Sequence[Identifier]) -> None:
    rules: Mapping[str, Namespace] = world.project.namespaces
    for kind, rule in rules.items():
        values = [each for each in names if each.namespace == kind]
        assert len(values) <= (rule.alias_limit if rule.unique else len(values))
    for each in names if len(names) > 1 else ():
        assert not is_crowd(each.namespace, world.node(text(each)).partners, rules)


def text(identifier: Identifier) -> str:
    return f"{identifier.namespace}:{identifier.value}"


def test_drawn_logs_are_worth_their_laws(namespaces: Any) -> None:
    """Enough of what is drawn joins, refuses, and is used by several people."""
    joins = refusals = shared = 0

    @given(logs(most=20, least=8))
    def count(log: Log) -> None:
        nonlocal joins, refusals, shared
        rules = namespaces(**log.settings)
        links = log.links(rules)
        found = partition(log.identifiers(), links, log.pairs(), rules)
        joins += any(len(customer) > 2 for customer in found)
        apart = [link for link in links if not any({link.one, link.other} <= c for c in found)]
        refusals += bool(apart)
        at: dict[Identifier, set[Identifier]] = {}
        for link in apart:
            at.setdefault(link.other, set()).add(link.one)
        joined = {link.other for link in links if link not in apart}
        shared += any(len(ones) > 1 and node not in joined for node, ones in at.items())

    count()
    assert min(joins, refusals, shared) >= 3, (joins, refusals, shared)
