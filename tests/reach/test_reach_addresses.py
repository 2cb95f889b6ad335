"""Of several addresses the one that is used, and why none is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import EMPTY

from tuttu.reach import ROOM, ChannelReach
from tuttu.storage import open_store

if TYPE_CHECKING:
    from tests.reach.conftest import Office
else:
    Office = Any

pytestmark = pytest.mark.laws


def test_nobody_is_reached_who_told_no_address(office: Office) -> None:
    office.tell(office.told(1, "maija"))
    assert office.reached() == {"email": ChannelReach("none"), "push": ChannelReach("none")}


def test_an_address_is_enough_where_it_need_not_be_verified(office: Office) -> None:
    office.tell(office.told(1, "maija", "email:m@x.fi"))
    reached = office.reached()
    assert reached["email"] == ChannelReach("yes", office.address("email:m@x.fi"))
    assert reached["push"] == ChannelReach("unverified")
    office.tell(office.said("Confirmed", 2, "maija", "email:m@x.fi"))
    assert office.reached()["push"] == ChannelReach("yes", office.address("email:m@x.fi"))


def test_a_bounce_ends_an_address_until_it_is_confirmed_later(office: Office) -> None:
    office.tell(office.told(1, "maija", "email:m@x.fi"))
    office.tell(office.said("Bounced", 5, "email:m@x.fi"))
    assert office.reached()["email"] == ChannelReach("dead")
    # Told again by a form that fills itself: it is as dead as before.
    office.tell(office.told(6, "maija", "email:m@x.fi"))
    assert office.reached()["email"] == ChannelReach("dead")
    # Of the same moment, and of one before: doubt is no.
    office.tell(office.said("Confirmed", 5, "maija", "email:m@x.fi"))
    assert office.reached()["email"] == ChannelReach("dead")
    office.tell(office.said("Confirmed", 7, "maija", "email:m@x.fi"))
    assert office.reached()["email"].word == "yes"


def test_the_bounce_of_another_address_ends_that_one_only(office: Office) -> None:
    office.tell(
        office.told(1, "maija", "email:new@x.fi"), office.told(2, "maija", "email:old@x.fi")
    )
    assert office.reached()["email"].address == office.address("email:old@x.fi")
    office.tell(office.said("Bounced", 3, "email:old@x.fi"))
    assert office.reached()["email"] == ChannelReach("yes", office.address("email:new@x.fi"))


def test_verified_before_newest_before_smallest(office: Office) -> None:
    office.tell(office.told(1, "maija", "email:b@x.fi"), office.told(1, "maija", "email:a@x.fi"))
    assert office.reached()["email"].address == office.address("email:a@x.fi")
    office.tell(office.told(2, "maija", "email:b@x.fi"))
    assert office.reached()["email"].address == office.address("email:b@x.fi")
    office.tell(office.said("Confirmed", 1, "maija", "email:a@x.fi"))
    assert office.reached()["email"].address == office.address("email:a@x.fi")


def test_never_an_address_that_several_people_share(office: Office) -> None:
    office.tell(office.told(1, "maija", "email:family@x.fi"))
    assert office.reached()["email"].word == "yes"
    office.tell(office.told(2, "pekka", "email:family@x.fi"))
    assert office.reached("maija")["email"] == ChannelReach("none")
    assert office.reached("email:family@x.fi")["email"] == ChannelReach("shared")
    office.tell(office.told(3, "maija", "email:own@x.fi"))
    assert office.reached("maija")["email"].address == office.address("email:own@x.fi")


MOMENTS = st.lists(
    st.tuples(
        st.sampled_from(["Identify", "Bounced", "Confirmed"]),
        st.integers(0, 6),
        st.sampled_from(["email:a@x.fi", "email:b@x.fi", "email:c@x.fi"]),
    ),
    max_size=12,
)


def _expected(moments: list[tuple[str, int, str]]) -> str | None:
    """The address by the words of the design, from the whole list at once."""
    found = []
    for address in sorted({each for _, _, each in moments}):
        times: dict[str, list[int]] = {"Identify": [], "Bounced": [], "Confirmed": []}
        for name, time, about in moments:
            if about == address:
                times[name].append(time)
        dead, alive = max(times["Bounced"], default=-1), max(times["Confirmed"], default=-1)
        if dead == -1 or alive > dead:
            told = max(times["Identify"], default=-1)
            found.append((not times["Confirmed"], -told, address))
    return min(found)[2] if found else None


@given(moments=MOMENTS, order=st.randoms(use_true_random=False))
def test_the_choice_is_a_function_of_what_was_said_in_any_order(
    moments: list[tuple[str, int, str]],
    order: Any,
    make_office: Callable[..., Office],
) -> None:
    states = []
    for shuffled in (moments, order.sample(moments, len(moments))):
        with closing(open_store("sqlite::memory:", Path())) as store:
            office = make_office(store)
            for name, time, address in shuffled:
                call = "identify" if name == "Identify" else "track"
                office.tell(office.said(name, time, "maija", address, call=call))
            wanted = _expected(moments)
            found = office.reached()["email"]
            assert found.address == (None if wanted is None else office.address(wanted))
            assert (found.word == "yes") == (wanted is not None)
            states.append(office.canonical())
    assert states[0] == states[1]


def test_a_company_without_needs_keeps_nothing() -> None:
    assert ROOM.parts(EMPTY) == frozenset()
    assert ROOM.folds(EMPTY) == {}
    assert ROOM.columns(EMPTY) == {}
