"""Each stage's yes and no, at its edges, with the reason that people read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec
import pytest
from tests.builders import HERE, NOON, controls, in_words

from tuttu.content import Rendered
from tuttu.decision import STAGES, Candidate, DecisionQuery, DecisionView, decide
from tuttu.decision.groups import MOST_MEMBERS, GroupView, WideRow
from tuttu.decision.stage import first_refusal
from tuttu.storage import Store
from tuttu.vocabulary.errors import UnknownSurface
from tuttu.vocabulary.library import (
    Action,
    ContactLimit,
    Guard,
    Lever,
    Policy,
    Suppression,
    Treatment,
)
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR, Expression, Kind
from tuttu.vocabulary.verdicts import Receipt, Refusal, Score, Verdict

Make = Callable[..., Action]
Opened = Callable[[Project], AbstractContextManager[Store]]

Judge = Callable[..., Verdict]


@pytest.fixture
def judge(
    alone: Callable[..., DecisionView],
    asking: Callable[..., DecisionQuery],
    shown: Callable[[Candidate], Rendered],
) -> Judge:
    """judge(project, now=…, **context): the verdict on the one action on the front."""

    def verdict(project: Project, **more: object) -> Verdict:
        (found,) = decide(alone(project, **more), asking(), "d1", shown).verdicts
        return found

    return verdict


def _reason(verdict: Verdict) -> tuple[str, str] | None:
    refusal = verdict.refusal
    return None if refusal is None else (refusal.stage, in_words(refusal))


def test_stages_stand_in_the_order_of_the_trade() -> None:
    assert [stage.name for stage in STAGES] == [
        "eligibility",
        "applicability",
        "suitability",
        "guards",
        "consent",
        "reachable",
        "suppressions",
        "contact_limits",
        "resources",
        "scoring",
        "arbitration",
        "controls",
    ]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("live", None),
        ("draft", ("eligibility", "is a draft")),
        ("paused", ("eligibility", "is paused")),
    ],
)
def test_only_a_live_action_is_eligible(
    company: Callable[..., Project],
    action: Make,
    judge: Judge,
    status: str,
    reason: tuple[str, str] | None,
) -> None:
    assert _reason(judge(company(action("tv", status=status)))) == reason


def test_a_retired_action_is_no_candidate(
    company: Callable[..., Project],
    action: Make,
    alone: Callable[..., DecisionView],
    asking: Callable[..., DecisionQuery],
    shown: Callable[[Candidate], Rendered],
) -> None:
    project = company(action("tv", status="retired"), action("extra", on=("side",)))
    assert decide(alone(project), asking(), "d1", shown).verdicts == ()


@pytest.mark.parametrize(
    ("offset", "reason"),
    [
        (-1, "is valid from 2026-03-05 12:00"),
        (0, None),
        (DAY - 1, None),
        (DAY, "was valid until 2026-03-06 12:00"),
    ],
)
def test_validity_includes_its_start_and_excludes_its_end(
    company: Callable[..., Project],
    action: Make,
    judge: Judge,
    noon: int,
    offset: int,
    reason: str | None,
) -> None:
    project = company(action("tv", valid_from=noon, valid_until=noon + DAY))
    found = _reason(judge(project, now=noon + offset))
    assert found == (None if reason is None else ("eligibility", reason))


def test_midnight_is_said_as_its_date(
    company: Callable[..., Project], action: Make, judge: Judge, noon: int
) -> None:
    project = company(action("tv", valid_from=noon + 12 * HOUR))
    assert _reason(judge(project)) == ("eligibility", "is valid from 2026-03-06")


@pytest.mark.parametrize("block", ["eligible", "applicable", "suitable"])
@pytest.mark.parametrize("value", [True, False, None])
def test_a_requirement_passes_on_true_alone(
    company: Callable[..., Project], action: Make, judge: Judge, block: str, value: bool | None
) -> None:
    verdict = judge(company(action("tv", **{block: ("sure", "asked")})), sure=True, asked=value)
    stage = {"eligible": "eligibility", "applicable": "applicability", "suitable": "suitability"}
    assert _reason(verdict) == (
        None
        if value
        else (
            stage[block],
            "not met: asked holds" if value is False else "not known: asked holds (asked)",
        )
    )


def test_the_first_condition_that_fails_is_the_reason(
    company: Callable[..., Project], action: Make, judge: Judge
) -> None:
    project = company(action("tv", eligible=("one", "two"), suitable=("three",)))
    assert _reason(judge(project, one=True)) == ("eligibility", "not known: two holds (two)")
    assert _reason(judge(project, one=True, two=True)) == (
        "suitability",
        "not known: three holds (three)",
    )


@pytest.mark.parametrize(("value", "blocks"), [(True, True), (None, True), (False, False)])
def test_a_guard_blocks_unless_false(
    company: Callable[..., Project],
    action: Make,
    guard: Callable[..., Guard],
    judge: Judge,
    value: bool | None,
    blocks: bool,
) -> None:
    project = company(action("tv"), policy=Policy(guards=(guard("open case"),)))
    reason = ("guards", "stopped by: open case") if blocks else None
    assert _reason(judge(project, blocked=value)) == reason


def test_a_guard_leaves_other_purposes_alone(
    company: Callable[..., Project], action: Make, guard: Callable[..., Guard], judge: Judge
) -> None:
    project = company(
        action("news", purpose="service"), policy=Policy(guards=(guard("open case"),))
    )
    assert judge(project, blocked=True).refusal is None


@pytest.mark.parametrize(
    ("inclusive", "since", "blocks"),
    [
        (False, 3 * DAY - 1, True),
        (False, 3 * DAY, False),
        (True, 3 * DAY, True),
        (True, 3 * DAY + 1, False),
        (False, 0, True),
        (False, -DAY, True),
        (False, None, False),
        (True, None, False),
    ],
)
def test_cooling_ends_before_until_and_after_through_and_not_without_an_instant(
    company: Callable[..., Project],
    action: Make,
    guard: Callable[..., Guard],
    judge: Judge,
    noon: int,
    inclusive: bool,
    since: int | None,
    blocks: bool,
) -> None:
    """since: how long ago the case was solved; None: never."""
    cooling = guard("open case", after="solved_at", cooling=3 * DAY, inclusive=inclusive)
    project = company(action("tv"), policy=Policy(guards=(cooling,)))
    solved = None if since is None else noon - since
    found = _reason(judge(project, blocked=False, solved_at=solved))
    assert found == (("guards", "stopped by: open case") if blocks else None)


def test_a_guard_that_is_not_false_needs_no_instant(
    company: Callable[..., Project], action: Make, guard: Callable[..., Guard], judge: Judge
) -> None:
    cooling = guard("open case", after="solved_at", cooling=3 * DAY)
    project = company(action("tv"), policy=Policy(guards=(cooling,)))
    assert _reason(judge(project, blocked=None, solved_at=None)) == (
        "guards",
        "stopped by: open case",
    )


def test_consent_is_asked_by_purpose_and_channel(
    company: Callable[..., Project],
    action: Make,
    opened: Opened,
    preferred: Callable[..., None],
    kept: Callable[..., tuple[Receipt, object]],
    noon: int,
) -> None:
    project = company(action("tv", on=("front", "email")))
    with opened(project) as store:
        receipt, _ = kept(store, project, "d1", noon, "email")
        assert [_reason(each) for each in receipt.verdicts] == [
            ("consent", "marketing by email: not consented (default out)")
        ]
        preferred(store, noon, "marketing", "email", True)
        preferred(store, noon + 1, "marketing", "web", False)
        receipt, _ = kept(store, project, "d2", noon + HOUR, "email", "front")
        assert [_reason(each) for each in receipt.verdicts] == [
            ("consent", "marketing by web: refused by the customer on 2026-03-05"),
            None,
        ]


def test_suppressions_and_limits_refuse_unless_the_purpose_skips_them(
    company: Callable[..., Project],
    action: Make,
    opened: Opened,
    told: Callable[..., None],
    kept: Callable[..., tuple[Receipt, object]],
    noon: int,
) -> None:
    policy = Policy(
        contact_limits=(
            ContactLimit(name="one a day", at_most=1, window=DAY, channel="web", where=HERE),
        ),
        suppressions=(
            Suppression(
                name="said no", outcome="declined", window=2 * DAY, scope="owner", where=HERE
            ),
        ),
    )
    actions = (action("tv"), action("extra"), action("news", purpose="service", value=0))
    project = company(*actions, policy=policy)
    with opened(project) as store:
        first, _ = kept(store, project, "d1", noon)
        assert [each.action for each in first.choices] == ["extra"]
        told(store, "Seen", noon + 1, contact_id="d1.1")

        def reasons(decision_id: str, now: int) -> list[tuple[str, str] | None]:
            receipt, _ = kept(store, project, decision_id, now)
            return [_reason(each) for each in receipt.verdicts]

        other, news, tv = reasons("d2", noon + HOUR)
        assert (other, tv) == (None, ("contact_limits", "limit reached: one a day"))
        assert news == ("arbitration", "news lost to extra by 5.00 EUR")
        told(store, "Said No", noon + 2 * HOUR, contact_id="d1.1")
        assert reasons("d3", noon + 3 * HOUR) == [
            ("suppressions", "left alone after: said no"),
            None,
            ("suppressions", "left alone after: said no"),
        ]


@pytest.mark.parametrize(
    ("units", "reason"), [(1, None), (2, "vouchers: 1 free, 2 needed"), (0, None)]
)
def test_resources_must_be_free(
    company: Callable[..., Project],
    action: Make,
    treatment: Callable[..., Treatment],
    judge: Judge,
    units: int,
    reason: str | None,
) -> None:
    offer = action("tv", on=(treatment("front", uses={"vouchers": units}),))
    found = _reason(judge(company(offer, resources={"vouchers": 1})))
    assert found == (None if reason is None else ("resources", reason))


def test_what_is_gone_is_said_so(
    company: Callable[..., Project],
    action: Make,
    treatment: Callable[..., Treatment],
    judge: Judge,
) -> None:
    offer = action("tv", on=(treatment("front", uses={"vouchers": 1}),))
    project = company(offer, resources={"vouchers": 0})
    assert _reason(judge(project)) == ("resources", "no vouchers left")


def _unknown(column: Callable[..., Expression], formula: str) -> dict[str, Expression]:
    return {formula: column("nothing", Kind.REAL)}


@pytest.mark.parametrize("formula", ["value", "relevance", "effort", "propensity"])
def test_a_missing_figure_refuses_with_its_name(
    company: Callable[..., Project],
    action: Make,
    column: Callable[..., Expression],
    judge: Judge,
    formula: str,
) -> None:
    project = company(action("tv", **_unknown(column, formula)))
    assert _reason(judge(project)) == ("scoring", f"{formula} is unknown")


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"propensity": None}, "no propensity"),
        ({"propensity": None, "model": "offers"}, "model offers has no score yet"),
        ({"propensity": 1.5}, "propensity 1.5 is not between 0 and 1"),
        ({"propensity": -0.1}, "propensity -0.1 is not between 0 and 1"),
        ({"value": 1e300}, "worth is out of range"),
        ({"propensity": 1}, None),
    ],
)
def test_what_cannot_be_ranked_is_refused(
    company: Callable[..., Project],
    action: Make,
    judge: Judge,
    parts: dict[str, object],
    reason: str | None,
) -> None:
    found = _reason(judge(company(action("tv", **parts))))
    assert found == (None if reason is None else ("scoring", reason))


def test_a_propensity_of_nothing_is_known(
    company: Callable[..., Project], action: Make, judge: Judge
) -> None:
    found = _reason(judge(company(action("tv", propensity=0))))
    assert found == ("arbitration", "worth is not positive")


def test_worth_is_the_formula_of_the_design(
    company: Callable[..., Project],
    action: Make,
    treatment: Callable[..., Treatment],
    judge: Judge,
    noon: int,
) -> None:
    levers = (
        Lever(name="push", times=1.5, issue_group="growth", by="anna", why="board", where=HERE),
        Lever(name="more", times=2.0, action="tv", by="anna", why="board", where=HERE),
        Lever(name="not his", times=9.0, owner="service", by="anna", why="?", where=HERE),
        Lever(name="over", times=9.0, valid_until=noon, by="anna", why="?", where=HERE),
    )
    offer = action(
        "tv",
        value=20.0,
        relevance=0.5,
        effort=1.25,
        propensity=0.1,
        on=(treatment("front", cost=0.5),),
    )
    assert judge(company(offer, policy=Policy(levers=levers))).score == Score(
        propensity=0.1,
        value=200_000,
        relevance=0.5,
        lever=3.0,
        effort=12_500,
        cost=5_000,
        rounded=12_500,
        exact=1.25,
    )


@pytest.mark.parametrize(("value", "amount"), [(0.00025, 2), (0.00035, 4), (0.00045, 4)])
def test_worth_is_shown_rounded_once_half_to_even(
    company: Callable[..., Project], action: Make, judge: Judge, value: float, amount: int
) -> None:
    score = judge(company(action("tv", value=value, propensity=1))).score
    assert score is not None
    assert (score.worth, score.rounded) == (value, amount)


def test_a_value_of_the_type_money_is_not_scaled_twice(
    company: Callable[..., Project], action: Make, column: Callable[..., Expression], judge: Judge
) -> None:
    project = company(action("tv", value=column("margin", Kind.MONEY)))
    score = judge(project, margin=123_400).score
    assert score is not None
    assert (score.value, score.worth) == (123_400, 6.17)


@pytest.mark.parametrize(
    ("purpose", "value", "reason"),
    [
        ("marketing", 0.0001, None),
        ("marketing", 0, "worth is not positive"),
        ("marketing", -1, "worth is not positive"),
        ("service", 0, None),
        ("service", -1, None),
    ],
)
def test_worthless_is_said_only_where_it_is_owed(
    company: Callable[..., Project],
    action: Make,
    judge: Judge,
    purpose: str,
    value: float,
    reason: str | None,
) -> None:
    found = _reason(judge(company(action("tv", purpose=purpose, value=value, propensity=1))))
    assert found == (None if reason is None else ("arbitration", reason))


def test_no_marketing_refuses_the_winner_last_and_withholds_it(
    company: Callable[..., Project],
    action: Make,
    alone: Callable[..., DecisionView],
    asking: Callable[..., DecisionQuery],
    shown: Callable[[Candidate], Rendered],
) -> None:
    actions = (action("tv"), action("extra", value=9.0), action("news", purpose="service", value=1))
    project = company(*actions, policy=Policy(controls=controls(no_marketing=1.0)))
    receipt = decide(alone(project), asking(), "d1", shown)
    assert receipt.arm == "no_marketing"
    assert {each.action: _reason(each) for each in receipt.verdicts} == {
        "tv": ("controls", "is in the control group without marketing"),
        "extra": ("arbitration", "extra lost to tv by 0.50 EUR"),
        "news": None,
    }
    assert [(each.action, each.probability) for each in receipt.choices] == [("news", 1.0)]
    assert [(each.action, each.probability) for each in receipt.withheld] == [("tv", 1.0)]
    assert [each.action for each in receipt.contacts] == ["news"]


def test_a_purpose_that_skips_controls_is_not_touched(
    company: Callable[..., Project], action: Make, judge: Judge
) -> None:
    project = company(action("tv"), policy=Policy(controls=controls(no_marketing=1.0)))
    assert judge(project).refusal == Refusal("controls", code="control_group")
    spared = msgspec.structs.replace(project.purposes["marketing"], skips=frozenset({"controls"}))
    purposes = {**project.purposes, "marketing": spared}
    assert judge(msgspec.structs.replace(project, purposes=purposes)).refusal is None


def test_an_unknown_surface_says_what_there_is(
    company: Callable[..., Project],
    action: Make,
    alone: Callable[..., DecisionView],
    asking: Callable[..., DecisionQuery],
    shown: Callable[[Candidate], Rendered],
) -> None:
    with pytest.raises(UnknownSurface) as caught:
        decide(alone(company(action("tv"))), asking("frond"), "d1", shown)
    assert str(caught.value) == (
        "found the surface 'frond'; expected one of: front, side, app, email"
        " (did you mean 'front'?)"
    )


@pytest.mark.parametrize(
    ("members", "code"), [(2, "guard"), (MOST_MEMBERS, "guard"), (None, "guard_of_too_many")]
)
def test_a_guard_of_a_group_says_whether_anything_was_known_of_it(
    company: Callable[..., Project],
    action: Make,
    guard: Callable[..., Guard],
    alone: Callable[..., DecisionView],
    members: int | None,
    code: str,
) -> None:
    rules = Policy(guards=(guard("open case", group="household"),))
    group = GroupView(members=members, row=WideRow({"blocked": True}))
    view = alone(company(action("tv"), policy=rules))
    seen = msgspec.structs.replace(view, groups={"household": group})
    refusal = first_refusal(Candidate(*_only(seen)), seen, STAGES)
    assert refusal is not None
    assert (refusal.stage, refusal.code) == ("guards", code)


def _only(view: DecisionView) -> tuple[Action, Treatment]:
    (found,) = view.project.actions.values()
    return found, found.treatments["front"]


def test_all_members_of_a_group_are_read(
    company: Callable[..., Project],
    action: Make,
    guard: Callable[..., Guard],
    opened: Callable[[Project], AbstractContextManager[Store]],
    situated: Callable[..., DecisionView],
    told: Callable[..., None],
) -> None:
    rules = Policy(guards=(guard("open case", group="household"),))
    project = company(action("tv"), policy=rules)
    with opened(project) as store:
        for number, who in enumerate(("maija", "matti", "anna", "aino")):
            told(store, "Moved", NOON, who=who, id=f"m{number}", traits={"home": "here"})
        group = situated(store, project).groups["household"]
    assert (group.members, len(group.others)) == (4, 3)
