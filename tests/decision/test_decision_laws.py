"""Laws over generated companies and customers: one first stage each, explain tells the same, no
cap is broken, and asking changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

import msgspec
import pytest
from hypothesis import event as note
from hypothesis import given
from hypothesis import strategies as st
from tests import builders
from tests.builders import HERE, controls
from tests.decision import by_definition

from tuttu import decision
from tuttu.content import ContentError, Rendered
from tuttu.counterfactual import Change, Later, Units, apply, least_change, subsets
from tuttu.decision import (
    STAGE_NAMES,
    Candidate,
    DecisionQuery,
    DecisionView,
    decide,
    explain,
    explain_again,
    recalled,
)
from tuttu.decision.deciding import judge
from tuttu.decision.stages.guards import Substitute
from tuttu.ledger import ROOM, resource_state
from tuttu.storage import Store
from tuttu.vocabulary.facts import Committed, Result
from tuttu.vocabulary.library import (
    Action,
    ContactLimit,
    Guard,
    Policy,
    Suppression,
    Treatment,
)
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR, MINUTE
from tuttu.vocabulary.verdicts import Choice, Receipt, Verdict

pytestmark = pytest.mark.laws

Make = Callable[..., Action]
Companies = Callable[..., Project]
Opened = Callable[[Project], AbstractContextManager[Store]]
Asking = Callable[..., DecisionQuery]
Render = Callable[[Candidate], Rendered]
Kept = Callable[..., tuple[Receipt, Result]]

FLAGS = ("one", "two", "three")
SURFACES = ("front", "side", "app", "email")
ORDER = list(STAGE_NAMES)

_flags = st.fixed_dictionaries({name: st.sampled_from([True, True, False, None]) for name in FLAGS})
_blocks = st.lists(st.sampled_from(FLAGS), max_size=1).map(tuple)
_drawn_action = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["live"] * 6 + ["draft", "paused", "retired"]),
        "purpose": st.sampled_from(["marketing", "marketing", "service"]),
        "issue_group": st.sampled_from(["growth", "care"]),
        "eligible": _blocks,
        "applicable": _blocks,
        "suitable": _blocks,
        "value": st.sampled_from([10.0, 20.0, 0.0, -5.0, 5.0]),
        "propensity": st.sampled_from([0.5, 0.1, 1.0, 2.0, None]),
        "surfaces": st.lists(st.sampled_from(SURFACES), min_size=1, max_size=3, unique=True),
        "units": st.integers(min_value=0, max_value=2),
        "holds": st.sampled_from([None, None, 2 * DAY]),
    }
)
_policy = st.builds(
    lambda exploration, arm, at_most, instead: (exploration, arm, at_most, instead),
    st.sampled_from([0.0, 0.2]),
    st.sampled_from(["", "", "no_marketing", "random_choice", "propensity_only"]),
    st.integers(min_value=1, max_value=3),
    st.booleans(),
)
_steps = st.lists(
    st.tuples(
        st.integers(min_value=1, max_value=600),
        st.sampled_from(["maija", "anna"]),
        st.lists(st.sampled_from(SURFACES), min_size=1, max_size=3),
        st.sampled_from([None, "Seen", "Seen", "Clicked", "Said No"]),
        st.integers(min_value=0, max_value=28),
    ),
    min_size=1,
    max_size=8,
)
Drawn = Mapping[str, object]
Steps = Sequence[tuple[int, str, list[str], str | None, int]]


def _limits(at_most: int) -> tuple[ContactLimit, ...]:
    return (
        ContactLimit(name="a day", at_most=at_most, window=DAY, purpose="marketing", where=HERE),
        ContactLimit(name="a home", at_most=at_most + 1, window=DAY, group="household", where=HERE),
    )


def _suppressions() -> tuple[Suppression, ...]:
    return (
        Suppression(name="said no", outcome="declined", window=DAY, where=HERE),
        Suppression(
            name="tired", outcome="viewed", times=3, window=DAY, scope="purpose", where=HERE
        ),
    )


@pytest.fixture(scope="session")
def grown(
    company: Companies,
    action: Make,
    guard: Callable[..., Guard],
    treatment: Callable[..., Treatment],
) -> Callable[..., Project]:
    """grown(drawn actions, drawn policy): a company out of them."""

    def make(drawn: Sequence[Drawn], policy: tuple[float, str, int, bool]) -> Project:
        exploration, arm, at_most, instead = policy
        actions = []
        for number, each in enumerate(drawn):
            parts = dict(each)
            surfaces, units, holds = (parts.pop(n) for n in ("surfaces", "units", "holds"))
            assert isinstance(surfaces, list)
            uses = {"vouchers": units} if units else {}
            ways = tuple(treatment(name, uses=uses, holds=holds) for name in surfaces)
            actions.append(action(f"a{number}", on=ways, **parts))
        return company(
            *actions,
            resources={"vouchers": 3},
            policy=Policy(
                guards=(guard("closed", "three", instead="a0" if instead else None),),
                contact_limits=_limits(at_most),
                suppressions=_suppressions(),
                controls=controls(exploration, **({arm: 1.0} if arm else {})),
            ),
        )

    return make


def _render(candidate: Candidate) -> Rendered:
    if candidate.action.name == "a3" and candidate.treatment.surface == "side":
        raise ContentError("no first name")
    return Rendered(candidate.action.name)


_actions = st.lists(_drawn_action, min_size=1, max_size=7)


@given(drawn=_actions, policy=_policy, flags=_flags, steps=_steps)
def test_every_candidate_is_chosen_or_refused_by_one_first_stage(
    grown: Callable[..., Project],
    opened: Opened,
    situated: Callable[..., DecisionView],
    asking: Asking,
    told: Callable[..., None],
    kept: Kept,
    noon: int,
    drawn: Sequence[Drawn],
    policy: tuple[float, str, int, bool],
    flags: dict[str, bool | None],
    steps: Steps,
) -> None:
    project = grown(drawn, policy)
    with opened(project) as store:
        now = _lived(store, project, kept, told, noon, steps, flags)
        question = asking("side", "front", "email", "app", seed=1)
        view = situated(store, project, now, **flags)
        other = situated(store, project, now, who="anna", **flags)
        shaded = msgspec.structs.replace(view, shade=other)
        receipt = decide(view, question, "d", _render)
        told_more = explain(view, question, "d", _render)
    _check_candidates(project, receipt)
    assert not builders.bits_unlike_reasons(view, question)
    assert not builders.bits_unlike_reasons(shaded, question)
    by_definition.check_rankings(view, question)
    by_definition.check_rankings(view, question, [Substitute("a1"), Substitute("a0")])
    by_definition.check_obstacles(judge(view, question, "d", _render).arbitration)
    _check_kept(project, receipt)
    assert receipt.evidence is not None
    again = recalled(receipt, receipt.evidence, project)
    assert not builders.bits_unlike_reasons(again, question)
    _check_slots(project, receipt)
    _check_explanation(receipt, told_more)
    for verdict in receipt.verdicts:
        note(verdict.refusal.stage if verdict.refusal else "chosen")


def _check_kept(project: Project, receipt: Receipt) -> None:
    """What a receipt is kept without is worked out again; without its rules, who was refused
    where."""
    stored = msgspec.msgpack.encode(msgspec.structs.replace(receipt, verdicts=()))
    kept = msgspec.msgpack.decode(stored, type=Receipt)
    assert decision.told(kept, project).verdicts == receipt.verdicts
    by_order = decision.told_by_order(kept, decision.judged_ways(project)).verdicts
    assert [_stage_of(each) for each in by_order] == [_stage_of(each) for each in receipt.verdicts]


def _stage_of(verdict: Verdict) -> tuple[str, str, str | None]:
    """Slots and controls are arbitration's to the bits: who passed them all is no more told."""
    stage = None if verdict.refusal is None else verdict.refusal.stage
    return verdict.action, verdict.treatment, "arbitration" if stage == "controls" else stage


def _check_candidates(project: Project, receipt: Receipt) -> None:
    """Candidates = chosen + refused, each once."""
    candidates = {
        (action.name, treatment.name)
        for action in project.actions.values()
        for treatment in action.treatments.values()
        if action.status != "retired"
    }
    judged = Counter((each.action, each.treatment) for each in receipt.verdicts)
    assert set(judged) == candidates
    assert set(judged.values()) <= {1}
    chosen = [(each.action, each.treatment) for each in receipt.choices]
    passed = [(v.action, v.treatment) for v in receipt.verdicts if v.refusal is None]
    assert sorted(chosen) == sorted(passed)
    assert all(verdict.refusal is None or verdict.refusal.code for verdict in receipt.verdicts)
    withheld = [(each.action, each.treatment) for each in receipt.withheld]
    controlled = [
        (v.action, v.treatment)
        for v in receipt.verdicts
        if v.refusal is not None and v.refusal.stage == "controls"
    ]
    assert sorted(withheld) == sorted(controlled)


def _check_slots(project: Project, receipt: Receipt) -> None:
    placed = [each.action for each in receipt.choices] + [each.action for each in receipt.withheld]
    assert len(set(placed)) == len(placed)
    filled = Counter(each.surface for each in receipt.choices)
    for name, surface in project.surfaces.items():
        assert filled[name] <= surface.slots
        assert (name in receipt.defaults) is (filled[name] < surface.slots)
    assert all(0 < each.probability <= 1 + 1e-9 for each in receipt.choices)
    new = [each.contact_id for each in receipt.choices if not each.reused]
    assert new == [each.id for each in receipt.contacts]


def _check_explanation(receipt: Receipt, told: Receipt) -> None:
    assert told.contacts == ()
    assert [each.refusal for each in told.verdicts] == [each.refusal for each in receipt.verdicts]
    assert told.choices == receipt.choices
    for verdict in told.verdicts:
        if verdict.refusal is None:
            assert verdict.all_refusals == ()
            continue
        assert verdict.all_refusals[0] == verdict.refusal
        stages = [ORDER.index(each.stage) for each in verdict.all_refusals]
        assert stages == sorted(set(stages))


def _lived(
    store: Store,
    project: Project,
    kept: Kept,
    told: Callable[..., None],
    now: int,
    steps: Steps,
    flags: Mapping[str, bool | None],
) -> int:
    """Decisions and answers of two people in one home; ends at the time of the last one."""
    for who in ("maija", "anna"):
        told(store, "Identify", now - HOUR, who=who, traits={"home": "Oulu"})
    due: list[tuple[int, str, str, str]] = []
    for number, (minutes, who, surfaces, answer, after) in enumerate(steps):
        now += minutes * MINUTE
        for at, name, whose, contact_id in [each for each in due if each[0] <= now]:
            told(store, name, at, who=whose, contact_id=contact_id)
        due = [each for each in due if each[0] > now]
        receipt, result = kept(store, project, f"s{number}", now, *surfaces, who=who, **flags)
        assert isinstance(result, Committed)
        if answer is not None:
            at = now + after * MINUTE
            due += [(at, answer, who, each.contact_id) for each in receipt.choices]
    return now


class Tally:
    """What counts as a marketing contact, counted apart from the ledger.

    Inbound, a showing is of an action on a day: the first view of a contact counts on the day of
    its decision, a view on a later day is another one.
    """

    def __init__(self) -> None:
        self.sent: list[tuple[int, str, tuple[str, ...]]] = []
        self._made: dict[str, int] = {}
        self._views: dict[str, list[tuple[int, str, str]]] = {}

    def shows(self, choice: Choice, now: int, seen_at: int, who: str) -> None:
        self._made.setdefault(choice.contact_id, _day(now))
        self._views.setdefault(choice.contact_id, []).append((seen_at, who, choice.action))

    def decides(self, choice: Choice, now: int) -> None:
        self._made.setdefault(choice.contact_id, _day(now))

    def counted(self) -> list[tuple[int, str, tuple[str, ...]]]:
        found = list(self.sent)
        for contact_id, views in self._views.items():
            made, first = self._made[contact_id], _day(min(views)[0])
            for number, (at, who, action) in enumerate(sorted(views)):
                day = made if number == 0 or _day(at) in (made, first) else _day(at)
                found.append((at, who, (action, str(day))))
        return found


def _day(instant: int) -> int:
    """The calendar date in Helsinki in March, two hours ahead of UTC."""
    return (instant + 2 * HOUR) // DAY


@given(drawn=_actions, policy=_policy, steps=_steps)
def test_no_cap_is_broken_by_what_is_decided_and_seen_in_time(
    grown: Callable[..., Project],
    opened: Opened,
    told: Callable[..., None],
    kept: Kept,
    noon: int,
    drawn: Sequence[Drawn],
    policy: tuple[float, str, int, bool],
    steps: Steps,
) -> None:
    """Every outbound contact, and every inbound one that was seen, against a count of its own."""
    project = grown(drawn, policy)
    flags = dict.fromkeys(FLAGS, True) | {"three": False}
    tally, now, due = Tally(), noon, list[tuple[int, str, str]]()
    with opened(project) as store:
        for who in ("maija", "anna"):
            told(store, "Identify", noon - HOUR, who=who, traits={"home": "Oulu"})
        for number, (minutes, who, surfaces, answer, after) in enumerate([*steps, *steps, *steps]):
            now += minutes * MINUTE
            for at, whose, contact_id in sorted(each for each in due if each[0] <= now):
                told(store, "Seen", at, who=whose, contact_id=contact_id)
            due = [each for each in due if each[0] > now]
            receipt, _ = kept(store, project, f"s{number}", now, *surfaces, who=who, **flags)
            for choice in receipt.choices:
                if project.actions[choice.action].purpose != "marketing":
                    continue
                tally.decides(choice, now)
                seen_at = now + after * MINUTE
                if project.surfaces[choice.surface].outbound:
                    tally.sent.append((now, who, (choice.contact_id,)))
                elif answer is not None and seen_at < (choice.held_until or 0):
                    due.append((seen_at, who, choice.contact_id))
                    tally.shows(choice, now, seen_at, who)
            with store.read() as snapshot:
                vouchers = resource_state(snapshot, project, "vouchers", now)
            assert vouchers.used + vouchers.held <= vouchers.amount
    at_most, counted = policy[2], tally.counted()
    for end, *_ in counted:
        inside = {(who, key) for at, who, key in counted if end - DAY <= at <= end}
        assert len({each for each in inside if each[0] == "maija"}) <= at_most
        assert len({each for each in inside if each[0] == "anna"}) <= at_most
        assert len(inside) <= at_most + 1


@given(drawn=_actions, policy=_policy, flags=_flags)
def test_asking_changes_nothing(
    grown: Callable[..., Project],
    opened: Opened,
    situated: Callable[..., DecisionView],
    asking: Asking,
    noon: int,
    drawn: Sequence[Drawn],
    policy: tuple[float, str, int, bool],
    flags: dict[str, bool | None],
) -> None:
    project = grown(drawn, policy)
    with opened(project) as store:
        view = situated(store, project, noon, **flags)
        first, second = (decide(view, asking(*SURFACES, seed=7), "d", _render) for _ in range(2))
        assert first == second
        with store.read() as snapshot:
            assert snapshot.position == 0
            assert ROOM.whole(snapshot, project) == {"uses": [], "amounts": []}


@given(
    drawn=_actions,
    policy=_policy,
    flags=_flags,
    steps=_steps,
    chosen=st.lists(st.integers(min_value=0, max_value=99), min_size=2, max_size=2),
)
def test_the_change_that_is_named_turns_the_verdict_and_no_part_of_it_does(
    grown: Callable[..., Project],
    opened: Opened,
    situated: Callable[..., DecisionView],
    asking: Asking,
    told: Callable[..., None],
    kept: Kept,
    noon: int,
    drawn: Sequence[Drawn],
    policy: tuple[float, str, int, bool],
    flags: dict[str, bool | None],
    steps: Steps,
    chosen: list[int],
) -> None:
    """Asked of its surface alone, something always helps that can. Also: the receipt alone, once it
    is all that is left, explains the same."""
    project = grown(drawn, policy)
    with opened(project) as store:
        now = _lived(store, project, kept, told, noon, steps, flags)
        view = situated(store, project, now, **flags)
    question = asking("side", "front", "email", "app", seed=1)
    receipt = explain(view, question, "d", _render)
    issued = decide(view, question, "d", _render)
    kept_so = msgspec.msgpack.decode(msgspec.msgpack.encode(issued), type=Receipt)
    assert kept_so.evidence is not None
    assert explain_again(kept_so, kept_so.evidence, project).verdicts == receipt.verdicts
    refused = [each for each in receipt.verdicts if each.refusal is not None]
    for verdict in [refused[n] for n in {n % len(refused) for n in chosen}] if refused else ():
        key = (verdict.action, verdict.treatment, verdict.item)
        for asked in (question, asking(verdict.surface, seed=1)):
            change = least_change(view, asked, key, lambda _: _render)
            if change is None:
                note("none")
                alone = asked is not question
                assert not alone or _is_hopeless(project, verdict), verdict
                continue
            note(f"{len(change.parts)} parts")
            assert _chosen(view, asked, key, change)
            assert not any(_chosen(view, asked, key, part) for part in subsets(change))


def test_a_later_moment_is_late_enough_for_an_offer_that_is_kept_too(
    opened: Opened,
    company: Companies,
    action: Make,
    treatment: Callable[..., Treatment],
    asking: Asking,
    situated: Callable[..., DecisionView],
    told: Callable[..., None],
    kept: Kept,
    noon: int,
) -> None:
    """Found by the law: the limit opens after a day, while the slot is held for two."""
    uses = {"vouchers": 1}
    project = company(
        action("news", purpose="service", on=(treatment("front", uses=uses, holds=2 * DAY),)),
        action("radio", on=(treatment("app", uses=uses),)),
        action("tv", value=50.0, on=(treatment("front", uses=uses),), valid_from=noon),
        resources={"vouchers": 2},
        policy=Policy(contact_limits=_limits(1)),
    )
    with opened(project) as store:
        kept(store, project, "d1", noon - HOUR, "front", "app")
        for place in (1, 2):
            told(store, "Seen", noon - HOUR + MINUTE, contact_id=f"d1.{place}")
        view = situated(store, project, noon)
    key = ("tv", "front", None)
    change = least_change(view, asking("front", seed=1), key, lambda _: _render)
    assert change is not None
    assert {type(each): each for each in change.parts} == {
        Units: Units(name="vouchers", now=0, would_be=1),
        Later: Later(now=noon, would_be=noon - HOUR + MINUTE + 2 * DAY),
    }


def _is_hopeless(project: Project, verdict: Verdict) -> bool:
    """A guard closes its purpose unless the flag is FALSE, and a condition wants it TRUE; or the
    message cannot be rendered; or it gives way for good."""
    action = project.actions[verdict.action]
    if (verdict.action, verdict.surface) == ("a3", "side"):
        return True
    asked = {each.name for each in (*action.eligible, *action.applicable, *action.suitable)}
    wants = "three holds" in asked
    return wants and (action.purpose == "marketing" or _gives_way(project, verdict))


def _gives_way(project: Project, verdict: Verdict) -> bool:
    """The guard that its condition needs puts a0 before it, whatever both are worth, and beside
    a0 the surface has no slot for it."""
    action, first = project.actions[verdict.action], project.actions["a0"]
    surface = project.surfaces[verdict.surface]
    named = any(guard.instead == first.name for guard in project.policy.guards)
    here = any(each.surface == surface.name for each in first.treatments.values())
    alike = surface.variety is not None and first.issue_group == action.issue_group
    return named and here and first is not action and (surface.slots == 1 or alike)


def _chosen(
    view: DecisionView, question: DecisionQuery, key: tuple[str, str, str | None], change: Change
) -> bool:
    receipt = decide(apply(view, change), question, "d", _render)
    return key in {(each.action, each.treatment, each.item) for each in receipt.choices}
