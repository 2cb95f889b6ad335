"""The anchor: by first facts, in whatever order they arrive, and never moved by a later device."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests import builders
from tests.laws.memory import Memory, pseudonym

from tuttu import identity
from tuttu.identity.fold import owners
from tuttu.storage import Store, open_store
from tuttu.vocabulary.events import Event, FragmentId, Identifier, PreferenceSet
from tuttu.vocabulary.verdicts import Contact

pytestmark = pytest.mark.laws

PROJECT = builders.project(namespaces=builders.namespaces(user_id={}, email={}, anonymous_id={}))
NAMES = ("user_id:u", "user_id:v", "email:e", "anonymous_id:a", "anonymous_id:b")
_numbers = count()

Happened = tuple[int, tuple[str, ...]]
"""A moment, and names of `NAMES` in order of priority."""
_happened = st.tuples(
    st.integers(0, 9),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(
        lambda names: tuple(sorted(names, key=NAMES.index))
    ),
)
_story = st.lists(_happened, min_size=1, max_size=7)


@pytest.fixture
def told(storage_url: str, tmp_path: Path) -> Iterator[Callable[[Sequence[Event]], Store]]:
    """told(events): a store that has heard them, in this order, among those of other tests."""
    url = "sqlite::memory:" if storage_url.startswith("sqlite:") else storage_url
    with closing(open_store(url, tmp_path)) as store:
        store.register([identity.ROOM.live_folds(PROJECT)])

        def tell(events: Sequence[Event]) -> Store:
            for each in events:
                builders.commit(store, builders.fact(store, each))
            return store

        yield tell


def _events(story: Sequence[Happened], world: int) -> list[Event]:
    """Each world's people have names of their own."""
    return [
        builders.event(
            "Seen",
            time,
            id=f"w{world}-m{number}",
            identifiers=tuple(builders.identifier(f"{name}-{world}") for name in names),
        )
        for number, (time, names) in enumerate(story)
    ]


def _anchor(store: Store, name: Identifier) -> FragmentId:
    with store.read() as snapshot:
        customer = identity.resolve(snapshot, PROJECT, name)
        return identity.anchor_of(snapshot, PROJECT, customer)


def _expected(store: Store, events: Sequence[Event], name: Identifier) -> FragmentId:
    """The design's own words, over all events at once."""
    with store.read() as snapshot:
        own = identity.resolve(snapshot, PROJECT, name).identifiers
    first: dict[Identifier, tuple[tuple[int, str], tuple[Identifier, ...]]] = {}
    for each in events:
        for one in each.identifiers:
            if one not in first or (each.time, each.id) < first[one][0]:
                first[one] = ((each.time, each.id), each.identifiers)
    highest = [each for each in own if each.namespace == own[0].namespace]
    start = min(highest, key=lambda each: (first[each][0], store.pseudonym(*_parts(each))))
    while True:
        when, named = first[start]
        older = [each for each in named if each in own and first[each][0] < when]
        if not older:
            return store.pseudonym(*_parts(start))
        start = min(older, key=lambda each: first[each][0])


def _parts(name: Identifier) -> tuple[str, str]:
    return name.namespace, name.value


@given(story=_story, seed=st.integers(0, 1_000))
def test_any_order_of_arrival_gives_the_anchor_of_the_design(
    told: Callable[[Sequence[Event]], Store], story: list[Happened], seed: int
) -> None:
    events = _events(story, next(_numbers))
    shuffled = random.Random(seed).sample(events, len(events))
    store = told(shuffled)
    for name in sorted({each for event in events for each in event.identifiers}):
        assert _anchor(store, name) == _expected(store, events, name)


@given(story=_story, before=st.integers(0, 40), after=st.integers(10, 40))
def test_a_later_device_moves_nobody(
    told: Callable[[Sequence[Event]], Store], story: list[Happened], before: int, after: int
) -> None:
    """However old the device is, and whatever it was used for by itself, where anything of higher
    priority names the customer; one who is known by devices alone begins with the oldest."""
    world = next(_numbers)
    events = _events(story, world)
    store = told(events)
    names = sorted({each for event in events for each in event.identifiers})
    with store.read() as snapshot:
        top = {each: identity.resolve(snapshot, PROJECT, each).identifiers[0] for each in names}
    anchors = {each: _anchor(store, each) for each in names}
    assume(top[names[0]].namespace != "anonymous_id")
    device = builders.identifier(f"anonymous_id:z-{world}")
    alone = builders.event("Seen", before, id=f"w{world}-z0", identifiers=(device,))
    login = builders.event("Seen", after, id=f"w{world}-z1", identifiers=(top[names[0]], device))
    told([alone, login])
    assert {each: _anchor(store, each) for each in names} == anchors
    assert _anchor(store, device) == anchors[names[0]]


def test_a_choice_of_ones_own_is_a_first_fact_too(
    told: Callable[[Sequence[Event]], Store],
) -> None:
    """Somebody who set a preference is known since then, and does not move to an older device."""
    world = next(_numbers)
    user, device = (
        builders.identifier(f"{each}-{world}") for each in ("user_id:u", "anonymous_id:a")
    )
    store = told([builders.event("Seen", 1, id=f"w{world}-0", identifiers=(device,))])
    choice = PreferenceSet(purpose="marketing", channel=None, allowed=False, by="u", who=user)
    builders.commit(store, builders.fact(store, choice, 5, id=f"w{world}-choice", who=f"u-{world}"))
    own = store.pseudonym(user.namespace, user.value)
    assert _anchor(store, user) == own
    told([builders.event("Seen", 9, id=f"w{world}-9", identifiers=(user, device))])
    assert _anchor(store, user) == _anchor(store, device) == own


def test_nobody_known_is_their_own_anchor(told: Callable[[Sequence[Event]], Store]) -> None:
    stranger = builders.identifier(f"user_id:nobody-{next(_numbers)}")
    store = told([])
    assert _anchor(store, stranger) == store.pseudonym(stranger.namespace, stranger.value)


def test_a_decision_names_who_was_asked_for_and_no_other_whose_contact_it_is() -> None:
    names: dict[str, Any] = dict.fromkeys(
        ("action", "treatment", "issue_group", "owner", "surface")
    )
    asked, other = (
        Contact(
            id=f"d{each}.1",
            fragment=pseudonym("user_id", each),
            purpose="marketing",
            channel="email",
            state="queued",
            time=0,
            **names,
        )
        for each in "ab"
    )
    who = Identifier("user_id", "a")
    fact = builders.fact(Memory(), replace(builders.receipt(asked, other), who=who))
    assert [*owners(fact)] == [(asked.fragment, who), (other.fragment, None)]
