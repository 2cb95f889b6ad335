"""The same set of events gives the same digest, however it comes; and so does its replay."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laws.saying import NAMES, START, Said, stories, tell
from tests.laws.twins import Fresh

from tuttu import engine as use
from tuttu.api import PreferenceRequest, PreferencesRequest, UnmergeRequest
from tuttu.engine import Runtime
from tuttu.vocabulary.clock import ManualClock

pytestmark = pytest.mark.laws

names = st.sampled_from(NAMES)
pairs = st.lists(st.tuples(names, names).filter(lambda pair: pair[0] != pair[1]), max_size=2)


class Doors:
    """What is said at a door while the events come."""

    def __init__(self, parted: list[tuple[tuple[str, str], tuple[str, str]]], chosen: bool) -> None:
        self.parted = parted
        self.chosen = chosen

    def speak(self, engine: Runtime) -> None:
        for one, other in self.parted:
            use.unmerge(engine, UnmergeRequest(one=dict([one]), other=dict([other])), "law")
        if self.chosen:
            choice = PreferenceRequest(purpose="marketing", channel="email", allowed=False)
            request = PreferencesRequest(preferences=[choice])
            use.set_preferences(engine, {"user_id": "maija"}, request, "law")


def told(engine: Runtime, calls: list[Said], doors: Doors, random: Random) -> None:
    place = random.randint(0, len(calls))
    order = random.sample(calls, len(calls))
    tell(engine, order[:place], random)
    doors.speak(engine)
    tell(engine, order[place:], random)


@given(stories(), pairs, st.booleans(), st.randoms(use_true_random=False))
def test_any_order_any_batching_gives_the_same_digest(
    fresh: Fresh,
    calls: list[Said],
    parted: list[tuple[tuple[str, str], tuple[str, str]]],
    chosen: bool,
    random: Random,
) -> None:
    """Late and early, dated by wrong clocks, several times, in one batch or many, with unmerges and
    choices between; and the log folded again."""
    clock, doors = ManualClock(START), Doors(parted, chosen)
    digests = []
    for _ in range(2):
        with fresh(clock) as engine:
            told(engine, calls, doors, random)
            digests.append(use.digest(engine).digest)
            again = use.replay(engine)
            assert (again.live, again.refused) == (digests[-1], 0)
            assert again.replayed == again.live
    assert digests[0] == digests[1]
