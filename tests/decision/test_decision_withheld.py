"""The arm without marketing: the policy's contest to its end, then the gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import HERE, controls

from tuttu.content import ContentError, Rendered
from tuttu.decision import Candidate, DecisionQuery, DecisionView, decide
from tuttu.vocabulary.library import Action, ContactLimit, Policy
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY
from tuttu.vocabulary.verdicts import Choice, Receipt

pytestmark = pytest.mark.laws

Make = Callable[..., Action]
Companies = Callable[..., Project]
Alone = Callable[..., DecisionView]
Asking = Callable[..., DecisionQuery]
Render = Callable[[Candidate], Rendered]

SURFACES = ("front", "side", "app")
SLOTS = {"front": 1, "side": 2, "app": 2}
MOST_OF_A_GROUP = {"app": 1}

_drawn = st.fixed_dictionaries(
    {
        "purpose": st.sampled_from(["marketing", "service"]),
        "issue_group": st.sampled_from(["growth", "care"]),
        "value": st.sampled_from([1.0, 2.0, 3.0, 3.0, 50.0]),
        "on": st.lists(st.sampled_from(SURFACES), min_size=1, max_size=3, unique=True).map(tuple),
    }
)
_actions = st.lists(_drawn, min_size=1, max_size=7)


@pytest.fixture
def both(
    company: Companies, action: Make, alone: Alone, asking: Asking
) -> Callable[..., tuple[Project, Receipt, Receipt]]:
    """both(drawn actions, seed, exploration, broken): the project, and the receipts of one customer
    in the policy's arm and in the one without marketing."""

    def make(
        drawn: Sequence[Mapping[str, object]], seed: int, exploration: float, broken: str = ""
    ) -> tuple[Project, Receipt, Receipt]:
        def render(candidate: Candidate) -> Rendered:
            if candidate.action.name == broken:
                raise ContentError("no first name")
            return Rendered(candidate.action.name)

        actions = [action(f"a{number}", **each) for number, each in enumerate(drawn)]
        project = company(*actions, policy=Policy(controls=controls(exploration)))
        view = alone(project)
        asked = asking(*SURFACES, seed=seed)
        held_out = msgspec.structs.replace(view, arm="no_marketing")
        return project, decide(view, asked, "d", render), decide(held_out, asked, "d", render)

    return make


def _by_slot(choices: Sequence[Choice]) -> dict[tuple[str, int], Choice]:
    return {(each.surface, each.slot): each for each in choices}


@given(
    drawn=_actions,
    seed=st.integers(0, 99),
    exploration=st.sampled_from([0.0, 0.4]),
    broken=st.sampled_from(["", "a0", "a1"]),
)
def test_what_is_withheld_is_what_would_have_been_shown(
    both: Callable[..., tuple[Project, Receipt, Receipt]],
    drawn: list[dict[str, object]],
    seed: int,
    exploration: float,
    broken: str,
) -> None:
    """And nothing of marketing is shown, and everything else that won is where it was."""
    project, policy, arm = both(drawn, seed, exploration, broken)
    shown, held = _by_slot(arm.choices), _by_slot(arm.withheld)
    for slot, would in _by_slot(policy.choices).items():
        if project.actions[would.action].purpose == "marketing":
            assert held[slot] == msgspec.structs.replace(
                would, contact_id=f"{would.contact_id}.withheld"
            )
        else:
            assert shown[slot] == would
    assert held.keys() <= _by_slot(policy.choices).keys()
    assert {project.actions[each.action].purpose for each in arm.choices} <= {"service"}
    codes = {
        (each.action, each.treatment): each.refusal.code for each in arm.verdicts if each.refusal
    }
    assert {codes[each.action, each.treatment] for each in arm.withheld} <= {"control_group"}


@given(drawn=_actions, broken=st.sampled_from(["", "a0", "a1"]))
def test_each_gap_has_the_best_that_is_left_of_other_purposes(
    both: Callable[..., tuple[Project, Receipt, Receipt]],
    drawn: list[dict[str, object]],
    broken: str,
) -> None:
    """In order, with variety counted without what is withheld: worked out again by hand."""
    project, policy, arm = both(drawn, 1, 0.0, broken)
    kept = {
        slot: each.action
        for slot, each in _by_slot(policy.choices).items()
        if project.actions[each.action].purpose == "service"
    }
    groups = Counter((slot[0], project.actions[name].issue_group) for slot, name in kept.items())
    if len(kept) < len(policy.choices):
        for slot in ((name, place) for name in SURFACES for place in range(SLOTS[name])):
            left = [
                each
                for each in project.actions.values()
                if each.purpose == "service"
                and each.name not in (*kept.values(), broken)
                and slot[0] in each.treatments
                and groups[slot[0], each.issue_group] < MOST_OF_A_GROUP.get(slot[0], 9)
            ]
            if slot not in kept and left:
                best = min(left, key=lambda each: (-(each.value({}) or 0), each.name))  # type: ignore[operator]
                kept[slot] = best.name
                groups[slot[0], best.issue_group] += 1
    assert {slot: each.action for slot, each in _by_slot(arm.choices).items()} == kept
    filled = [
        each for slot, each in _by_slot(arm.choices).items() if slot in _by_slot(arm.withheld)
    ]
    assert {each.probability for each in filled} <= {1.0}


def test_a_limit_is_counted_without_what_is_withheld(
    company: Companies, action: Make, alone: Alone, asking: Asking, shown: Render
) -> None:
    """Two contacts a day: one is of service, and by the policy marketing takes the other one."""
    once = ContactLimit(name="two a day", at_most=2, window=DAY, where=HERE)
    hello = action("hello", purpose="service", on=("front",))
    tv = action("tv", value=99.0, on=("side",))
    news = action("news", purpose="service", on=("side",))
    arms = controls(no_marketing=1.0)
    project = company(hello, tv, news, policy=Policy(contact_limits=(once,), controls=arms))
    counted = msgspec.structs.replace(project.purposes["service"], skips=frozenset())
    project = msgspec.structs.replace(project, purposes={**project.purposes, "service": counted})
    view = alone(project)
    by_policy = decide(
        msgspec.structs.replace(view, arm="policy"), asking("front", "side"), "d", shown
    )
    held_out = decide(view, asking("front", "side"), "d", shown)
    assert [each.action for each in by_policy.choices] == ["hello", "tv"]
    assert [(each.action, each.slot) for each in held_out.withheld] == [("tv", 0)]
    assert [each.action for each in held_out.choices] == ["hello", "news"]
    assert [each.action for each in held_out.contacts] == ["hello", "news"]
    assert held_out.defaults.keys() == {"side"}
