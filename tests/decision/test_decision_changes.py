"""The least change that would turn a refusal, stage by stage: what it names, applied, turns it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec
import pytest
from tests import builders
from tests.builders import BOOL, HERE, INTEGER, REAL, TEXT, controls

from tuttu.content import ContentError, Rendered
from tuttu.counterfactual import (
    Allowed,
    Arm,
    Change,
    ChangePart,
    ColumnSet,
    Endless,
    HigherLimit,
    Later,
    Live,
    Units,
    Worth,
    apply,
    least_change,
    subsets,
)
from tuttu.decision import Candidate, DecisionQuery, DecisionView, decide
from tuttu.policy import parse
from tuttu.storage import Store
from tuttu.vocabulary.company import Profile
from tuttu.vocabulary.library import (
    Action,
    ContactLimit,
    Guard,
    Policy,
    Suppression,
    Treatment,
)
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR, MINUTE, Condition, Schema
from tuttu.vocabulary.verdicts import Refusal

Make = Callable[..., Action]
Companies = Callable[..., Project]
Alone = Callable[..., DecisionView]
Asking = Callable[..., DecisionQuery]
Opened = Callable[[Project], AbstractContextManager[Store]]

SCHEMA = Schema(
    columns={
        "age": INTEGER,
        "job": TEXT,
        "keen": BOOL,
        "earns": BOOL,
        "chance": REAL,
    }
)


def _render(_candidate: Candidate) -> Rendered:
    return Rendered("")


def _asked(action: Action, **blocks: str) -> Action:
    """The action with one condition in each named block, or a formula."""
    made: dict[str, object] = {}
    for name, text in blocks.items():
        expression = parse(text, SCHEMA)
        block = name in {"eligible", "applicable", "suitable"}
        made[name] = (Condition(text, expression),) if block else expression
    return msgspec.structs.replace(action, **made)


def _refusal(
    view: DecisionView, question: DecisionQuery, name: str, treatment: str
) -> Refusal | None:
    receipt = decide(view, question, "d", _render)
    found = {(each.action, each.treatment): each.refusal for each in receipt.verdicts}
    return found[name, treatment]


def _least(
    view: DecisionView, question: DecisionQuery, name: str, treatment: str = "front"
) -> tuple[ChangePart, ...]:
    """The parts of the change, once it is certain that it turns the verdict and no part does."""
    assert _refusal(view, question, name, treatment) is not None
    change = least_change(view, question, (name, treatment, None), lambda _: _render)
    assert change is not None
    assert _refusal(apply(view, change), question, name, treatment) is None
    for part in subsets(change):
        assert _refusal(apply(view, part), question, name, treatment) is not None
    return change.parts


def test_who_is_chosen_needs_nothing(
    alone: Alone, company: Companies, action: Make, asking: Asking
) -> None:
    view = alone(company(action("tv")))
    assert least_change(view, asking(seed=1), ("tv", "front", None)) == Change(())


def test_a_draft_goes_live_and_what_ended_has_no_end(
    alone: Alone, company: Companies, action: Make, asking: Asking, noon: int
) -> None:
    ended = action("old", on=("side",), valid_until=noon)
    view = alone(company(action("new", status="draft"), ended))
    question = asking("front", "side", seed=1)
    assert _least(view, question, "new") == (Live(action="new", now="draft"),)
    assert _least(view, question, "old", "side") == (Endless(action="old", now=noon),)


def test_what_is_not_valid_yet_waits_for_its_first_moment(
    alone: Alone, company: Companies, action: Make, asking: Asking, noon: int
) -> None:
    view = alone(company(action("tv", valid_from=noon + 3 * DAY)))
    assert _least(view, asking(seed=1), "tv") == (Later(now=noon, would_be=noon + 3 * DAY),)


def test_conditions_are_met_by_the_nearest_values_all_at_once(
    alone: Alone, company: Companies, action: Make, asking: Asking
) -> None:
    tv = _asked(action("tv"), eligible="age BETWEEN 18 AND 60", suitable="keen OR job = 'clerk'")
    view = alone(company(tv), age=75, keen=False)
    assert _least(view, asking(seed=1), "tv") == (
        ColumnSet(name="age", now=75, would_be=60),
        ColumnSet(name="keen", now=False, would_be=True),
    )


def test_a_value_that_fits_one_condition_fits_the_others_too(
    alone: Alone, company: Companies, action: Make, asking: Asking
) -> None:
    tv = _asked(action("tv"), eligible="age >= 18", applicable="age >= 21", suitable="age <> 21")
    view = alone(company(tv), age=3)
    assert _least(view, asking(seed=1), "tv") == (ColumnSet(name="age", now=3, would_be=22),)


@pytest.fixture(scope="session")
def earning(company: Companies) -> Companies:
    """A company in which who has any job but that of a student earns."""

    def make(*actions: Action) -> Project:
        formula = parse("job <> 'student'", SCHEMA)
        traits = {
            "job": builders.trait("job", TEXT, written=True),
            "earns": builders.trait("earns", BOOL, derived=formula, segment=True),
        }
        profile = Profile(traits=traits, derived_order=("earns",))
        return msgspec.structs.replace(company(*actions), profile=profile)

    return make


def test_a_derived_trait_changes_with_what_it_is_made_of(
    alone: Alone, earning: Companies, action: Make, asking: Asking
) -> None:
    tv = _asked(action("tv"), eligible="earns", suitable="job <> 'sailor'")
    view = alone(earning(tv), job="student")
    (part,) = _least(view, asking(seed=1), "tv")
    assert isinstance(part, ColumnSet)
    assert (part.name, part.now) == ("job", "student")
    assert apply(view, Change((part,))).row["earns"] is True


def test_a_guard_is_lifted_by_its_column_and_cools_down_by_waiting(
    alone: Alone,
    company: Companies,
    action: Make,
    asking: Asking,
    guard: Callable[..., Guard],
    noon: int,
) -> None:
    for inclusive, end in ((False, noon + HOUR), (True, noon + HOUR + 1)):
        policy = Policy(
            guards=(guard("case", "case", after="solved", cooling=2 * HOUR, inclusive=inclusive),)
        )
        project = company(action("tv"), policy=policy)
        (part,) = _least(alone(project, case=True), asking(seed=1), "tv")
        assert part == ColumnSet(name="case", now=True, would_be=False)
        cooling = alone(project, case=False, solved=noon - HOUR)
        assert _least(cooling, asking(seed=1), "tv") == (Later(now=noon, would_be=end),)


def test_consent_is_given_for_the_purpose_in_the_channel(
    alone: Alone, company: Companies, action: Make, asking: Asking
) -> None:
    view = alone(company(action("tv", on=("email",))))
    assert _least(view, asking("email", seed=1), "tv", "email") == (
        Allowed(purpose="marketing", channel="email", now=False, would_be=True),
    )


def test_a_no_is_waited_out(
    opened: Opened,
    company: Companies,
    action: Make,
    asking: Asking,
    situated: Alone,
    kept: Callable[..., tuple[object, object]],
    told: Callable[..., None],
    noon: int,
) -> None:
    quiet = Suppression(name="said no", outcome="declined", window=30 * DAY, where=HERE)
    project = company(action("tv"), policy=Policy(suppressions=(quiet,)))
    with opened(project) as store:
        kept(store, project, "d1", noon)
        told(store, "Said No", noon + HOUR, contact_id="d1.1")
        view = situated(store, project, noon + DAY)
    assert _least(view, asking(seed=1), "tv") == (
        Later(now=noon + DAY, would_be=noon + HOUR + 30 * DAY),
    )


def test_a_contact_limit_is_waited_out_until_the_window_has_passed(
    opened: Opened,
    company: Companies,
    action: Make,
    asking: Asking,
    situated: Alone,
    kept: Callable[..., tuple[object, object]],
    told: Callable[..., None],
    noon: int,
) -> None:
    limit = ContactLimit(name="a day", at_most=1, window=DAY, purpose="marketing", where=HERE)
    project = company(
        action("tv"), action("radio", on=("side",)), policy=Policy(contact_limits=(limit,))
    )
    with opened(project) as store:
        kept(store, project, "d1", noon)
        told(store, "Seen", noon + MINUTE, contact_id="d1.1")
        view = situated(store, project, noon + HOUR)
    assert _least(view, asking("side", seed=1), "radio", "side") == (
        Later(now=noon + HOUR, would_be=noon + MINUTE + DAY + 1),
    )


def test_what_is_short_must_be_free(
    alone: Alone,
    company: Companies,
    action: Make,
    asking: Asking,
    treatment: Callable[..., Treatment],
) -> None:
    way = treatment("front", uses={"minutes": 8})
    view = alone(company(action("tv", on=(way,)), resources={"minutes": 5}))
    assert _least(view, asking(seed=1), "tv") == (Units(name="minutes", now=5, would_be=8),)


def test_what_cannot_be_scored_needs_the_figure_or_a_worth(
    alone: Alone, company: Companies, action: Make, asking: Asking
) -> None:
    unknown = _asked(action("tv"), propensity="chance")
    (part,) = _least(alone(company(unknown)), asking(seed=1), "tv")
    assert isinstance(part, ColumnSet)
    assert (part.name, part.now) == ("chance", None)
    modelled = action("tv", propensity=None, model="offers")
    assert _least(alone(company(modelled)), asking(seed=1), "tv") == (
        Worth(action="tv", treatment="front", now=None, would_be=1),
    )


def test_a_loser_needs_the_winners_worth_or_a_little_more(
    alone: Alone, company: Companies, action: Make, asking: Asking
) -> None:
    view = alone(company(action("a", value=4.0), action("b", value=10.0), action("c")))
    question = asking(seed=1)
    assert _least(view, question, "a") == (
        Worth(action="a", treatment="front", now=20_000, would_be=50_000),
    )
    assert _least(view, question, "c") == (
        Worth(action="c", treatment="front", now=50_000, would_be=50_001),
    )


def test_a_loser_whose_own_figures_can_win_needs_them(
    alone: Alone, company: Companies, action: Make, asking: Asking
) -> None:
    tv = _asked(action("tv"), propensity="CASE WHEN keen THEN 0.9 ELSE 0.1 END")
    view = alone(company(tv, action("radio")), keen=False)
    assert _least(view, asking(seed=1), "tv") == (ColumnSet(name="keen", now=False, would_be=True),)


def test_what_is_worth_nothing_must_be_worth_a_little(
    alone: Alone, company: Companies, action: Make, asking: Asking
) -> None:
    view = alone(company(action("tv", value=-3.0)))
    assert _least(view, asking(seed=1), "tv") == (
        Worth(action="tv", treatment="front", now=-15_000, would_be=1),
    )


@pytest.mark.parametrize("arm", ["no_marketing", "random_choice", "propensity_only"])
def test_chance_is_a_part_like_any_other(
    alone: Alone, company: Companies, action: Make, asking: Asking, arm: str
) -> None:
    arms = controls(**{arm: 1.0})
    best = action("best", value=100.0, propensity=0.1)
    project = company(best, action("other", value=1.0), policy=Policy(controls=arms))
    view = alone(project)
    question = next(
        asked
        for asked in (asking(seed=seed) for seed in range(50))
        if _refusal(view, asked, "best", "front") is not None
    )
    assert _least(view, question, "best") == (Arm(now=arm, would_be="policy"),)


def test_a_kept_offer_gives_its_slot_up_when_its_time_has_passed(
    opened: Opened,
    company: Companies,
    action: Make,
    asking: Asking,
    situated: Alone,
    treatment: Callable[..., Treatment],
    kept: Callable[..., tuple[object, object]],
    told: Callable[..., None],
    noon: int,
) -> None:
    held = action("held", value=1.0, on=(treatment("front", holds=7 * DAY),))
    project = company(held, action("better", valid_from=noon + HOUR))
    with opened(project) as store:
        kept(store, project, "d1", noon)
        told(store, "Seen", noon + MINUTE, contact_id="d1.1")
        view = situated(store, project, noon + DAY)
    assert _least(view, asking(seed=1), "better") == (
        Later(now=noon + DAY, would_be=noon + MINUTE + 7 * DAY),
    )


def test_what_stands_in_for_the_blocked_gives_way_when_the_guard_does(
    alone: Alone,
    company: Companies,
    action: Make,
    asking: Asking,
    guard: Callable[..., Guard],
) -> None:
    policy = Policy(guards=(guard("case", "case", instead="news"),))
    news = action("news", purpose="service", value=1.0)
    bill = action("bill", purpose="service", value=2.0)
    view = alone(company(action("tv", value=1.5), news, bill, policy=policy), case=True)
    assert _least(view, asking(seed=1), "bill") == (
        ColumnSet(name="case", now=True, would_be=False),
    )


def test_an_action_has_one_place_and_gets_the_other_if_the_first_is_closed(
    alone: Alone, company: Companies, action: Make, asking: Asking
) -> None:
    view = alone(company(action("tv", on=("front", "app"))))
    assert _least(view, asking("front", "app", seed=1), "tv", "app") == (
        Allowed(purpose="marketing", channel="web", now=True, would_be=False),
    )


def test_a_limit_that_the_slots_before_have_filled_must_bear_more(
    alone: Alone, company: Companies, action: Make, asking: Asking
) -> None:
    limit = ContactLimit(name="a day", at_most=1, window=DAY, where=HERE)
    project = company(
        action("first", value=50.0, on=("front",)),
        action("next", on=("app",)),
        policy=Policy(contact_limits=(limit,)),
    )
    assert _least(alone(project), asking("front", "app", seed=1), "next", "app") == (
        HigherLimit(name="a day", now=1, would_be=2),
    )


def test_where_nothing_helps_it_says_so(
    alone: Alone, company: Companies, action: Make, asking: Asking
) -> None:
    never = _asked(action("never"), eligible="age > 3 AND age < 3")
    view = alone(company(never, action("tv")), age=1)
    assert least_change(view, asking(seed=1), ("never", "front", None)) is None

    def broken(candidate: Candidate) -> Rendered:
        raise ContentError(f"{candidate.action.name}: no first name")

    assert least_change(view, asking(seed=1), ("tv", "front", None), lambda _: broken) is None
    no_slot = asking(seed=1, slots={"front": 0})
    assert least_change(view, no_slot, ("tv", "front", None)) is None


def test_asking_what_would_change_leaves_the_snapshot_as_it_was(
    alone: Alone, company: Companies, action: Make, asking: Asking
) -> None:
    tv = _asked(action("tv"), eligible="age >= 18")
    view = alone(company(tv), age=3)
    before = (dict(view.row), view.now, view.project, view.consents)
    assert _least(view, asking(seed=1), "tv")
    assert (dict(view.row), view.now, view.project, view.consents) == before
