"""Actions about a collection: judged for each item as if it were a customer of its own."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders
from tests.builders import HERE, in_words
from tests.decision import by_definition

from tuttu import ledger
from tuttu.content import Rendered
from tuttu.decision import (
    STAGES,
    Candidate,
    DecisionQuery,
    DecisionView,
    candidates,
    decide,
    explain,
    judged_ways,
    told_by_order,
)
from tuttu.decision.stage import all_refusals
from tuttu.decision.stages.guards import Substitute
from tuttu.decision.view import CandidateKey
from tuttu.policy import parse, parse_condition
from tuttu.storage import Store
from tuttu.vocabulary.company import Collection
from tuttu.vocabulary.facts import Fact
from tuttu.vocabulary.library import ContactLimit, Guard, Policy, Suppression
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR, MINUTE, Condition, Kind, Schema, Type, schema_about
from tuttu.vocabulary.verdicts import Contact, Refusal, Verdict

Make = Callable[..., Any]
Render = Callable[[Candidate], Rendered]
Opened = Callable[[Project], AbstractContextManager[Store]]
Situated = Callable[..., DecisionView]

FIELDS = {
    "contract_id": Type(Kind.TEXT),
    "product": Type(Kind.TEXT),
    "kwh": Type(Kind.INTEGER),
    "disputed": Type(Kind.BOOL),
}
ROW = Schema(
    columns={"home": Type(Kind.TEXT)},
    collections={"contracts": FIELDS},
    actions=frozenset({"offer", "advice", "help", "news"}),
    channels=frozenset({"web", "app", "email"}),
    outcomes=frozenset({"accepted", "declined", "ignored", "viewed", "clicked"}),
    zone="Europe/Helsinki",
)
OF_ITEM = schema_about(ROW, "contracts")
EVENT = Schema(columns={"event": Type(Kind.TEXT)})
CONTRACTS = Collection(
    name="contracts",
    key="contract_id",
    events=frozenset({"Contract Signed"}),
    fields=FIELDS,
    where=HERE,
)
DISPUTED = Guard(
    name="its bill is disputed",
    about="contracts",
    when=parse_condition("item.disputed", OF_ITEM),
    blocks="marketing",
    where=HERE,
)
SILENT = Suppression(name="silent twice", outcome="ignored", times=2, window=20 * DAY, where=HERE)
SAID_NO = Suppression(name="said no", outcome="declined", window=30 * DAY, where=HERE)


class Past(NamedTuple):
    """A contact about an item, and the event that came of it an hour later."""

    item: str
    action: str
    days_ago: int
    event: str | None


Items = Mapping[str, Mapping[str, object]]


def conditions(subject: str, **texts: str) -> tuple[Condition, ...]:
    return tuple(
        Condition(name, parse_condition(text, OF_ITEM, subject=subject))
        for name, text in texts.items()
    )


class World:
    """A company with four actions, of which all but `news` are about contracts, and its store."""

    def __init__(self, project: Project, opened: Opened, situated: Situated, now: int) -> None:
        self.project, self.now = project, now
        self._opened, self._situated = opened, situated

    def view(
        self, items: Items, past: Sequence[Past] = (), *, shuffle: random.Random | None = None
    ) -> DecisionView:
        """Maija with these contracts and this past, heard in the order of `shuffle`."""
        with self.heard(items, past, shuffle) as store:
            return self._situated(store, self.project, self.now)

    def digest(self, items: Items, past: Sequence[Past], shuffle: random.Random) -> object:
        with self.heard(items, past, shuffle) as store, store.read() as snapshot:
            maija = builders.customer(store, "maija")
            return ledger.ROOM.canonical(snapshot, maija, self.project)

    @contextmanager
    def heard(
        self, items: Items, past: Sequence[Past] = (), shuffle: random.Random | None = None
    ) -> Iterator[Store]:
        with self._opened(self.project) as store:
            facts = [*_of_items(store, items, self.now), *_of_past(store, self, past)]
            (shuffle or random.Random(0)).shuffle(facts)
            for fact in facts:
                builders.commit(store, fact)
            yield store


def _of_items(store: Store, items: Items, now: int) -> list[Fact]:
    time = now - 60 * DAY
    return [
        _event(store, "Contract Signed", time, {"contract_id": key, **fields})
        for key, fields in items.items()
    ]


def _of_past(store: Store, world: World, past: Sequence[Past]) -> list[Fact]:
    facts = []
    for number, each in enumerate(past):
        made = world.now - each.days_ago * DAY
        contact = builders.contact(
            store, world.project, f"d{number}.1", made, each.action, "side", item=each.item
        )
        facts.append(builders.fact(store, builders.receipt(contact)))
        if each.event == "Order":
            facts.append(_event(store, "Seen", made + MINUTE, {"contact_id": contact.id}))
            said = {"contract_id": each.item, "action": each.action}
            facts.append(_event(store, f"Order {each.action}", made + HOUR, said))
        elif each.event is not None:
            facts.append(_event(store, each.event, made + MINUTE, {"contact_id": contact.id}))
    return facts


def _event(store: Store, name: str, time: int, said: Mapping[str, Any]) -> Fact:
    return builders.fact(store, builders.event(name, time, **said))


@pytest.fixture(scope="module")
def built(
    company: Make, action: Make, treatment: Make, opened: Opened, situated: Situated, noon: int
) -> Callable[..., World]:
    """built(limits…, guards=…): a world."""
    on = treatment("side", answer_within=3 * DAY)

    def ordered(name: str) -> dict[str, object]:
        return {"accepted": parse_condition(f"event = 'Order {name}'", EVENT)}

    def make(*limits: ContactLimit, guards: tuple[Guard, ...] = (DISPUTED,)) -> World:
        offer = msgspec.structs.replace(
            action("offer", on=(on,), outcomes=ordered("offer")),
            about="contracts",
            value=parse("item.kwh * 0.01", OF_ITEM),
            eligible=conditions("offer", is_not_fixed="item.product <> 'fixed'"),
            applicable=conditions(
                "offer",
                was_not_declined="NOT answered(action, declined, '10d')",
                was_not_helped="NOT contacted(help, '5d')",
            ),
        )
        advice = msgspec.structs.replace(
            action("advice", on=(on,), outcomes=ordered("advice")),
            about="contracts",
            suitable=conditions(
                "advice",
                uses_much="item.kwh >= 2000 AND any(contracts, kwh >= 0 OR kwh IS NULL)",
            ),
            relevance=parse("CASE WHEN answered(offer, clicked, '30d') THEN 2.0 ELSE 1.0 END",
                            OF_ITEM),
        )  # fmt: skip
        help_ = msgspec.structs.replace(
            action("help", on=(on,), purpose="service", outcomes=ordered("help")),
            about="contracts",
            applicable=conditions("help", is_disputed="item.disputed"),
        )
        news = action("news", on=(on,), value=1.0)
        policy = Policy(guards=guards, suppressions=(SILENT, SAID_NO), contact_limits=limits)
        project = company(offer, advice, help_, news, policy=policy)
        profile = msgspec.structs.replace(project.profile, collections={"contracts": CONTRACTS})
        project = msgspec.structs.replace(
            project, profile=profile, row_schema=ROW, event_schema=EVENT
        )
        return World(project, opened, situated, noon)

    return make


@pytest.fixture(scope="module")
def world(built: Callable[..., World]) -> World:
    return built()


def judged(view: DecisionView, question: DecisionQuery) -> dict[CandidateKey, tuple[Refusal, ...]]:
    """Every stage's no of every candidate."""
    field = candidates(view.project, question, view.row)
    return {each.key: all_refusals(each, view, STAGES) for each in field}


def _suppressed(name: str) -> Refusal:
    return Refusal("suppressions", code="suppressed", values={"suppression": name})


def about(verdicts: Sequence[Verdict], action: str) -> dict[str | None, Refusal | None]:
    return {each.item: each.refusal for each in verdicts if each.action == action}


KEYS = ("a", "b", "c")
_fields = st.fixed_dictionaries(
    {
        "product": st.sampled_from(["spot", "fixed", None]),
        "kwh": st.none() | st.integers(0, 5_000),
        "disputed": st.none() | st.booleans(),
    }
)
_items = st.fixed_dictionaries({"a": _fields, "b": _fields}, optional={"c": _fields})
_past = st.lists(
    st.builds(
        Past,
        item=st.sampled_from(KEYS),
        action=st.sampled_from(["offer", "advice", "help"]),
        days_ago=st.integers(1, 40),
        event=st.sampled_from([None, "Seen", "Clicked", "Said No", "Order"]),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda each: each.days_ago,
)


@pytest.mark.laws
@given(items=_items, past=_past)
def test_an_item_is_judged_as_if_it_were_a_customer_of_its_own(
    world: World, asking: Make, items: Items, past: list[Past]
) -> None:
    question = asking("side")
    view = world.view(items, past)
    assert not builders.bits_unlike_reasons(view, question)
    by_definition.check_rankings(view, question)
    by_definition.check_rankings(view, question, [Substitute("offer", "b"), Substitute("advice")])
    together = judged(view, question)
    for key, fields in items.items():
        alone = judged(
            world.view({key: fields}, [each for each in past if each.item == key]), question
        )
        of_item = {name: no for name, no in together.items() if name[2] == key}
        assert of_item == {name: no for name, no in alone.items() if name[2] == key}
        assert len(of_item) == 3


@pytest.mark.laws
@given(items=_items, past=_past, data=st.data())
def test_a_guard_on_one_item_says_nothing_of_the_others(
    built: Callable[..., World], asking: Make, items: Items, past: list[Past], data: st.DataObject
) -> None:
    changed = data.draw(st.sampled_from(sorted(items)))
    other = {**items, changed: {**items[changed], "disputed": data.draw(st.booleans() | st.none())}}
    world, question = built(), asking("side")
    before, after = (judged(world.view(each, past), question) for each in (items, other))
    unguarded = judged(built(guards=()).view(items, past), question)
    for key in before:
        name, _, item = key
        if item != changed:
            assert before[key] == after[key]
        of_guards = [no for no in after[key] if no.stage == "guards"]
        sells = name in ("offer", "advice")
        stopped = sells and item is not None and other[item]["disputed"] is not False
        assert bool(of_guards) == stopped
        rest = [no for no in before[key] if no.stage != "guards"]
        assert rest == list(unguarded[key])


@pytest.mark.laws
@given(items=_items, past=_past, seed=st.integers(0, 2**32))
def test_the_order_in_which_it_is_heard_does_not_matter(
    world: World, asking: Make, shown: Render, items: Items, past: list[Past], seed: int
) -> None:
    said = [
        decide(world.view(items, past, shuffle=chance), asking("side"), "d", shown)
        for chance in (random.Random(seed), random.Random(seed + 1))
    ]
    one, other = (msgspec.structs.replace(each, position=0) for each in said)
    assert one == other
    digests = [world.digest(items, past, random.Random(seed + n)) for n in (0, 1)]
    assert digests[0] == digests[1]


HOME = {"product": "spot", "kwh": 9_000, "disputed": False}
COTTAGE = {"product": "spot", "kwh": 3_000, "disputed": False}
BOTH: Items = {"home": HOME, "cottage": COTTAGE}


def test_two_items_take_two_slots(world: World, asking: Make, shown: Render) -> None:
    receipt = decide(world.view(BOTH), asking("side"), "d1", shown)
    chosen = [(each.action, each.item, each.slot) for each in receipt.choices]
    assert chosen == [("offer", "home", 0), ("offer", "cottage", 1)]
    assert [each.item for each in receipt.contacts] == ["home", "cottage"]
    refused = about(receipt.verdicts, "advice")
    assert in_words(refused["home"]) == "advice lost to offer by 10.00 EUR"
    assert set(receipt.read_of_items["contracts"]) == {"home", "cottage"}
    assert receipt.read_of_items["contracts"]["home"]["item.kwh"] == 9_000
    assert not any(column.startswith("item.") for column in receipt.read)


def test_the_order_of_ways_alone_tells_who_was_refused_where(
    world: World, asking: Make, shown: Render
) -> None:
    """Of actions about different things, each by its own."""
    receipt = decide(world.view(BOTH), asking("side"), "d1", shown)
    kept = msgspec.structs.replace(receipt, verdicts=())
    told = told_by_order(kept, judged_ways(world.project)).verdicts

    def judged(verdicts: Sequence[Verdict]) -> dict[CandidateKey, str | None]:
        return {
            (each.action, each.treatment, each.item): each.refusal.stage if each.refusal else None
            for each in verdicts
        }

    assert judged(told) == judged(receipt.verdicts)
    assert {each.item for each in told} == {None, *BOTH}


def test_why_an_item_lost_to_another_names_neither(
    world: World, asking: Make, shown: Render
) -> None:
    receipt = decide(world.view(BOTH), asking("side", slots={"side": 1}), "d1", shown)
    lost = about(receipt.verdicts, "offer")["cottage"]
    assert in_words(lost) == "offer lost to offer (about another item) by 30.00 EUR"
    assert lost is not None
    assert not set(BOTH) & set(lost.values.values())


def test_of_nobody_without_items_the_action_is_refused_once(
    world: World, asking: Make, shown: Render
) -> None:
    receipt = explain(world.view({}), asking("side"), "d1", shown)
    found = [each for each in receipt.verdicts if each.action == "offer"]
    assert [(each.item, each.refusal) for each in found] == [
        (None, Refusal("eligibility", code="no_item", values={"about": "contracts"}))
    ]
    assert "guards" not in {no.stage for no in found[0].all_refusals}


def test_a_repeated_decision_reuses_each_items_own_contact(
    world: World, situated: Situated, asking: Make, shown: Render
) -> None:
    with world.heard(BOTH) as store:
        question = asking("side", fragment=store.pseudonym("user_id", "maija"))
        first = decide(situated(store, world.project, world.now), question, "d1", shown)
        builders.commit(store, builders.fact(store, first))
        again = decide(situated(store, world.project, world.now + MINUTE), question, "d2", shown)
    ids = {each.item: each.contact_id for each in first.choices}
    assert {each.item: each.contact_id for each in again.choices} == ids
    assert all(each.reused for each in again.choices)
    assert again.contacts == ()


@pytest.mark.parametrize(("at_most", "chosen"), [(1, 1), (2, 2)])
def test_a_contact_limit_counts_two_items_as_two(
    built: Callable[..., World], asking: Make, shown: Render, at_most: int, chosen: int
) -> None:
    limit = ContactLimit(
        name="few", at_most=at_most, window=7 * DAY, purpose="marketing", where=HERE
    )
    receipt = decide(built(limit).view(BOTH), asking("side"), "d1", shown)
    assert len(receipt.choices) == chosen


def test_wider_scopes_count_the_items_together(built: Callable[..., World], asking: Make) -> None:
    past = [Past("home", "offer", 9, "Seen"), Past("cottage", "offer", 5, "Seen")]
    world = built()
    by_action = judged(world.view(BOTH, past), asking("side"))
    assert all(
        no.values.get("suppression") != SILENT.name for each in by_action.values() for no in each
    )
    wide = msgspec.structs.replace(SILENT, scope="issue_group")
    policy = msgspec.structs.replace(world.project.policy, suppressions=(wide,))
    world.project = msgspec.structs.replace(world.project, policy=policy)
    by_group = judged(world.view(BOTH, past), asking("side"))
    silenced = {key for key, no in by_group.items() if _suppressed(SILENT.name) in no}
    assert {(name, item) for name, _, item in silenced} == {
        ("offer", "home"), ("offer", "cottage"), ("advice", "home"), ("advice", "cottage"),
        ("news", None),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("named", "credited"),
    [("home", "d0.1"), ("cottage", "d1.1"), (None, "d1.1"), ("garage", None)],
)
def test_an_answer_is_credited_to_the_item_that_it_names(
    world: World, opened: Opened, situated: Situated, named: str | None, credited: str | None
) -> None:
    past = [Past("home", "offer", 2, "Seen"), Past("cottage", "offer", 1, "Seen")]
    said = {} if named is None else {"contract_id": named}
    with opened(world.project) as store:
        facts = [
            *_of_past(store, world, past),
            _event(store, "Order offer", world.now - HOUR, said),
        ]
        for fact in reversed(facts):
            builders.try_commit(store, fact)
        history = situated(store, world.project, world.now).history
    accepted = [contact for contact, outcome in history.outcomes().items() if outcome == "accepted"]
    assert accepted == ([] if credited is None else [credited])


def test_a_contact_about_nobody_knows_what_concerns_every_item(world: World, asking: Make) -> None:
    past = [Past("", "offer", 2, "Said No")]
    view = world.view(BOTH, [each._replace(item=None) for each in past])  # type: ignore[arg-type]
    found = judged(view, asking("side"))
    for item in BOTH:
        assert _suppressed("said no") in found["offer", "side", item]


@pytest.mark.parametrize(("same", "first"), [(True, "cottage"), (False, "home")])
def test_a_stand_in_stands_in_for_the_item_that_was_blocked(
    built: Callable[..., World], asking: Make, shown: Render, same: bool, first: str
) -> None:
    """`help` about the contract whose guard called for it, before that about a better one."""
    guard = msgspec.structs.replace(DISPUTED, instead="help")
    if not same:
        guard = msgspec.structs.replace(
            guard, about=None, when=parse_condition("any(contracts, disputed)", ROW)
        )
    world = built(guards=(guard,))
    help_ = msgspec.structs.replace(
        world.project.actions["help"], applicable=(), value=parse("item.kwh * 0.001", OF_ITEM)
    )
    actions = {**world.project.actions, "help": help_}
    world.project = msgspec.structs.replace(world.project, actions=actions)
    items = {"home": HOME, "cottage": {**COTTAGE, "disputed": True}}
    receipt = decide(world.view(items), asking("side", slots={"side": 1}), "d1", shown)
    assert [(each.action, each.item) for each in receipt.choices] == [("help", first)]


def test_an_old_contact_has_no_item() -> None:
    """As it was stored before contacts had items."""
    contact = Contact(
        id="d1.1", fragment=b"m" * 16, action="offer", treatment="side", issue_group=None,
        owner=None, purpose="marketing", channel="web", surface="side", state="held", time=0,
    )  # fmt: skip
    old = msgspec.to_builtins(contact)
    del old["item"]
    assert msgspec.convert(old, Contact) == contact
    assert contact.item is None


def test_an_action_may_be_asked_without_a_customer(world: World, asking: Make) -> None:
    """As the funnel does for its lines: one candidate for each treatment."""
    found = list(candidates(world.project, asking("side")))
    names = ("advice", "help", "news", "offer")
    assert [each.key for each in found] == [(name, "side", None) for name in names]
    assert [each.lacks_item for each in found] == [True, True, False, True]
