"""Chance: recorded probabilities are the true ones, in every arm, and arms are disjoint shares."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import controls, in_words

from tuttu.content import ContentError, Rendered
from tuttu.decision import Candidate, DecisionQuery, DecisionView, decide
from tuttu.decision.chance import arm_of, draw, pick, seed_of
from tuttu.vocabulary.library import USUAL_ARMS, Action, ControlArm, Controls, Policy
from tuttu.vocabulary.project import Project

pytestmark = pytest.mark.laws

Make = Callable[..., Action]
Companies = Callable[..., Project]
Alone = Callable[..., DecisionView]
Asking = Callable[..., DecisionQuery]
Render = Callable[[Candidate], Rendered]
Scale = Callable[[int, int], int]

SIGMAS = 4
ENOUGH = 2.0
"""Standard deviations in choices below which a count is too small to be judged by them."""
ARMS = ("policy", "no_marketing", "random_choice", "propensity_only")


def _controls(arm: str, exploration: float) -> Controls:
    return controls(exploration, **({} if arm == "policy" else {arm: 1.0}))


def _offers(action: Make, service: float) -> list[Action]:
    """Marketing of growing worth and falling propensity, and service of the given value."""
    shares = ((10.0, 0.5), (20.0, 0.4), (30.0, 0.3), (0.1, 0.9))
    marketing = [
        action(f"offer-{number}", value=value, propensity=share, on=("front", "side"))
        for number, (value, share) in enumerate(shares)
    ]
    news = action("news", purpose="service", value=service, on=("front", "side"))
    tips = action("tips", purpose="service", value=0.0, on=("front",), propensity=0.95)
    broken = action("broken", value=25.0, on=("front", "side"))
    return [*marketing, news, tips, broken]


def _render(candidate: Candidate) -> Rendered:
    if candidate.action.name == "broken":
        raise ContentError("no first name")
    return Rendered(f"{candidate.action.name} on {candidate.treatment.name}")


Drawn = tuple[str, str]
"""Names of action and treatment."""


def _as_drawn(view: DecisionView, query: DecisionQuery) -> list[tuple[Drawn, float | None]]:
    """All that were drawn, and then what filled the gaps, each with its probability; None: the
    message failed. Nobody else is rendered, and nobody twice."""
    drawn: list[Drawn] = []

    def render(candidate: Candidate) -> Rendered:
        drawn.append((candidate.action.name, candidate.treatment.name))
        return _render(candidate)

    receipt = decide(view, query, "d1", render)
    stated = {
        (each.action, each.treatment): each.probability
        for each in (*receipt.choices, *receipt.withheld)
    }
    assert len(drawn) == len(stated) + len(receipt.failed) == len(set(drawn))
    return [(each, stated.get(each)) for each in drawn]


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("exploration", [0.0, 0.3])
@pytest.mark.parametrize("service", [1.0, 100.0])
def test_each_choice_comes_as_often_as_its_probability_says(
    company: Companies,
    action: Make,
    alone: Alone,
    asking: Asking,
    scale: Scale,
    arm: str,
    exploration: float,
    service: float,
) -> None:
    """Slot by slot, given the slots before it and who was drawn for it and failed, then gap by gap:
    for every history, over all seeds."""
    policy = Policy(controls=_controls(arm, exploration))
    view = alone(company(*_offers(action, service), policy=policy))
    assert view.arm == arm
    seeds = scale(1_500, 10_000)
    counts: dict[tuple[object, ...], Counter[object]] = defaultdict(Counter)
    stated: dict[tuple[object, ...], dict[object, set[float]]] = defaultdict(dict)
    failed = 0
    for seed in range(seeds):
        before: tuple[object, ...] = ()
        for drawn, probability in _as_drawn(view, asking("front", "side", seed=seed)):
            counts[before][drawn] += 1
            if probability is None:
                failed += 1
            else:
                stated[before].setdefault(drawn, set()).add(probability)
            before = (*before, drawn)
    checked = 0
    for before, found in counts.items():
        trials = found.total()
        assert sum(next(iter(p)) for p in stated[before].values()) <= 1 + 1e-9
        for name, probabilities in stated[before].items():
            times = found[name]
            (probability,) = probabilities
            assert 0 < probability <= 1
            deviation = math.sqrt(trials * probability * (1 - probability))
            if probability == 1 or deviation >= ENOUGH:
                checked += times
                assert abs(times - trials * probability) <= SIGMAS * deviation, (before, name)
    assert checked > 0.8 * (sum(found.total() for found in counts.values()) - failed)


def test_over_ten_thousand_seeds_the_shares_of_exploration_come_true(
    company: Companies, action: Make, alone: Alone, asking: Asking, shown: Render
) -> None:
    offers = [action(f"offer-{number}", value=float(number + 1)) for number in range(4)]
    view = alone(company(*offers, policy=Policy(controls=controls(exploration=0.2))))
    seeds = 10_000
    counts: Counter[tuple[str, float]] = Counter()
    for seed in range(seeds):
        (choice,) = decide(view, asking(seed=seed), "d1", shown).choices
        counts[choice.action, choice.probability] += 1
    assert len(counts) == 4
    for (name, probability), times in counts.items():
        deviation = math.sqrt(seeds * probability * (1 - probability))
        assert abs(times - seeds * probability) <= SIGMAS * deviation, name


def test_exploration_gives_the_best_its_share_and_the_others_theirs(
    company: Companies, action: Make, alone: Alone, asking: Asking, shown: Render
) -> None:
    offers = [action(f"offer-{number}", value=float(number + 1)) for number in range(4)]
    project = company(*offers, policy=Policy(controls=controls(exploration=0.2)))
    view = alone(project)
    seen = {
        (choice.action, choice.probability)
        for seed in range(400)
        for choice in decide(view, asking(seed=seed), "d1", shown).choices
    }
    assert seen == {
        ("offer-3", 0.8 + 0.2 / 4),
        ("offer-2", 0.2 / 4),
        ("offer-1", 0.2 / 4),
        ("offer-0", 0.2 / 4),
    }


def test_a_random_loss_is_said_so(
    company: Companies, action: Make, alone: Alone, asking: Asking, shown: Render
) -> None:
    policy = Policy(controls=controls(random_choice=1.0))
    project = company(action("a"), action("b", value=99.0), policy=policy)
    view = alone(project)
    reasons = {
        in_words(each.refusal)
        for seed in range(20)
        for each in decide(view, asking(seed=seed), "d1", shown).verdicts
        if each.refusal
    }
    assert reasons == {"b lost to a in a random draw", "a lost to b in a random draw"}


def test_propensity_alone_ranks_in_its_arm(
    company: Companies, action: Make, alone: Alone, asking: Asking, shown: Render
) -> None:
    offers = (action("dear", value=99.0, propensity=0.1), action("likely", propensity=0.6))
    project = company(*offers, policy=Policy(controls=controls(propensity_only=1.0)))
    receipt = decide(alone(project), asking(), "d1", shown)
    assert [each.action for each in receipt.choices] == ["likely"]
    assert [in_words(each.refusal) for each in receipt.verdicts if each.refusal] == [
        "dear lost to likely by a propensity of 0.5"
    ]


@pytest.mark.parametrize("arm", ARMS)
def test_service_is_never_held_out(
    company: Companies, action: Make, alone: Alone, asking: Asking, shown: Render, arm: str
) -> None:
    """Where service wins by the policy, it wins in every arm, for certain."""
    offers = (action("news", purpose="service", value=100.0), action("tv"), action("net"))
    project = company(*offers, policy=Policy(controls=_controls(arm, 0.0)))
    view = alone(project)
    for seed in range(50):
        receipt = decide(view, asking(seed=seed), "d1", shown)
        assert [(each.action, each.probability) for each in receipt.choices] == [("news", 1.0)]
        assert receipt.withheld == ()


def test_the_same_seed_gives_the_same_decision_and_the_id_makes_the_seed(
    company: Companies, action: Make, alone: Alone, asking: Asking, shown: Render
) -> None:
    policy = Policy(controls=controls(exploration=0.5))
    view = alone(company(*_offers(action, 1.0), policy=policy))
    one, other = (decide(view, asking("side"), "d1", shown) for _ in range(2))
    assert one == other
    assert one.seed == seed_of("tuttu", "d1")
    told = decide(view, asking("side", seed=one.seed), "d1", shown)
    assert told == one
    seeds = {decide(view, asking("side"), f"d{n}", shown).seed for n in range(50)}
    assert len(seeds) == 50


def _people(number: int) -> list[bytes]:
    return [each.to_bytes(16, "big") for each in range(number)]


def test_arms_are_slices_of_one_circle_that_do_not_meet() -> None:
    sliced = controls(no_marketing=0.2, random_choice=0.1, propensity_only=0.05)
    people = _people(20_000)
    arms = Counter(arm_of(sliced, each) for each in people)
    shares = {"no_marketing": 0.2, "random_choice": 0.1, "propensity_only": 0.05, "policy": 0.65}
    assert set(arms) == set(shares)
    for arm, share in shares.items():
        deviation = math.sqrt(len(people) * share * (1 - share))
        assert abs(arms[arm] - len(people) * share) <= SIGMAS * deviation
    assert {arm_of(Controls(), each) for each in people[:100]} == {"policy"}
    salted = msgspec.structs.replace(sliced, salt="another")
    assert sum(arm_of(sliced, each) != arm_of(salted, each) for each in people[:1_000]) > 100


_parts = st.fractions(min_value=0, max_value=1, max_denominator=50)
_arm = st.builds(ControlArm, _parts, _parts.map(lambda part: part % 1))


_fills = st.tuples(st.integers(1, 9), _parts, _parts)
"""Room on the circle, in parts of all, and how much of it a slice takes before and after."""


@given(fills=st.tuples(_fills, _fills, _fills), first=_parts, raised=st.integers(0, 2))
def test_raising_a_share_moves_nobody_between_other_arms(
    fills: tuple[tuple[int, Fraction, Fraction], ...], first: Fraction, raised: int
) -> None:
    """Each arm begins where the room of the one before it ends."""
    total, start = sum(room for room, _, _ in fills), first
    before, after = {}, {}
    for number, (name, (room, some, more)) in enumerate(zip(USUAL_ARMS, fills, strict=True)):
        width = Fraction(room, total)
        least, most = sorted([some, more])
        before[name] = ControlArm(least * width, start % 1)
        after[name] = ControlArm((most if number == raised else least) * width, start % 1)
        start += width
    for arms in (before, after):
        assert not any(one.meets(other) for one, other in combinations(arms.values(), 2))
    one, other = Controls(arms=before), Controls(arms=after)
    for each in _people(200):
        was, now = arm_of(one, each), arm_of(other, each)
        assert now == was or (was, now) == ("policy", list(USUAL_ARMS)[raised])


@given(one=_arm, other=_arm)
def test_slices_meet_where_some_place_is_in_both(one: ControlArm, other: ControlArm) -> None:
    places = {Fraction(n, 2_500) for n in range(2_500)} | {one.start, other.start}
    shared = any(one.has(place) and other.has(place) for place in places)
    assert one.meets(other) == other.meets(one) == shared


def test_slices_that_touch_have_nobody_in_common() -> None:
    one, other = (
        ControlArm(Fraction(3, 10), Fraction(0)),
        ControlArm(Fraction(1, 10), Fraction(3, 10)),
    )
    assert not one.meets(other)
    assert not one.has(other.start)


def test_a_draw_is_even_and_slots_are_independent() -> None:
    firsts, seconds = ([draw(seed, slot) for seed in range(20_000)] for slot in (1, 2))
    for numbers in (firsts, seconds):
        assert all(0 <= number < 1 for number in numbers)
        assert abs(sum(numbers) / len(numbers) - 0.5) < SIGMAS * math.sqrt(1 / 12 / len(numbers))
    both = sum(one < 0.5 and two < 0.5 for one, two in zip(firsts, seconds, strict=True))
    assert abs(both - 5_000) <= SIGMAS * math.sqrt(20_000 * 0.25 * 0.75)


@pytest.mark.parametrize(
    ("number", "index"), [(0.0, 1), (0.29, 1), (0.3, 2), (0.999, 2), (0.9999999999999999, 2)]
)
def test_a_pick_never_falls_on_what_cannot_be(number: float, index: int) -> None:
    assert pick((0.0, 0.3, 0.6999999999999999, 0.0), number) == index
