"""After a reload, a store holds what one holds that never had another version: as a law."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reload.company import VERSIONS, Version
from tests.reload.worlds import Told, World, fresh, outbox, picture

from tuttu.storage import open_store

pytestmark = pytest.mark.laws

WHO = st.sampled_from(["maija", "matti", "aino", "Maija", "AINO", "aino 7", "Matti-7"])
DEVICE = st.sampled_from(["tablet", "Tablet", "phone"])
MINUTES = st.integers(0, 47)
NAMED = {"minute": MINUTES, "userId": WHO, "anonymousId": DEVICE}


def _tracked(event: str, **properties: st.SearchStrategy[Any]) -> st.SearchStrategy[Told]:
    said = st.fixed_dictionaries({}, optional=properties)
    return st.fixed_dictionaries(
        {
            "type": st.just("track"),
            **NAMED,
            "event": st.just(event),
            "properties": said,
        }
    )


def _described() -> st.SearchStrategy[Told]:
    homes = st.sampled_from(["Oulu", "Turku", None])
    traits = st.fixed_dictionaries(
        {},
        optional={
            "household_id": homes,
            "home": homes,
            "size": st.sampled_from(["42", 38, "large", None]),
            "email": st.sampled_from(["home@x.example", "own@x.example", "Own@X.example"]),
        },
    )
    return st.fixed_dictionaries({"type": st.just("identify"), **NAMED, "traits": traits})


def _renamed() -> st.SearchStrategy[Told]:
    return st.fixed_dictionaries(
        {"type": st.just("alias"), "minute": MINUTES, "userId": WHO, "previousId": WHO}
    )


CELLS = {
    "purpose": st.sampled_from(["marketing", "news", "service", "?"]),
    "channel": st.sampled_from(["web", "letter", "sms"]),
}
CALLS = st.lists(
    _described()
    | _renamed()
    | _tracked(
        "Order",
        amount=st.sampled_from([1, 7, 60, 11]),
        shoe=st.sampled_from(["40", "x"]),
    )
    | _tracked("Visit")
    | _tracked("Offer Taken")
    | _tracked("Offer Seen")
    | _tracked(
        "Called", offer=st.sampled_from(["tv", "radio"]), said=st.sampled_from(["yes", "no"])
    )
    | _tracked("Said Yes", **CELLS)
    | _tracked("Said No", **CELLS)
    | _tracked(
        "Ticket Opened",
        ticket_id=st.sampled_from(["T1", "T2"]),
        status=st.sampled_from(["open", "shut"]),
        fee=st.sampled_from([1, 2]),
    )
    | _tracked("Ticket Closed", ticket_id=st.sampled_from(["T1", "T2"])),
    max_size=12,
)
STEPS = st.lists(
    st.tuples(st.just("tell"), CALLS)
    | st.tuples(st.just("decide"), WHO, st.sampled_from(["front", "letter"]))
    | st.tuples(st.just("part"), WHO, DEVICE)
    | st.tuples(st.just("reload"), VERSIONS, st.lists(CALLS, max_size=3))
    | st.tuples(st.just("kill"), VERSIONS, st.integers(0, 3)),
    max_size=8,
)


@given(
    first=VERSIONS,
    steps=STEPS,
    last=VERSIONS,
    page=st.integers(2, 6),
    shuffle=st.randoms(use_true_random=False),
)
def test_a_reloaded_store_is_as_one_that_never_had_another_version(
    first: Version, steps: list[Any], last: Version, page: int, shuffle: random.Random
) -> None:
    """Whatever is declared, changed, or dropped and declared again, who is who included, while
    events go on, and fills are killed; and whatever the order of the facts in the other store. What
    becomes of customers is told before."""
    with closing(open_store("sqlite::memory:", Path())) as store:
        world = World(store, first, page)
        for step, *arguments in steps:
            getattr(world, step)(*arguments)
        was, told = world.fragments(), world.rehearse(last)
        world.reload(last)
        becomes = world.fragments()
        assert (told.before, told.after) == (len(was), len(becomes))
        with store.read() as snapshot, fresh(world, shuffle) as (other, project):
            assert project.digest == last.survey.project.digest
            assert picture(snapshot, project) == picture(other, project)
            # What a definition of an earlier version heard of is not sent, whatever holds now.
            assert outbox(snapshot) <= outbox(other)
