"""What is owed stands beside the slots, whatever is offered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders
from tests.builders import NOON, TIMESTAMP, in_words, owed, treatment

from tuttu.content import ContentError, Rendered
from tuttu.decision import (
    Candidate,
    DecisionQuery,
    DecisionView,
    decide,
    explain_again,
    recalled,
)
from tuttu.policy import parse
from tuttu.storage import Store
from tuttu.vocabulary.facts import Refused, Result
from tuttu.vocabulary.library import Action, Controls, Guard, Policy
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR, MINUTE, Condition, Kind, Schema
from tuttu.vocabulary.verdicts import Receipt

Opened = Callable[[Project], AbstractContextManager[Store]]
Kept = Callable[..., tuple[Receipt, Result]]
Company = Callable[..., Project]
Asking = Callable[..., DecisionQuery]

OVER_ALL = st.sets(st.sampled_from(["front", "side", "app", "email"]), min_size=1)


def told(receipt: Receipt) -> list[tuple[str, str]]:
    return [(each.action, each.treatment) for each in receipt.owed]


def told_by(receipt: Receipt) -> list[tuple[str, bool]]:
    return [(each.treatment, each.reminder) for each in receipt.owed]


def refusals(receipt: Receipt) -> dict[tuple[str, str], str]:
    return {
        (each.action, each.treatment): in_words(each.refusal)
        for each in receipt.verdicts
        if each.refusal is not None
    }


def test_it_takes_no_slot_and_needs_none(
    company: Company, alone: Callable[..., DecisionView], asking: Asking, shown: Any
) -> None:
    project = company(builders.action("tv"), owed("notice", value=0.001))
    receipt = decide(alone(project), asking("front"), "d1", shown)
    assert told(receipt) == [("notice", "front")]
    assert [each.action for each in receipt.choices] == ["tv"]
    assert receipt.owed[0].contact_id == "d1.owed-1"
    assert [each.id for each in receipt.contacts] == ["d1.owed-1", "d1.1"]
    none = decide(alone(project), asking("front", slots={"front": 0}), "d1", shown)
    assert (told(none), none.choices) == ([("notice", "front")], ())


def test_by_due_then_name_and_nothing_known_is_now(
    company: Company, alone: Callable[..., DecisionView], asking: Asking, shown: Any
) -> None:
    project = company(
        owed("d-later"),
        owed("c-now", due="nothing"),
        owed("b-now", due=None),
        owed("a-past", "old"),
    )
    receipt = decide(alone(project, due=NOON + 1, old=NOON - 1), asking("front"), "d1", shown)
    assert [(each.action, each.due) for each in receipt.owed] == [
        ("a-past", NOON - 1),
        ("b-now", None),
        ("c-now", None),
        ("d-later", NOON + 1),
    ]


def test_the_first_treatment_in_the_files_order_that_passes(
    company: Company, alone: Callable[..., DecisionView], asking: Asking, shown: Any
) -> None:
    project = company(owed("notice", on=("email", "app", "front")), resources={"letters": 0})
    asked = asking("front", "app", "email")
    assert told(decide(alone(project), asked, "d1", shown)) == [("notice", "email")]

    def failing(candidate: Candidate) -> Rendered:
        if candidate.treatment.name == "email":
            raise ContentError("no text")
        return Rendered("text")

    receipt = decide(alone(project), asked, "d1", failing)
    assert told(receipt) == [("notice", "app")]
    assert refusals(receipt) == {
        ("notice", "email"): "content: no text",
        ("notice", "front"): "notice has its place on app",
    }
    spent = owed("notice", on=(treatment("email", uses={"letters": 1}), "app"))
    receipt = decide(alone(company(spent, resources={"letters": 0})), asked, "d1", shown)
    assert told(receipt) == [("notice", "app")]


def test_a_guard_stops_it_only_if_it_names_the_purpose(
    company: Company, alone: Callable[..., DecisionView], asking: Asking, shown: Any
) -> None:
    def told_under(guard: Guard) -> list[tuple[str, str]]:
        project = company(owed("notice"), policy=Policy(guards=(guard,)))
        return told(decide(alone(project, blocked=True), asking(), "d1", shown))

    assert told_under(builders.guard("open case")) == [("notice", "front")]
    assert told_under(builders.guard("dead", blocks="notices")) == []


def test_a_surface_may_take_only_some_of_them(
    company: Company, alone: Callable[..., DecisionView], asking: Asking, shown: Any
) -> None:
    actions = [owed(name, on=("app", "front")) for name in ("a", "b", "c")]
    receipt = decide(alone(company(*actions, bound=2)), asking("app", "front"), "d1", shown)
    assert told(receipt) == [("a", "app"), ("b", "app")]
    left = {
        each.action
        for each in receipt.verdicts
        if each.refusal and each.refusal.code == "owed_beyond"
    }
    assert left == {"c"}


def test_while_one_is_under_way_no_other_is_made(
    company: Company, opened: Opened, kept: Kept
) -> None:
    project = company(owed("notice", on=("email", "front")))
    with opened(project) as store:
        first, _ = kept(store, project, "d1", NOON, "email")
        again, _ = kept(store, project, "d2", NOON + HOUR, "email")
        assert [each.reused for each in (*first.owed, *again.owed)] == [False, True]
        assert again.owed[0].contact_id == "d1.owed-1"
        assert again.contacts == ()
        other, _ = kept(store, project, "d3", NOON + HOUR, "front")
        assert (other.owed, other.contacts) == ((), ())
        assert refusals(other) == {("notice", "front"): "notice is under way by email"}


def test_released_it_is_owed_again_and_told_it_is_not(
    company: Company, opened: Opened, kept: Kept, told: Callable[..., None]
) -> None:
    project = company(owed("notice", on=("front", "email")))
    with opened(project) as store:
        held, _ = kept(store, project, "d1", NOON, "front")
        assert held.owed[0].held_until == NOON + 30 * MINUTE
        waiting, _ = kept(store, project, "d2", NOON + 29 * MINUTE, "email")
        assert waiting.owed == ()
        again, _ = kept(store, project, "d3", NOON + 30 * MINUTE, "front")
        assert [each.reused for each in again.owed] == [False]
        told(store, "Seen", NOON + 31 * MINUTE, contact_id="d3.owed-1")
        after, _ = kept(store, project, "d4", NOON + DAY, "email", "front")
        assert after.owed == ()
        assert set(refusals(after).values()) == {"notice was told already"}


def test_another_due_is_another_duty(
    company: Company, opened: Opened, kept: Kept, told: Callable[..., None]
) -> None:
    project = company(owed("notice"))
    with opened(project) as store:
        kept(store, project, "d1", NOON, "front", due=NOON + DAY)
        told(store, "Seen", NOON + MINUTE, contact_id="d1.owed-1")
        same, _ = kept(store, project, "d2", NOON + HOUR, "front", due=NOON + DAY)
        moved, _ = kept(store, project, "d3", NOON + HOUR, "front", due=NOON + 2 * DAY)
        assert (len(same.owed), len(moved.owed)) == (0, 1)
        unknown, _ = kept(store, project, "d4", NOON + 2 * HOUR, "front")
        assert unknown.owed == ()


def test_a_reminder_fulfils_nothing(
    company: Company, opened: Opened, kept: Kept, told: Callable[..., None]
) -> None:
    ways = ("email", treatment("front", fulfils=False))
    project = company(owed("notice", on=ways))
    with opened(project) as store:
        first, _ = kept(store, project, "d1", NOON, "front")
        assert [each.reminder for each in first.owed] == [True]
        told(store, "Seen", NOON + MINUTE, contact_id="d1.owed-1")
        both, _ = kept(store, project, "d2", NOON + HOUR, "email", "front")
        assert [(each.treatment, each.reminder) for each in both.owed] == [("email", False)]


@pytest.mark.parametrize("earlier", ["front", "email"])
def test_what_is_under_way_has_its_units_and_a_reminder_has_not(
    company: Company, opened: Opened, kept: Kept, earlier: str
) -> None:
    """The one that fulfils was given the last letter, or else there is none for it."""
    letter = treatment("email", uses={"letters": 1})
    project = company(
        owed("notice", on=(letter, treatment("front", fulfils=False))), resources={"letters": 1}
    )
    with opened(project) as store:
        kept(store, project, "d1", NOON, earlier)
        if earlier == "front":
            other = msgspec.structs.replace(project.actions["notice"], name="tv")
            spending = msgspec.structs.replace(project, actions={"tv": other})
            kept(store, spending, "d2", NOON, "email", who="anna")
        found, _ = kept(store, project, "d3", NOON + 1, "email")
        if earlier == "front":
            assert refusals(found)["notice", "email"] == "no letters left"
        else:
            assert [each.reused for each in found.owed] == [True]


def test_a_reminder_never_stands_in_for_what_it_reminds_of(
    company: Company, opened: Opened, kept: Kept, told: Callable[..., None]
) -> None:
    """It comes where nothing that fulfils passes, and even under way it stops nothing."""
    ways = (treatment("app", fulfils=False), treatment("front", fulfils=False), "email")
    project = company(owed("notice", on=ways))
    asked = ("app", "front", "email")
    with opened(project) as store:
        inbound, _ = kept(store, project, "d1", NOON, "app", "front")
        assert told_by(inbound) == [("app", True)]
        both, _ = kept(store, project, "d2", NOON + MINUTE, *asked)
        assert told_by(both) == [("email", False)]
        assert refusals(both)["notice", "app"] == "notice has its place on email"
        again, _ = kept(store, project, "d3", NOON + HOUR, *asked)
        assert told_by(again) == [("email", False)]


def test_what_is_owed_needs_no_score(
    company: Company, alone: Callable[..., DecisionView], asking: Asking, shown: Any
) -> None:
    """Nothing of it is ranked: neither a figure that is not known, nor a model, keeps it back."""
    unknown = builders.column("unknown", Kind.REAL)
    actions = [
        msgspec.structs.replace(owed("a-null"), propensity=unknown),
        msgspec.structs.replace(owed("c-model"), propensity=None, model="churn"),
        msgspec.structs.replace(owed("d-value"), value=unknown),
    ]
    view = alone(company(*actions, owed("b-plain")), unknown=None)
    assert not builders.bits_unlike_reasons(view, asking("front"))
    receipt = decide(view, asking("front"), "d1", shown)
    assert [name for name, _ in told(receipt)] == ["a-null", "b-plain", "c-model", "d-value"]
    scores = {each.action: each.score for each in receipt.verdicts}
    assert [name for name, score in scores.items() if score is None] == [
        "a-null",
        "c-model",
        "d-value",
    ]


def test_what_was_told_keeps_nothing_else_back(
    company: Company, alone: Callable[..., DecisionView], asking: Asking, shown: Any
) -> None:
    view = alone(company(owed("notice", due=None), owed("bill", due=None)))
    view = msgspec.structs.replace(view, row={**view.row, "fulfilled.notice": NOON})
    assert not builders.bits_unlike_reasons(view, asking("front"))
    assert told(decide(view, asking("front"), "d1", shown)) == [("bill", "front")]


def test_what_was_never_told_is_no_unknown_column(
    company: Company, alone: Callable[..., DecisionView], asking: Asking, shown: Any
) -> None:
    """`late` reads it, and a reason would name a column that nobody declared."""
    columns = dict.fromkeys(("fulfilled.notice", "moved_at"), TIMESTAMP)
    names = ", ".join(f'"{name}"' for name in columns)
    test = parse(f"GREATEST({names}) > now", Schema(columns=columns))
    offer = msgspec.structs.replace(builders.action("tv"), eligible=(Condition("after", test),))
    receipt = decide(alone(company(offer, owed("notice"))), asking("front"), "d1", shown)
    assert refusals(receipt)["tv", "front"] == "not known: after (moved_at)"


def test_units_are_kept_for_what_is_owed(company: Company, opened: Opened, kept: Kept) -> None:
    uses: Mapping[str, int] = {"letters": 1}
    actions = (
        builders.action("tv", on=(treatment("front", uses=uses),)),
        owed("notice", on=(treatment("side", uses=uses),)),
    )
    project = company(*actions, resources={"letters": 3}, kept={"letters": 1})
    with opened(project) as store:
        results = [kept(store, project, f"d{n}", NOON, "front", who=f"u{n}") for n in range(3)]
        assert [len(receipt.choices) for receipt, _ in results] == [1, 1, 0]
        assert refusals(results[2][0])["tv", "front"] == "no letters left"
        notice, result = kept(store, project, "d9", NOON, "side", who="maija")
        assert (len(notice.owed), isinstance(result, Refused)) == (1, False)
        # What is owed has taken what was kept for it: nothing is closed any more.
        assert notice.contacts[0].uses == uses


def test_a_claim_of_an_offer_never_takes_what_is_kept(
    company: Company, opened: Opened, asking: Asking, situated: Any, shown: Any
) -> None:
    """Decided on a view from before: the claim itself leaves the units."""
    offer = builders.action("tv", on=(treatment("front", uses={"letters": 1}),))
    project = company(offer, resources={"letters": 1}, kept={"letters": 0})
    strict = company(offer, resources={"letters": 1}, kept={"letters": 1})
    with opened(strict) as store:
        view = situated(store, project)
        fragment = store.pseudonym("user_id", "maija")
        receipt = decide(view, asking("front", fragment=fragment), "d1", shown)
        assert len(receipt.contacts) == 1
        (result,) = builders.try_commit(store, builders.fact(store, receipt))
        assert result == Refused("letters")


def test_a_receipt_is_explained_by_what_it_kept(
    company: Company, opened: Opened, kept: Kept, told: Callable[..., None], shown: Any
) -> None:
    project = company(
        owed("notice", on=("email", "front")), owed("other"), owed("third", eligible=("never",))
    )
    with opened(project) as store:
        kept(store, project, "d1", NOON, "email", due=NOON)
        kept(store, project, "d0", NOON, "front", due=NOON)
        told(store, "Seen", NOON, contact_id="d0.owed-1")
        issued, _ = kept(store, project, "d2", NOON + HOUR, "front", "email", due=NOON)
    receipt = msgspec.msgpack.decode(msgspec.msgpack.encode(issued), type=Receipt)
    assert receipt.evidence is not None
    again = explain_again(receipt, receipt.evidence, project)
    for verdict in again.verdicts:
        assert (verdict.refusal is None) == (verdict.all_refusals == ()), verdict
    view = recalled(receipt, receipt.evidence, project)
    query = DecisionQuery(surfaces=receipt.surfaces, fragment=receipt.customer, seed=receipt.seed)
    repeated = decide(view, query, receipt.id, shown)
    assert repeated.owed == receipt.owed
    assert refusals(repeated) == refusals(receipt)


RIVALS = st.lists(
    st.tuples(st.floats(0.01, 1e6), st.sampled_from(["front", "side", "app"])), max_size=4
)


@given(
    rivals=RIVALS,
    ways=st.lists(
        st.sampled_from(["front", "side", "app", "email"]), min_size=1, max_size=3, unique=True
    ),
    asked=OVER_ALL,
    arms=st.sampled_from(["none", "no_marketing", "random_choice", "propensity_only"]),
    slots=st.dictionaries(st.sampled_from(["front", "side", "app"]), st.integers(0, 9)),
    at_most=st.integers(0, 2),
    seed=st.integers(0, 9),
)
def test_what_passes_its_stages_is_told_whatever_is_offered(
    rivals: list[tuple[float, str]],
    ways: list[str],
    asked: set[str],
    arms: str,
    slots: dict[str, int],
    at_most: int,
    seed: int,
    company: Company,
    alone: Callable[..., DecisionView],
    asking: Asking,
    shown: Any,
) -> None:
    """Offers, contact limits, controls and slots change nothing of what is owed."""
    offers: list[Action] = [
        builders.action(f"offer-{n}", value=value, on=(on,)) for n, (value, on) in enumerate(rivals)
    ]
    limit = builders.contact_limit("any", at_most=at_most)
    controls = Controls() if arms == "none" else builders.controls(**{arms: 1.0})
    policy = Policy(contact_limits=(limit,), controls=controls)
    project = company(*offers, owed("notice", on=tuple(ways), value=0.01), policy=policy)
    query = asking(*sorted(asked), seed=seed)
    view = alone(project)
    fitting = {name: count for name, count in slots.items() if name in asked}
    receipts = [
        decide(view, each, "d1", shown)
        for each in (query, msgspec.structs.replace(query, slots=fitting))
    ]
    first = next((way for way in ways if way in asked), None)
    expected = [] if first is None else [("notice", first)]
    assert [told(each) for each in receipts] == [expected, expected]
    assert receipts[0].owed == receipts[1].owed
    if len(receipts[0].choices) > 0:
        assert all(each.action != "notice" for each in receipts[0].choices)


@pytest.mark.parametrize("purpose", ["marketing", "service"])
def test_what_is_offered_is_never_owed(
    purpose: str, company: Company, alone: Callable[..., DecisionView], asking: Asking, shown: Any
) -> None:
    project = company(builders.action("tv", purpose=purpose))
    receipt = decide(alone(project), asking(), "d1", shown)
    assert (receipt.owed, len(receipt.choices)) == ((), 1)
