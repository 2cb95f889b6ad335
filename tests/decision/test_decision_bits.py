"""What a stage refuses by bits is what it has reasons for: the scenes that chance seldom makes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec
import pytest
from tests import builders
from tests.builders import HERE

from tuttu.decision import STAGES, DecisionQuery, DecisionView, pools_of
from tuttu.decision.ways import packed, unpacked
from tuttu.storage import Store
from tuttu.vocabulary.facts import Result
from tuttu.vocabulary.library import Action, Policy, Suppression
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR
from tuttu.vocabulary.verdicts import Receipt

Make = Callable[..., Action]
Companies = Callable[..., Project]
Opened = Callable[[Project], AbstractContextManager[Store]]
Situated = Callable[..., DecisionView]
Kept = Callable[..., tuple[Receipt, Result]]
Told = Callable[..., None]
Asking = Callable[..., DecisionQuery]

Refused = Callable[[str, DecisionView], set[str]]


@pytest.fixture
def refused(asking: Asking) -> Refused:
    """refused(stage, view): the actions that it refuses on the front, by its bits; they are those
    that every stage has reasons for."""

    def by_bits(stage: str, view: DecisionView) -> set[str]:
        question = asking("front")
        assert not builders.bits_unlike_reasons(view, question)
        (named,) = (each for each in STAGES if each.name == stage)
        return {
            candidate.action.name
            for pool in pools_of(view, question)
            for _, candidate in pool.candidates(named.refused(pool, view, pool.bits))
        }

    return by_bits


def test_a_full_limit_lets_through_what_it_counts_already(
    company: Companies,
    action: Make,
    opened: Opened,
    situated: Situated,
    kept: Kept,
    told: Told,
    refused: Refused,
    noon: int,
) -> None:
    limit = builders.contact_limit("one", 1, window=DAY)
    actions = [action("tv", value=20.0), action("net"), action("advice", purpose="service")]
    project = company(*actions, policy=Policy(contact_limits=(limit,)))
    with opened(project) as store:
        assert refused("contact_limits", situated(store, project)) == set()
        receipt, _ = kept(store, project, "d1", noon, "front")
        held = situated(store, project, noon + HOUR // 6)
        told(store, "Seen", noon + HOUR // 6, contact_id=receipt.choices[0].contact_id)
        seen_today = situated(store, project, noon + 3 * HOUR)
        told(store, "Said No", noon + 3 * HOUR, contact_id=receipt.choices[0].contact_id)
        answered_today = situated(store, project, noon + 4 * HOUR)
        later = situated(store, project, noon + 2 * DAY)
    assert refused("contact_limits", held) == {"net"}
    assert refused("contact_limits", seen_today) == {"net"}
    assert refused("contact_limits", answered_today) == {"net"}
    assert refused("contact_limits", later) == set()


def test_a_veto_of_who_may_be_the_customer_is_a_bit_too(
    company: Companies,
    action: Make,
    guard: Callable[..., object],
    alone: Situated,
    refused: Refused,
) -> None:
    actions = [action("tv"), action("advice", purpose="service")]
    project = company(*actions, policy=Policy(guards=(guard("open case"),)))  # type: ignore[arg-type]
    view, other = alone(project, blocked=False), alone(project, blocked=True)
    assert refused("guards", view) == set()
    assert refused("guards", msgspec.structs.replace(view, shade=other)) == {"tv"}


def test_units_that_are_held_are_left_to_who_holds_them(
    company: Companies,
    action: Make,
    treatment: Callable[..., object],
    opened: Opened,
    situated: Situated,
    kept: Kept,
    refused: Refused,
    noon: int,
) -> None:
    way = treatment("front", uses={"vouchers": 1})
    actions = [action("tv", value=20.0, on=(way,)), action("net", on=(way,)), action("advice")]
    project = company(*actions, resources={"vouchers": 1})
    with opened(project) as store:
        kept(store, project, "d1", noon, "front")
        of_holder = situated(store, project, noon + HOUR // 6)
        of_other = situated(store, project, noon + HOUR // 6, who="anna")
    assert refused("resources", of_holder) == {"net"}
    assert refused("resources", of_other) == {"tv", "net"}


@pytest.mark.parametrize(
    ("scope", "silent"),
    [
        ("action", {"tv"}),
        ("issue_group", {"tv", "net"}),
        ("owner", {"tv", "care"}),
        ("purpose", {"tv", "net", "care"}),
    ],
)
def test_a_no_silences_all_of_its_scope(
    company: Companies,
    action: Make,
    opened: Opened,
    situated: Situated,
    kept: Kept,
    told: Told,
    refused: Refused,
    noon: int,
    scope: str,
    silent: set[str],
) -> None:
    no = Suppression(name="no", outcome="declined", window=DAY, scope=scope, where=HERE)  # type: ignore[arg-type]
    actions = [
        action("tv", value=20.0),
        action("net", owner="care"),
        action("care", issue_group="care"),
        action("advice", purpose="service", issue_group="news", owner="news"),
    ]
    project = company(*actions, policy=Policy(suppressions=(no,)))
    with opened(project) as store:
        receipt, _ = kept(store, project, "d1", noon, "front")
        told(store, "Said No", noon + HOUR, contact_id=receipt.choices[0].contact_id)
        seen = situated(store, project, noon + 2 * HOUR)
    assert refused("suppressions", seen) == silent


def test_what_is_valid_when(
    company: Companies, action: Make, alone: Situated, refused: Refused, noon: int
) -> None:
    actions = [
        action("always"),
        action("from now", valid_from=noon),
        action("until now", valid_until=noon),
        action("that hour", valid_from=noon, valid_until=noon + HOUR),
        action("never", valid_from=noon + HOUR, valid_until=noon),
        action("paused", status="paused"),
    ]
    project = company(*actions)
    out = {"never", "paused"}
    assert refused("eligibility", alone(project, noon - 1)) == {*out, "from now", "that hour"}
    assert refused("eligibility", alone(project, noon)) == {*out, "until now"}
    assert refused("eligibility", alone(project, noon + HOUR)) == {*out, "until now", "that hour"}


def test_a_set_of_ways_is_kept_the_shorter_way() -> None:
    assert packed(0xFFFF) == b"\x00\xff\xff"
    assert packed(1 << 5_000) == b"\x01" + (5_000).to_bytes(2, "little")
    # Numbers of more than two bytes are not kept as numbers.
    for bits in (0, 1, 0xFFFF, 1 << 5_000, 1 << 65_535, 1 << 65_536, 1 | 1 << 70_000):
        assert unpacked(packed(bits)) == bits
    with pytest.raises(ValueError, match="begins with"):
        unpacked(b"\x02")
