"""Laws of consent: order of arrival, merged customers, and never more by a withdrawal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.consent.conftest import Bureau
else:
    Bureau = Any

pytestmark = pytest.mark.laws

Grid = Callable[[Any, str], dict[str, bool]]
Said = tuple[str, str, str | None, int, bool]
"""Who, purpose, channel, time, allowed."""

CHANNELS = ("web", "email", "sms")
DEFAULT = {"web": True, "email": False, "sms": False}
said = st.lists(
    st.tuples(
        st.sampled_from(["maija", "phone", "tablet"]),
        st.just("marketing"),
        st.sampled_from([None, *CHANNELS]),
        st.integers(1, 9),
        st.booleans(),
    ),
    max_size=12,
    unique_by=lambda one: one[3],
)
"""One choice at each moment: what happens at the same moment has its own tests."""


def told(make_bureau: Any, choices: list[Said], order: list[int]) -> Bureau:
    bureau: Bureau = make_bureau()
    facts = [bureau.set(who, what, how, time, allowed=yes) for who, what, how, time, yes in choices]
    bureau.tell(*(facts[number] for number in order))
    return bureau


@given(said, st.data())
def test_the_order_of_arrival_does_not_matter(
    make_bureau: Any, choices: list[Said], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(choices))))
    straight = told(make_bureau, choices, list(range(len(choices))))
    shuffled = told(make_bureau, choices, order)
    assert shuffled.state() == straight.state()
    straight.close()
    shuffled.close()


def expected(
    choices: list[Said], people: tuple[str, ...], joined_at: int | None
) -> dict[str, bool]:
    """The rule, told once more, from the choices themselves."""
    result = {}
    for channel in CHANNELS:
        mine = sorted(
            (time, yes, who)
            for who, _, how, time, yes in choices
            if who in people and how in {None, channel}
        )
        last = {who: yes for _, yes, who in mine}
        if not mine:
            result[channel] = DEFAULT[channel]
        elif joined_at is None or mine[-1][0] > joined_at:
            result[channel] = mine[-1][1]
        else:
            result[channel] = all(last.values())
    return result


@given(said, st.integers(0, 10))
def test_merged_is_strictest_until_given_anew(
    make_bureau: Any, grid: Grid, choices: list[Said], joined_at: int
) -> None:
    bureau = told(make_bureau, choices, list(range(len(choices))))
    together = ("maija", "phone", "tablet")
    for people, when in ((("maija",), None), (together[:2], joined_at), (together, joined_at)):
        found = grid(bureau.read(*people, joined_at=when), "marketing")
        assert found == expected(choices, people, when)
        again = grid(bureau.read(*reversed(people), joined_at=when), "marketing")
        assert again == found
    bureau.close()


@given(said, st.sampled_from(CHANNELS), st.integers(0, 20))
def test_a_withdrawal_never_adds_a_permit(
    make_bureau: Any, choices: list[Said], channel: str, joined_at: int
) -> None:
    bureau = told(make_bureau, choices, list(range(len(choices))))
    people = ("maija", "phone")

    def permitted() -> set[tuple[str, str]]:
        cells = bureau.read(*people, joined_at=joined_at).preferences()
        return {(each.purpose, each.channel) for each in cells if each.allowed}

    before = permitted()
    bureau.tell(bureau.set("phone", "marketing", channel, 15, allowed=False))
    assert permitted() <= before
    assert ("marketing", channel) not in permitted()
    bureau.close()


def test_a_withdrawal_holds_though_the_merge_is_newer(bureau: Bureau) -> None:
    bureau.tell(
        bureau.set("maija", "marketing", "email", 5, allowed=True),
        bureau.set("phone", "marketing", None, 2, allowed=False),
    )
    both = ("maija", "phone")
    merged = bureau.read(*both, joined_at=9)
    assert merged.permit("marketing", "email") is None
    why = merged.why_not("marketing", "email")
    assert why is not None
    assert (why.code, why.values["on"]) == ("refused_by_customer", "1970-01-01")
    bureau.tell(bureau.set("maija", "marketing", "email", 9, allowed=True))
    assert bureau.read(*both, joined_at=9).permit("marketing", "email") is None
    bureau.tell(bureau.set("phone", "marketing", "email", 10, allowed=True))
    assert bureau.read(*both, joined_at=9).permit("marketing", "email") is not None
    assert bureau.read(*both, joined_at=9).permit("marketing", "web") is None


@pytest.mark.parametrize("refusing", ["maija", "phone"])
@pytest.mark.parametrize("joined_at", [None, 3, 9])
def test_of_two_who_chose_at_the_same_moment_the_no_counts(
    bureau: Bureau, refusing: str, joined_at: int | None
) -> None:
    """Before they became one customer, and after it."""
    both = ("maija", "phone")
    for who in both:
        bureau.tell(bureau.set(who, "marketing", "email", 7, allowed=who != refusing))
    assert bureau.read(*both, joined_at=joined_at).permit("marketing", "email") is None


def test_the_digest_part_knows_choices_but_no_keys(bureau: Bureau) -> None:
    bureau.tell(
        bureau.set("maija", "marketing", "email", 5, allowed=True),
        bureau.set("phone", "marketing", None, 2, allowed=False),
    )
    expected = [[("marketing", "", False, 2)], [("marketing", "email", True, 5)]]
    assert bureau.canonical("maija", "phone", "nobody") == expected
    assert bureau.canonical("nobody", "phone", "maija") == expected
