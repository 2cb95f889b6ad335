"""Slots: who wins, who loses and why, what is reused, kept and withheld."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec
import pytest
from tests import builders
from tests.builders import HERE, in_words

from tuttu.content import ContentError, Rendered
from tuttu.decision import Candidate, DecisionQuery, DecisionView, decide
from tuttu.ledger import resource_state
from tuttu.storage import Store
from tuttu.vocabulary.facts import Committed, Conflict, Result
from tuttu.vocabulary.library import Action, ContactLimit, Guard, Policy, Treatment
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR, MINUTE
from tuttu.vocabulary.verdicts import Receipt

Make = Callable[..., Action]
Alone = Callable[..., DecisionView]
Asking = Callable[..., DecisionQuery]
Render = Callable[[Candidate], Rendered]
Companies = Callable[..., Project]
Opened = Callable[[Project], AbstractContextManager[Store]]
Kept = Callable[..., tuple[Receipt, Result]]


def _chosen(receipt: Receipt) -> list[tuple[str, str, int]]:
    return [(each.surface, each.action, each.slot) for each in receipt.choices]


def _reasons(receipt: Receipt) -> dict[str, str]:
    """Action, or action on a treatment where it has several, to the reason."""
    names = [each.action for each in receipt.verdicts]
    return {
        each.action if names.count(each.action) == 1 else f"{each.action} on {each.treatment}": (
            in_words(each.refusal) if each.refusal else "chosen"
        )
        for each in receipt.verdicts
    }


def test_slots_are_filled_by_worth_and_ties_by_name(
    company: Companies, action: Make, alone: Alone, asking: Asking, shown: Render
) -> None:
    offers = [action(n, on=("side",), value=v) for n, v in (("b", 9.0), ("a", 9.0), ("c", 9.5))]
    offers.append(action("d", on=("side",), value=8.99))
    receipt = decide(alone(company(*offers)), asking("side"), "d1", shown)
    assert _chosen(receipt) == [("side", "c", 0), ("side", "a", 1)]
    assert _reasons(receipt) == {
        "a": "chosen",
        "b": "b tied with a",
        "c": "chosen",
        "d": "d lost to a by 0.0050 EUR",
    }
    assert [each.probability for each in receipt.choices] == [1.0, 1.0]
    assert [each.contact_id for each in receipt.choices] == ["d1.1", "d1.2"]


def test_several_surfaces_share_one_request_and_an_action_has_one_place(
    company: Companies, action: Make, alone: Alone, asking: Asking, shown: Render
) -> None:
    offers = [
        action("tv", on=("front", "side", "app")),
        action("net", on=("front", "app"), value=4),
    ]
    receipt = decide(alone(company(*offers)), asking("app", "front", "side"), "d1", shown)
    assert _chosen(receipt) == [("app", "tv", 0), ("front", "net", 0)]
    assert _reasons(receipt) == {
        "tv on app": "chosen",
        "tv on front": "tv has its place on app",
        "tv on side": "tv has its place on app",
        "net on app": "variety: 1 of growth on app is enough",
        "net on front": "chosen",
    }
    assert receipt.defaults == {"app": None, "side": None}
    assert receipt.surfaces == ("app", "front", "side")


def test_an_empty_slot_shows_the_default_and_no_slot_refuses_all(
    company: Companies, action: Make, alone: Alone, asking: Asking, shown: Render
) -> None:
    view = alone(company(action("tv")))
    none = decide(view, asking(slots={"front": 0}), "d1", shown)
    assert (_reasons(none), none.defaults) == ({"tv": "no slot left"}, {})
    two = decide(view, asking(slots={"front": 2}), "d1", shown)
    assert (_reasons(two), two.defaults) == ({"tv": "chosen"}, {"front": "welcome"})
    twice = decide(view, asking("front", "front"), "d1", shown)
    assert _chosen(twice) == [("front", "tv", 0)]


def test_the_better_treatment_of_one_action_wins(
    company: Companies,
    action: Make,
    treatment: Callable[..., Treatment],
    alone: Alone,
    asking: Asking,
    shown: Render,
) -> None:
    dear = treatment("front", "dear", cost=1.0)
    offer = action("tv", on=(dear, treatment("front", "cheap")))
    receipt = decide(alone(company(offer)), asking(), "d1", shown)
    assert _reasons(receipt) == {
        "tv on cheap": "chosen",
        "tv on dear": "tv (dear) lost to tv (cheap) by 1.00 EUR",
    }


def test_what_stands_in_for_the_blocked_comes_first_where_something_was_blocked(
    company: Companies,
    action: Make,
    guard: Callable[..., Guard],
    alone: Alone,
    asking: Asking,
    shown: Render,
) -> None:
    news = action("case-news", purpose="service", value=0, on=("front", "app"))
    tips = action("tips", purpose="service", value=5.0, on=("front", "app"), issue_group="care")
    open_case = guard("open case", instead="case-news")
    project = company(news, tips, action("tv"), policy=Policy(guards=(open_case,)))
    receipt = decide(alone(project, blocked=True), asking("app", "front"), "d1", shown)
    assert _chosen(receipt) == [
        ("app", "tips", 0),
        ("app", "case-news", 1),
    ]
    front = decide(alone(project, blocked=True), asking(), "d1", shown)
    assert _chosen(front) == [("front", "case-news", 0)]
    assert _reasons(front) == {
        "case-news": "chosen",
        "tips": "tips lost to case-news, which stands in for what a guard blocked",
        "tv": "stopped by: open case",
    }
    calm = decide(alone(project, blocked=False), asking(), "d1", shown)
    assert _chosen(calm) == [("front", "tv", 0)]


def test_what_stands_in_passes_all_stages_itself_and_was_needed(
    company: Companies,
    action: Make,
    guard: Callable[..., Guard],
    alone: Alone,
    asking: Asking,
    shown: Render,
) -> None:
    news = action("case-news", purpose="service", value=0, eligible=("has_case",))
    tips = action("tips", purpose="service", value=5.0)
    tv = action("tv", eligible=("has_broadband",))
    open_case = guard("open case", instead="case-news")
    project = company(news, tips, tv, policy=Policy(guards=(open_case,)))
    facts = {"blocked": True, "has_case": True, "has_broadband": True}
    for change, winner in (({}, "case-news"), ({"has_case": None}, "tips")):
        receipt = decide(alone(project, **(facts | change)), asking(), "d1", shown)
        assert _chosen(receipt) == [("front", winner, 0)]
    unneeded = decide(alone(project, **(facts | {"has_broadband": None})), asking(), "d1", shown)
    assert _chosen(unneeded) == [("front", "tips", 0)]


def test_a_message_that_cannot_be_rendered_gives_way_to_the_next(
    company: Companies, action: Make, alone: Alone, asking: Asking, shown: Render
) -> None:
    rendered: list[str] = []

    def render(candidate: Candidate) -> Rendered:
        rendered.append(candidate.action.name)
        if candidate.action.name == "unfit":
            raise ContentError("no first name")
        return shown(candidate)

    offers = [action("unfit", value=30.0), action("good", value=20.0), action("poor", value=10.0)]
    receipt = decide(alone(company(*offers)), asking(), "d1", render)
    assert _reasons(receipt) == {
        "good": "chosen",
        "poor": "poor lost to good by 5.00 EUR",
        "unfit": "content: no first name",
    }
    assert receipt.choices[0].rendered == "good on front"
    assert rendered == ["unfit", "good"]


def test_slots_of_one_request_do_not_take_the_same_unit_or_pass_the_same_limit(
    company: Companies,
    action: Make,
    treatment: Callable[..., Treatment],
    alone: Alone,
    asking: Asking,
    shown: Render,
) -> None:
    uses = {"uses": {"vouchers": 1}}
    offers = [action(n, on=(treatment("side", **uses),), value=v) for n, v in (("a", 9), ("b", 8))]
    offers.append(action("c", on=("side",), value=1))
    project = company(*offers, resources={"vouchers": 1})
    receipt = decide(alone(project), asking("side"), "d1", shown)
    assert _chosen(receipt) == [("side", "a", 0), ("side", "c", 1)]
    assert _reasons(receipt)["b"] == "not enough vouchers left, counting the slots before"
    limit = ContactLimit(name="one a week", at_most=1, window=7 * DAY, where=HERE)
    limited = company(*offers, resources={"vouchers": 9}, policy=Policy(contact_limits=(limit,)))
    receipt = decide(alone(limited), asking("side"), "d1", shown)
    assert _chosen(receipt) == [("side", "a", 0)]
    assert _reasons(receipt)["c"] == "limit reached: one a week, counting the slots before"


def test_the_contact_says_all_that_the_ledger_needs(
    company: Companies,
    action: Make,
    treatment: Callable[..., Treatment],
    opened: Opened,
    preferred: Callable[..., None],
    kept: Kept,
    noon: int,
) -> None:
    mail = treatment("email", cost=0.00496, answer_within=DAY, uses={"letters": 2})
    project = company(action("tv", on=("front", mail)), resources={"letters": 5})
    with opened(project) as store:
        preferred(store, noon, "marketing", "email", True)
        receipt, result = kept(store, project, "d1", noon, "email")
        assert isinstance(result, Committed)
        (made,) = receipt.contacts
        assert (made.id, made.fragment) == ("d1.1", store.pseudonym("user_id", "maija"))
        assert (made.action, made.treatment, made.surface) == ("tv", "email", "email")
        assert (made.issue_group, made.owner, made.purpose) == ("growth", "sales", "marketing")
        assert (made.channel, made.state, made.time) == ("email", "queued", noon)
        assert (made.held_until, made.answer_within, made.cost) == (None, DAY, 50)
        assert (made.uses, made.decision_id) == ({"letters": 2}, "d1")
        with store.read() as snapshot:
            letters = resource_state(snapshot, project, "letters", noon)
        assert (letters.used, letters.held) == (2, 0)
        inbound, _ = kept(store, project, "d2", noon, "front")
        assert (inbound.contacts[0].state, inbound.contacts[0].held_until) == (
            "held",
            noon + 30 * MINUTE,
        )


def test_a_repeated_decision_reuses_the_hold_and_reserves_nothing(
    company: Companies,
    action: Make,
    treatment: Callable[..., Treatment],
    opened: Opened,
    told: Callable[..., None],
    kept: Kept,
    noon: int,
) -> None:
    limit = ContactLimit(name="one a week", at_most=1, window=7 * DAY, where=HERE)
    offer = action("tv", on=(treatment("front", uses={"vouchers": 1}),))
    project = company(offer, resources={"vouchers": 1}, policy=Policy(contact_limits=(limit,)))
    with opened(project) as store:
        kept(store, project, "d1", noon)
        told(store, "Seen", noon + 1, contact_id="d1.1")
        again, _ = kept(store, project, "d2", noon + 29 * MINUTE)
        (choice,) = again.choices
        assert (choice.contact_id, choice.reused) == ("d1.1", True)
        assert choice.held_until == noon + 30 * MINUTE
        assert again.contacts == ()
        late, _ = kept(store, project, "d3", noon + 30 * MINUTE)
        assert _reasons(late) == {"tv": "no vouchers left"}
        other, _ = kept(store, project, "d4", noon + MINUTE, who="anna")
        assert _reasons(other) == {"tv": "no vouchers left"}


def test_an_offer_that_is_kept_and_shown_again_on_another_day_leaves_no_room_beside_it(
    company: Companies,
    action: Make,
    treatment: Callable[..., Treatment],
    opened: Opened,
    told: Callable[..., None],
    kept: Kept,
    noon: int,
) -> None:
    """Its first showing has left the window, and its first hold is long over."""
    limit = ContactLimit(name="one a day", at_most=1, window=DAY, where=HERE)
    offer = action("tv", on=(treatment("side", holds=14 * DAY),), value=20.0)
    other = action("net", on=("side",))
    project = company(offer, other, policy=Policy(contact_limits=(limit,)))
    with opened(project) as store:
        first, _ = kept(store, project, "d1", noon, "side")
        (choice,) = first.choices
        told(store, "Seen", noon + 1, contact_id=choice.contact_id)
        again, _ = kept(store, project, "d2", noon + DAY + MINUTE, "side")
    assert [(each.action, each.reused) for each in again.choices] == [("tv", True)]
    reason = "limit reached: one a day, counting the slots before"
    assert _reasons(again) == {"tv": "chosen", "net": reason}


def test_an_offer_is_kept_though_its_channel_is_declared_no_more(
    company: Companies,
    action: Make,
    treatment: Callable[..., Treatment],
    opened: Opened,
    told: Callable[..., None],
    kept: Kept,
    noon: int,
) -> None:
    def version(channel: str) -> Project:
        return company(action("tv", on=(treatment("side", holds=14 * DAY, channel=channel),)))

    before, after = version("web"), version("app")
    left = {name: each for name, each in after.channels.items() if name != "web"}
    after = msgspec.structs.replace(after, channels=left)
    with opened(before) as store:
        kept(store, before, "d1", noon, "side")
        told(store, "Seen", noon + 1, contact_id="d1.1")
        again, _ = kept(store, after, "d2", noon + DAY, "side")
    assert [(each.action, each.reused) for each in again.choices] == [("tv", True)]


def test_an_offer_that_holds_keeps_its_slot_until_its_time_or_a_guard(
    company: Companies,
    action: Make,
    treatment: Callable[..., Treatment],
    guard: Callable[..., Guard],
    opened: Opened,
    told: Callable[..., None],
    kept: Kept,
    noon: int,
) -> None:
    offer = action("tv", on=(treatment("front", holds=14 * DAY),), value=5.0)
    better = action("net", value=50.0, eligible=("has_net",))
    project = company(offer, better, policy=Policy(guards=(guard("open case"),)))
    calm = {"blocked": False, "has_net": True}
    with opened(project) as store:
        kept(store, project, "d1", noon, blocked=False)
        told(store, "Seen", noon, contact_id="d1.1")
        later, _ = kept(store, project, "d2", noon + 14 * DAY - 1, **calm)
        assert _reasons(later) == {
            "net": "net lost to tv, an offer that was shown before and is kept",
            "tv": "chosen",
        }
        (choice,) = later.choices
        assert (choice.contact_id, choice.reused) == ("d1.1", True)
        assert choice.held_until == noon + 14 * DAY
        over, _ = kept(store, project, "d3", noon + 14 * DAY, **calm)
        assert _chosen(over) == [("front", "net", 0)]
        withdrawn, _ = kept(store, project, "d4", noon + DAY, has_net=True, blocked=None)
        assert _reasons(withdrawn) == {
            "net": "stopped by: open case",
            "tv": "stopped by: open case",
        }


def test_what_is_kept_goes_before_what_stands_in(
    company: Companies,
    action: Make,
    treatment: Callable[..., Treatment],
    guard: Callable[..., Guard],
    opened: Opened,
    told: Callable[..., None],
    kept: Kept,
    noon: int,
) -> None:
    """It was promised for that time; the substitute is worth more, and was named first."""
    promised = action("tv", on=(treatment("front", holds=DAY),), purpose="service", value=5.0)
    others = action("net"), action("case-news", purpose="service", value=50.0, eligible=("case",))
    rules = Policy(guards=(guard("open case", instead="case-news"),))
    project = company(promised, *others, policy=rules)
    with opened(project) as store:
        kept(store, project, "d1", noon, blocked=True, case=False)
        told(store, "Seen", noon, contact_id="d1.1")
        later, _ = kept(store, project, "d2", noon + DAY - 1, blocked=True, case=True)
        assert _chosen(later) == [("front", "tv", 0)]
        over, _ = kept(store, project, "d3", noon + DAY, blocked=True, case=True)
        assert _chosen(over) == [("front", "case-news", 0)]


def test_at_a_later_moment_the_ledger_s_columns_say_what_it_will_say(
    company: Companies,
    action: Make,
    treatment: Callable[..., Treatment],
    opened: Opened,
    situated: Callable[..., DecisionView],
    told: Callable[..., None],
    kept: Kept,
    noon: int,
) -> None:
    """What was not answered in time will be ignored; a column that was given stays as given."""
    column = "answered.tv.ignored"
    project = company(action("tv", on=(treatment("front", answer_within=DAY),)))
    with opened(project) as store:
        kept(store, project, "d1", noon)
        told(store, "Seen", noon, contact_id="d1.1")
        view = situated(store, project, noon + 1)
        then = view.at(noon + DAY)
        assert (view.row[column], then.row[column]) == (None, noon + DAY)
        assert then.row == situated(store, project, noon + DAY).row
        given = msgspec.structs.replace(view, row={**view.row, column: noon - DAY})
        assert given.at(noon + DAY).row[column] == noon - DAY


def test_arbitration_may_add_to_what_is_kept(
    company: Companies,
    action: Make,
    treatment: Callable[..., Treatment],
    opened: Opened,
    told: Callable[..., None],
    kept: Kept,
    noon: int,
) -> None:
    offer = action("tv", on=(treatment("side", holds=14 * DAY),), value=5.0)
    project = company(offer, action("net", on=("side",), value=50.0, eligible=("has_net",)))
    with opened(project) as store:
        kept(store, project, "d1", noon, "side")
        told(store, "Seen", noon, contact_id="d1.1")
        later, _ = kept(store, project, "d2", noon + DAY, "side", has_net=True)
        assert _chosen(later) == [("side", "tv", 0), ("side", "net", 1)]


def test_of_two_decisions_on_the_same_snapshot_one_is_asked_again(
    company: Companies,
    action: Make,
    opened: Opened,
    asking: Asking,
    told: Callable[..., None],
    shown: Render,
    kept: Kept,
    noon: int,
) -> None:
    project = company(action("tv"))
    with opened(project) as store:
        told(store, "Identify", noon, traits={"home": "Oulu"})
        with store.read() as snapshot:
            seen = builders.view(snapshot, project, noon)
            reads = snapshot.reads
        _, first = kept(store, project, "d1", noon)
        question = asking(fragment=store.pseudonym("user_id", "maija"))
        receipt = decide(seen, question, "d2", shown)
        late = builders.try_commit(store, builders.fact(store, receipt), reads=reads)
        assert isinstance(first, Committed)
        assert late == [Conflict("ledger.fragments")]


def test_the_receipt_holds_the_columns_that_were_named_and_why_the_winner_passed(
    company: Companies,
    action: Make,
    guard: Callable[..., Guard],
    alone: Alone,
    asking: Asking,
    shown: Render,
    noon: int,
) -> None:
    offer = action("tv", eligible=("one",), applicable=("two",), suitable=("three",))
    elsewhere = action("net", on=("side",), eligible=("four",))
    guards = (guard("open case", after="solved_at"), guard("other", "five", blocks="service"))
    project = company(offer, elsewhere, policy=Policy(guards=guards))
    facts = {"one": True, "two": True, "three": True, "blocked": False, "unasked": 1}
    receipt = decide(alone(project, **facts), asking(), "d1", shown)
    assert receipt.read == {
        "blocked": False,
        "one": True,
        "solved_at": None,
        "three": True,
        "two": True,
    }
    assert receipt.choices[0].why == ("one holds", "two holds", "three holds")
    assert (receipt.id, receipt.now, receipt.project_digest) == ("d1", noon, "1")


@pytest.mark.parametrize("minutes", [0, 29, 31])
def test_a_household_shares_its_limit(
    company: Companies,
    action: Make,
    opened: Opened,
    told: Callable[..., None],
    kept: Kept,
    noon: int,
    minutes: int,
) -> None:
    limit = ContactLimit(name="one a home", at_most=1, window=DAY, group="household", where=HERE)
    project = company(action("tv"), policy=Policy(contact_limits=(limit,)))
    with opened(project) as store:
        for who in ("maija", "anna"):
            told(store, "Identify", noon - HOUR, who=who, traits={"home": "Oulu"})
        kept(store, project, "d1", noon, who="maija")
        other, _ = kept(store, project, "d2", noon + minutes * MINUTE, who="anna")
        assert _reasons(other) == {"tv": "limit reached: one a home" if minutes < 30 else "chosen"}
        stranger, _ = kept(store, project, "d3", noon, who="liisa")
        assert _reasons(stranger) == {"tv": "chosen"}


def test_a_slot_takes_units_of_what_its_contact_uses_and_of_nothing_else(
    company: Companies,
    action: Make,
    treatment: Callable[..., Treatment],
    alone: Alone,
    asking: Asking,
    shown: Render,
) -> None:
    offers = [
        action(name, on=(treatment("side", uses={uses: 1}),), value=value)
        for name, uses, value in (("a", "vouchers", 9), ("b", "minutes", 8))
    ]
    project = company(*offers, resources={"vouchers": 1, "minutes": 1})
    receipt = decide(alone(project), asking("side"), "d1", shown)
    assert _chosen(receipt) == [("side", "a", 0), ("side", "b", 1)]
