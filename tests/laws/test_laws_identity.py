"""Identity as a company lives it: senders, doors and decisions in any order, while time moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from tests.laws import judging
from tests.laws.judging import Choice, Pair, People
from tests.laws.saying import (
    CHANNELS,
    NAMES,
    NOBODY,
    PURPOSES,
    START,
    Name,
    Said,
    said,
    send,
)
from tests.laws.twins import Fresh, facts, forbidden, people, twin, views, without

from tuttu import engine as use
from tuttu import identity
from tuttu.api import (
    DecideAnswer,
    DecideRequest,
    PreferenceRequest,
    PreferencesRequest,
    ResourceRequest,
    TimelineQuery,
    UnmergeRequest,
)
from tuttu.vocabulary import errors
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.events import Identifier
from tuttu.vocabulary.facts import Fact
from tuttu.vocabulary.values import DAY, HOUR, MINUTE, Instant

pytestmark = pytest.mark.laws

names = st.sampled_from(NAMES)
surfaces = st.sampled_from(["front", "desk", "email", "call"])
places = st.integers(0, 10_000)
"""Of something in a list whose length the engine's chance decides: what is drawn must not."""


class Issued(msgspec.Struct, frozen=True):
    """A kept decision: the answer as it was given, and who was one customer then."""

    answer: DecideAnswer
    asked: Name
    people: People


class Company(RuleBasedStateMachine):
    """One company. heard: every call that was taken, with the moment it came."""

    def __init__(self, fresh: Fresh) -> None:
        super().__init__()
        self.clock = ManualClock(START)
        self.stack = ExitStack()
        self.engine = self.stack.enter_context(fresh(self.clock))
        self.namespaces = self.engine.project.namespaces
        self.heard: list[tuple[Said, Instant]] = []
        self.parted: set[Pair] = set()
        self.choices: list[Choice] = []
        self.issued: list[Issued] = []
        self.claimed = False
        self.random = Random(0)

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.random = Random(seed)

    # What happens

    @rule(data=st.data(), count=st.integers(1, 3))
    def senders_speak(self, data: st.DataObject, count: int) -> None:
        number = len(self.heard)
        calls = [data.draw(said(number + each, self.clock.now())) for each in range(count)]
        now = self.clock.now()
        body = {"batch": [call.wire() for call in calls]}
        assert send(self.engine, "batch", body) == count
        for call in calls:
            self.heard.append((call, call.time(now)))
            self.choices += _chosen(call, call.time(now))

    @rule(which=places)
    def a_sender_repeats_himself(self, which: int) -> None:
        if self.heard:
            call, _ = self.heard[which % len(self.heard)]
            assert send(self.engine, call.call, call.wire()) == 0

    @rule(time=st.sampled_from([MINUTE, 40 * MINUTE, 3 * HOUR, DAY, 4 * DAY]))
    def time_passes(self, time: Instant) -> None:
        self.clock.set(self.clock.now() + time)

    @rule(
        who=names,
        purpose=st.sampled_from(PURPOSES),
        channel=st.none() | st.sampled_from(CHANNELS),
        allowed=st.booleans(),
    )
    def somebody_chooses(self, who: Name, purpose: str, channel: str | None, allowed: bool) -> None:
        choice = PreferenceRequest(purpose=purpose, channel=channel, allowed=allowed)
        request = PreferencesRequest(preferences=[choice])
        use.set_preferences(self.engine, dict([who]), request, "law")
        self.choices.append(Choice(who, purpose, channel, allowed, self.clock.now()))

    @rule(one=names, other=names)
    def two_are_parted(self, one: Name, other: Name) -> None:
        if one != other:
            before = forbidden(self.engine)
            request = UnmergeRequest(one=dict([one]), other=dict([other]), why="two persons")
            answer = use.unmerge(self.engine, request, "anna")
            self.parted.add(frozenset((one, other)))
            told = {
                frozenset((*link.one.items(), *link.other.items())) for link in answer.forbidden
            }
            assert told == forbidden(self.engine) - before

    @rule(one=names)
    def a_fragment_is_taken_out(self, one: Name) -> None:
        try:
            picture = use.customer(self.engine, dict([one]), "law")
        except errors.Ambiguous:
            assert self.is_shared(one)
            return
        others = [name for who in picture.identifiers for name in who.items() if name != one]
        part = next((each for each in picture.parts if each.who == dict([one])), None)
        if others and part is not None:
            request = UnmergeRequest(one={"fragment": part.id}, why="shared by many")
            use.unmerge(self.engine, request, "anna")
            self.parted |= {frozenset((one, other)) for other in others}
            assert not self.people_of(one) & set(others)

    @rule(who=names, surface=surfaces)
    def a_decision_is_asked_for(self, who: Name, surface: str) -> None:
        request = DecideRequest(who=dict([who]), surfaces=[surface], create=True)
        answer = use.decide(self.engine, request)
        self.claimed |= surface in {"desk", "call"}
        self.issued.append(Issued(answer, who, self.people_of(who)))

    @rule(which=places, who=names, event=st.sampled_from(["Offer Viewed", "Offer Declined"]))
    def an_offer_is_answered(self, which: int, who: Name, event: str) -> None:
        choices = [choice for each in self.issued for choice in each.answer.choices]
        if not choices:
            return
        choice = choices[which % len(choices)]
        properties = {"contact_id": choice.contact_id, "offer": choice.action}
        content = {"event": event, "properties": properties}
        call = Said(f"o{len(self.heard)}", "track", (who,), (who,), content, self.clock.now())
        send(self.engine, "track", call.wire())
        self.heard.append((call, self.clock.now()))

    @rule(amount=st.integers(0, 4))
    def somebody_counts_the_vouchers(self, amount: int) -> None:
        self.claimed = True
        use.set_resource(self.engine, "vouchers", ResourceRequest(amount=amount), "law")

    # What must hold, whenever it is asked

    def teardown(self) -> None:
        with self.stack:
            links = list(judging.links_of(self.heard, self.namespaces))
            self.customers_are_as_the_rules_say(links)
            self.no_limit_is_passed(links)
            self.consent_is_the_stricter_until_given_anew(links)
            self.receipts_stay_and_say_what_became_of_them()
            told = facts(self.engine)
            self.the_log_folded_anew_is_the_same(told)
            self.unmerged_is_as_if_the_evidence_had_never_been(told)

    def people_of(self, who: Name) -> People:
        return people(self.engine)[who]

    def is_shared(self, who: Name) -> bool:
        with self.engine.view() as seen:
            project = seen.version.project
            return identity.sharing(seen.snapshot, project, Identifier(*who)) is not None

    def shares(self, who: Name) -> bool:
        with self.engine.view() as seen:
            project = seen.version.project
            customer = identity.resolve(seen.snapshot, project, Identifier(*who))
            return identity.shade(seen.snapshot, project, customer) is not None

    def customers_are_as_the_rules_say(self, links: list[judging.Link]) -> None:
        expected = judging.partition(NAMES, links, self.parted, self.namespaces)
        assert set(people(self.engine).values()) == expected

    def no_limit_is_passed(self, links: list[judging.Link]) -> None:
        live = [link for link in links if link.pair not in self.parted]
        met = judging.partners(live)
        blocked = {(kind, value.strip().lower()) for kind, value in NOBODY}
        for group in people(self.engine).values():
            assert not group & blocked
            for kind, limits in self.namespaces.items():
                values = {value for each, value in group if each == kind}
                if limits.unique:
                    assert len(values) <= limits.alias_limit
                if len(group) > 1:
                    assert all(len(met[kind, value]) <= limits.partners for value in values)

    def consent_is_the_stricter_until_given_anew(self, links: list[judging.Link]) -> None:
        """Who shares an identifier is refused more, and never less."""
        for group in set(people(self.engine).values()):
            since = judging.joined_at(group, links, self.parted)
            try:
                cells = use.preferences(self.engine, dict([max(group)]), "law").preferences
            except errors.Ambiguous:
                assert self.is_shared(max(group))
                continue
            found = {(each.purpose, each.channel): each.allowed for each in cells}
            expected = {
                (name, channel): allowed
                for name, purpose in self.engine.project.purposes.items()
                for channel, allowed in judging.allowed(group, self.choices, since, purpose).items()
            }
            assert found.keys() == expected.keys()
            assert all(expected[cell] or not found[cell] for cell in found)
            assert self.shares(max(group)) or found == expected

    def receipts_stay_and_say_what_became_of_them(self) -> None:
        present = people(self.engine)
        for issued in self.issued:
            assert issued.answer.decision_id is not None
            kept = use.decision_by_id(self.engine, issued.answer.decision_id, "law")
            assert msgspec.json.encode(kept.decision) == msgspec.json.encode(issued.answer)
            now, about = present[issued.asked], kept.customer
            assert _named(about.identifiers) == issued.people
            assert _named(about.merged_since) == now - issued.people
            assert _named(about.unmerged_since) == issued.people - now
            merged = len(issued.people) > 1 or now != issued.people
            assert ("merged" in about.note) == merged

    def the_log_folded_anew_is_the_same(self, told: list[Fact]) -> None:
        again = use.replay(self.engine)
        assert again.facts >= len(told)
        assert again.refused == 0
        assert again.live == again.replayed == use.digest(self.engine).digest
        if not self.claimed:
            order = self.random.sample(told, len(told))
            with twin(self.engine, order, self.clock) as other:
                assert use.digest(other).digest == again.live

    def unmerged_is_as_if_the_evidence_had_never_been(self, told: list[Fact]) -> None:
        left = without(told, forbidden(self.engine))
        if left is None:
            return
        with twin(self.engine, left, self.clock) as other:
            assert use.digest(other).digest == use.digest(self.engine).digest
            assert views(other) == views(self.engine)


def _named(people: list[dict[str, str]]) -> People:
    return frozenset(name for who in people for name in who.items())


def _chosen(call: Said, time: Instant) -> Iterator[Choice]:
    said = call.content.get("properties", {})
    if call.content.get("event") in {"Consent Given", "Consent Withdrawn"}:
        allowed = call.content["event"] == "Consent Given"
        yield Choice(call.who[0], said["purpose"], said.get("channel"), allowed, time)


def test_what_came_while_they_were_one_goes_with_whom_it_named(fresh: Fresh) -> None:
    """A tablet is taken for Maija's, is asked about and chooses, and is a person of its own."""
    maija, tablet = {"user_id": "maija"}, {"anonymous_id": "a1"}
    clock = ManualClock(START)
    with fresh(clock) as engine:

        def choose(who: dict[str, str], channel: str, allowed: bool) -> None:
            clock.set(clock.now() + MINUTE)
            choice = PreferenceRequest(purpose="marketing", channel=channel, allowed=allowed)
            use.set_preferences(engine, who, PreferencesRequest(preferences=[choice]), "law")

        def allowed(who: dict[str, str]) -> dict[str, bool]:
            cells = use.preferences(engine, who, "law").preferences
            return {each.channel: each.allowed for each in cells if each.purpose == "marketing"}

        def say(number: int, call: str, *who: Name, **content: Any) -> None:
            at = clock.now()
            send(engine, call, Said(f"s{number}", call, who, who, content, at).wire())

        say(1, "identify", ("user_id", "maija"), traits={"name": "Maija"})
        choose(maija, "email", True)
        choose(tablet, "email", False)
        assert (allowed(maija)["email"], allowed(tablet)["email"]) == (True, False)
        say(2, "identify", ("user_id", "maija"), ("anonymous_id", "a1"), traits={})
        assert allowed(maija) == allowed(tablet) == {"web": True, "email": False, "call": True}
        shown = use.decide(engine, DecideRequest(who=tablet, surfaces=["desk"]))
        choose(tablet, "email", True)
        choose(maija, "web", False)
        assert allowed(maija) == allowed(tablet) == {"web": False, "email": True, "call": True}
        use.unmerge(engine, UnmergeRequest(one=maija, other=tablet, why="the shop's"), "anna")
        assert allowed(maija) == {"web": False, "email": True, "call": True}
        assert allowed(tablet) == {"web": True, "email": True, "call": True}
        mine, theirs = (
            use.customer(engine, maija, "law"),
            use.customer(engine, tablet, "law"),
        )
        assert (mine.traits["name"], mine.contacts) == ("Maija", [])
        assert (theirs.traits["name"], len(theirs.contacts)) == (None, len(shown.choices))
        assert shown.decision_id is not None
        kept = use.decision_by_id(engine, shown.decision_id, "law")
        assert kept.decision == shown
        assert kept.customer.note == (
            "issued when user_id:maija, anonymous_id:a1 were merged into one customer;"
            " unmerged since from user_id:maija"
        )
        for who in (maija, tablet):
            [told] = [
                each
                for each in use.timeline(engine, who, "law", TimelineQuery()).entries
                if each.kind == "Unmerge"
            ]
            assert (told.by, told.why) == ("anna", "the shop's")


def test_an_unmerge_names_the_evidence_that_it_forbids_and_no_other(fresh: Fresh) -> None:
    """A phone goes from one customer to another, of whom some evidence was forbidden before."""
    matti, maija, phone = {"user_id": "matti"}, {"user_id": "maija"}, {"phone": "+358401234567"}
    with fresh(ManualClock(START)) as engine:
        calls = [
            ("identify", ("user_id", "matti"), ("email", "m@x.fi")),
            ("identify", ("user_id", "maija"), ("phone", "+358401234567")),
            ("track", ("user_id", "matti"), ("phone", "+358401234567")),
        ]
        for number, (call, *who) in enumerate(calls):
            content = {"event": "Page Seen", "traits": {}}
            names = tuple(who)
            send(engine, call, Said(f"s{number}", call, names, names, content, START).wire())
        first = UnmergeRequest(one=matti, other={"email": "m@x.fi"}, why="a slip")
        [link] = use.unmerge(engine, first, "anna").forbidden
        assert (link.one, link.other) == (matti, {"email": "m@x.fi"})
        second = UnmergeRequest(one=phone, other=maija, why="sold")
        [link] = use.unmerge(engine, second, "anna").forbidden
        assert (link.one, link.other) == (maija, phone)
        assert people(engine)["phone", "+358401234567"] == {
            ("user_id", "matti"),
            ("phone", "+358401234567"),
        }


def test_a_company_at_work(fresh: Fresh, scale: Callable[[int, int], int]) -> None:
    class Here(Company):
        def __init__(self) -> None:
            super().__init__(fresh)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=scale(30, 2_000),
            stateful_step_count=14,
            phases=[Phase.explicit, Phase.generate],  # a story told whole is soon told, and read
        ),
    )
