"""Long windows: what an event rewrites stays small, and the pages follow from the events alone."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec
import pytest

from tuttu.profile import read
from tuttu.profile.records import FRAGMENTS, PAGES
from tuttu.profile.windows import PAGE
from tuttu.storage import Snapshot
from tuttu.vocabulary.company import Profile, Trait
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR, MINUTE

Call = Callable[..., Event]
Heard = Callable[..., AbstractContextManager[Snapshot]]
Person = Callable[..., Customer]

START = 1_700_000_000_000_000


@pytest.fixture(scope="module")
def month(project: Project) -> Project:
    """The company with one month instead of ten microseconds."""

    def longer(trait: Trait) -> Trait:
        window = trait.window and 30 * DAY
        return msgspec.structs.replace(trait, window=window)

    traits = {name: longer(trait) for name, trait in project.profile.traits.items()}
    profile: Profile = msgspec.structs.replace(project.profile, traits=traits)
    return msgspec.structs.replace(project, profile=profile)


def _bursts(seed: int, count: int) -> list[int]:
    """Times over three months, half of them in two tight bursts of the last one, some equal."""
    chance = random.Random(seed)
    bursts = [START + 65 * DAY + chance.randrange(20 * DAY) for _ in range(2)]
    near = [chance.choice(bursts) + chance.randrange(1_000) for _ in range(count // 2)]
    return near + [START + chance.randrange(90 * DAY) for _ in range(count - len(near))]


def _stored(snapshot: Snapshot) -> list[tuple[bytes, object]]:
    fragments = [(key, record) for key, record in snapshot.scan(FRAGMENTS)]
    return [*fragments, *snapshot.scan(PAGES)]


def test_pages_are_the_same_in_any_order_and_never_too_full(
    seed: int, month: Project, call: Call, heard: Heard, person: Person
) -> None:
    chance = random.Random(seed)
    times = _bursts(seed, 600)
    events = [call(f"m{at}", time, amount=at % 7) for at, time in enumerate(times)]
    now = max(times)
    with (
        heard(month, sorted(events, key=lambda event: event.time)) as rising,
        heard(month, sorted(events, key=lambda event: -event.time)) as falling,
        heard(month, chance.sample(events, len(events))) as mixed,
    ):
        assert _stored(rising) == _stored(falling) == _stored(mixed)
        pages = [page for _, page in mixed.scan(PAGES)]
        assert any(page.splits for page in pages)
        assert max(len(page.cells) for page in pages) <= PAGE
        for present in (now, now + 7 * DAY, now + 30 * DAY - 1):
            row = read(mixed, person(mixed, "maija"), month, present, profiling=True)
            young = [at for at, time in enumerate(times) if present - 30 * DAY < time]
            assert row["orders_10"] == len(young)
            assert row["spent_10"] == sum(at % 7 for at in young) * 10_000


def test_what_has_left_the_window_is_let_go(month: Project, call: Call, heard: Heard) -> None:
    old = [call(f"o{at}", START + at * HOUR, amount=1) for at in range(200)]
    new = call("new", START + 90 * DAY, amount=1)
    with heard(month, old, [new]) as snapshot, heard(month, [new], old) as backwards:
        assert {len(page.cells) for _, page in snapshot.scan(PAGES)} == {1}
        assert _stored(snapshot) == _stored(backwards)


def test_no_record_that_an_event_rewrites_grows_with_history(
    month: Project, call: Call, heard: Heard
) -> None:
    """Ten times the history: ten times the pages, and none of the records is larger."""
    largest, pages = Counter[int](), Counter[int]()
    for history in (300, 3_000):
        events = [
            call(f"m{at:05}", START + at * 5 * MINUTE, amount=at % 7) for at in range(history)
        ]
        with heard(month, events) as snapshot:
            stored = _stored(snapshot)
            largest[history] = max(len(msgspec.msgpack.encode(record)) for _, record in stored)
            pages[history] = len(stored)
    assert pages[3_000] > 4 * pages[300]
    assert largest[3_000] <= 1.5 * largest[300]
