"""Laws: order of arrival cannot matter, and no cap is ever broken."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders
from tests.builders import HERE, NOON

from tuttu.ledger import ROOM, History, resource_state
from tuttu.ledger.canonical import canonical
from tuttu.storage import Store
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.facts import Committed, Refused, Result
from tuttu.vocabulary.library import ContactLimit
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR, MINUTE
from tuttu.vocabulary.verdicts import Contact

pytestmark = pytest.mark.laws

Opened = Callable[[], AbstractContextManager[Store]]
Make = Callable[..., Contact]
Decided = Callable[..., Result]
Tell = Callable[..., Event]
Heard = Callable[..., None]
Seen = Callable[..., History]
Person = Callable[..., Customer]

PEOPLE = ("maija", "anonymous")
CONTACTS = ("d0.1", "d1.1", "d2.1")

_minutes = st.integers(min_value=0, max_value=90)
_names = st.sampled_from(
    ["Offer Viewed", "Offer Clicked", "Offer Accepted", "Offer Declined", "Email Sent"]
)
_told = st.tuples(_names, _minutes, st.sampled_from(PEOPLE), st.sampled_from((*CONTACTS, "?", "")))
_ordered = st.tuples(_minutes, st.sampled_from(PEOPLE), st.sampled_from(["tv", "radio"]))
_called = st.tuples(_minutes, st.sampled_from(PEOPLE), st.sampled_from(["yes", "no", "?"]))
_made = st.lists(
    st.tuples(
        _minutes,
        st.sampled_from(PEOPLE),
        st.sampled_from(["tv", "kept", "extra"]),
        st.sampled_from(["web", "email"]),
    ),
    max_size=len(CONTACTS),
)


@given(
    made=_made,
    told=st.lists(_told, max_size=8),
    ordered=st.lists(_ordered, max_size=3),
    called=st.lists(_called, max_size=2),
    shuffle=st.randoms(use_true_random=False),
)
def test_the_order_of_facts_does_not_matter(
    project: Project,
    opened: Opened,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    history: Seen,
    person: Person,
    made: Sequence[tuple[int, str, str, str]],
    told: Sequence[tuple[str, int, str, str]],
    ordered: Sequence[tuple[int, str, str]],
    called: Sequence[tuple[int, str, str]],
    shuffle: random.Random,
) -> None:
    def deciding(number: int, at: int, who: str, *what: str) -> Callable[[Store], object]:
        made_at = NOON + at * MINUTE
        return lambda store: decided(store, contact(store, f"d{number}.1", made_at, *what, who=who))

    def telling(each: Event) -> Callable[[Store], object]:
        return lambda store: heard(store, each)

    steps = [deciding(number, *each) for number, each in enumerate(made)]
    events = [
        *(event(n, NOON + at * MINUTE, who=who, contact_id=c) for n, at, who, c in told),
        *(event("Order Completed", NOON + at * MINUTE, who=w, product=p) for at, w, p in ordered),
        *(
            event("Call Made", NOON + at * MINUTE, who=w, result=r, campaign="tv", reached="yes")
            for at, w, r in called
        ),
    ]
    steps += [telling(each) for each in {each.id: each for each in events}.values()]
    pictures = []
    for _ in range(2):
        with opened() as store:
            for step in steps:
                step(store)
            pictures.append(_picture(store, history, person, project))
        shuffle.shuffle(steps)
    assert pictures[0] == pictures[1]


def _picture(store: Store, history: Seen, person: Person, project: Project) -> list[object]:
    """All that can be read, which is the same from whichever fragment one comes."""
    forth, back, one = (
        [_kept(store, person(store, *who), project), *_seen(store, history, who)]
        for who in (PEOPLE, PEOPLE[::-1], PEOPLE[:1])
    )
    assert forth == back
    return [forth, one]


def _kept(store: Store, customer: Customer, project: Project) -> object:
    with store.read() as snapshot:
        return canonical(snapshot, customer, project)


def _seen(store: Store, history: Seen, who: tuple[str, ...]) -> list[object]:
    picture: list[object] = []
    for now in (NOON, NOON + HOUR, NOON + 5 * DAY):
        seen = history(store, now, *who)
        picture += [seen.entries, seen.columns(), seen.outcomes()]
    return picture


_DAYS = st.integers(min_value=0, max_value=5 * 24 * 60)


@given(
    made=_made,
    told=st.lists(_told, max_size=8),
    ordered=st.lists(_ordered, max_size=2),
    later=st.lists(_DAYS, min_size=1, max_size=3),
)
def test_what_time_alone_will_change_is_known_ahead(
    opened: Opened,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    history: Seen,
    made: Sequence[tuple[int, str, str, str]],
    told: Sequence[tuple[str, int, str, str]],
    ordered: Sequence[tuple[int, str, str]],
    later: Sequence[int],
) -> None:
    """Holds run out, and what was not answered in time is ignored: as it will be read then."""
    with opened() as store:
        for number, (at, who, *what) in enumerate(made):
            decided(store, contact(store, f"d{number}.1", NOON + at * MINUTE, *what, who=who))
        for name, at, who, contact_id in told:
            heard(store, event(name, NOON + at * MINUTE, who=who, contact_id=contact_id))
        for at, who, product in ordered:
            heard(store, event("Order Completed", NOON + at * MINUTE, who=who, product=product))
        times = [each[0] for each in made] + [each[0] for each in ordered]
        last = max([0, *times, *(each[1] for each in told)])
        start = NOON + last * MINUTE
        ahead = history(store, start, home=PEOPLE)
        for now in sorted(start + each * MINUTE for each in (*later, 30)):
            ahead, then = ahead.at(now), history(store, now, home=PEOPLE)
            assert ahead.entries == then.entries
            assert ahead.columns() == then.columns()
            for limit in LIMITS:
                assert ahead.keys(limit) == then.keys(limit)


LIMITS = (
    ContactLimit(name="two in a day", at_most=2, window=DAY, where=HERE),
    ContactLimit(name="one call-like", at_most=1, window=10 * HOUR, channel="email", where=HERE),
    ContactLimit(name="three at home", at_most=3, window=DAY, group="household", where=HERE),
)
_wishes = st.lists(
    st.tuples(
        st.integers(min_value=1, max_value=300),
        st.sampled_from(["maija", "anna"]),
        st.sampled_from(["tv", "extra", "kept"]),
        st.sampled_from(["web", "web", "email"]),
        st.one_of(st.none(), st.integers(min_value=0, max_value=29)),
    ),
    min_size=5,
    max_size=25,
)


@given(wishes=_wishes)
def test_no_contact_limit_is_broken_by_what_is_decided_and_seen_in_time(
    project: Project,
    opened: Opened,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    history: Seen,
    wishes: Sequence[tuple[int, str, str, str, int | None]],
) -> None:
    """Each wish: minutes since the one before, who, what, how, and when it is seen, if at all."""
    home, now = ("maija", "anna"), NOON
    views: list[tuple[int, str, str]] = []
    shown: list[tuple[int, str, tuple[str, ...]]] = []
    with opened() as store:
        for number, (minutes, who, action, how, view) in enumerate(wishes):
            now += minutes * MINUTE
            views = _see(store, event, heard, views, now)
            seen = history(store, now, who, home=home)
            chosen = project.actions[action]
            treatment = chosen.treatments[how]
            if any(seen.breaks_limit(limit, chosen, treatment) for limit in LIMITS):
                continue
            if seen.held(chosen, treatment) is not None:
                continue
            made = contact(store, f"d{number}.1", now, action, how, who)
            decided(store, made)
            if how == "email":
                shown.append((now, who, (how, made.id)))
            elif view is not None:
                views.append((now + view * MINUTE, who, made.id))
                shown.append((now + view * MINUTE, who, (how, action, str(_day(now)))))
    for end, _, _ in shown:
        for who in home:
            assert len(_within(shown, end, DAY, (who,))) <= 2
            mails = {
                (w, key) for w, key in _within(shown, end, 10 * HOUR, (who,)) if key[0] == "email"
            }
            assert len(mails) <= 1
        assert len(_within(shown, end, DAY, home)) <= 3


def _see(
    store: Store, event: Tell, heard: Heard, views: list[tuple[int, str, str]], now: int
) -> list[tuple[int, str, str]]:
    """Reports the views that are due, and gives the others back."""
    for at, who, contact_id in views:
        if at <= now:
            heard(store, event("Offer Viewed", at, who=who, contact_id=contact_id))
    return [view for view in views if view[0] > now]


def _day(instant: int) -> int:
    """The calendar date in Helsinki in March, two hours ahead of UTC."""
    return (instant + 2 * HOUR) // DAY


def _within(
    shown: Sequence[tuple[int, str, tuple[str, ...]]], end: int, window: int, who: Sequence[str]
) -> set[tuple[str, tuple[str, ...]]]:
    return {(w, key) for at, w, key in shown if end - window <= at <= end and w in who}


_acts = st.lists(
    st.tuples(
        st.sampled_from(["claim", "claim", "claim", "mail", "view", "fail"]),
        st.integers(min_value=0, max_value=25),
        st.integers(min_value=1, max_value=6),
        st.integers(min_value=0, max_value=20),
    ),
    max_size=30,
)


@given(acts=_acts)
def test_no_resource_is_ever_used_beyond_its_amount(
    project: Project,
    opened: Opened,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    history: Seen,
    acts: Sequence[tuple[str, int, int, int]],
) -> None:
    """What the ledger says is used is what the contacts that stand have used, and fits."""
    now, made = NOON, 0
    with opened() as store:
        for what, minutes, units, which in acts:
            now += minutes * MINUTE
            if what in ("claim", "mail"):
                how = "web" if what == "claim" else "email"
                mine = contact(store, f"d{made}.1", now, "tv", how, uses={"minutes": units})
                with store.read() as snapshot:
                    before = resource_state(snapshot, project, "minutes", now)
                fits = units <= before.free
                assert isinstance(decided(store, mine), Committed if fits else Refused)
                made += 1
            else:
                name = "Offer Viewed" if what == "view" else "Email Failed"
                heard(store, event(name, now, contact_id=f"d{which}.1"))
            with store.read() as snapshot:
                state = resource_state(snapshot, project, "minutes", now)
            assert state.used + state.held <= 10
            assert (state.used, state.held) == _expected(history(store, now), now)


def _expected(history: History, now: int) -> tuple[int, int]:
    """(used, held) from the contacts alone."""
    used = held = 0
    for entry in history.entries:
        units = entry.contact.uses["minutes"]
        if entry.contact.state == "held":
            held += units
        elif entry.contact.state in ("counted", "queued") and not entry.lost:
            used += units
    return used, held


def test_replay_of_the_log_gives_the_same_state(
    opened: Opened,
    contact: Make,
    decided: Decided,
    event: Tell,
    heard: Heard,
    person: Person,
    project: Project,
) -> None:
    with opened() as first, opened() as second:
        decided(first, contact(first, "d0.1", NOON, uses={"vouchers": 1}))
        decided(first, contact(first, "d1.1", NOON + HOUR, who="anna", uses={"vouchers": 1}))
        heard(first, event("Offer Viewed", NOON + HOUR, contact_id="d0.1"))
        with first.read() as snapshot:
            log = snapshot.facts()
        builders.try_commit(second, *(entry.fact for entry in log))
        digests = []
        for store in (first, second):
            with store.read() as snapshot:
                whose = canonical(snapshot, person(first, "maija"), project)
                digests.append((whose, ROOM.whole(snapshot, project)))
        assert digests[0] == digests[1]
        assert digests[0][0]["units"] == [["d0.1", "lost"]]


def test_whoever_takes_the_digest_waits_for_nobody(
    store: Store, contact: Make, decided: Decided, person: Person, project: Project
) -> None:
    """It reads everybody, and nothing is decided by it."""
    decided(store, contact(store, "d0.1", NOON))
    with store.read() as snapshot:
        assert canonical(snapshot, person(store, "maija"), project)["contacts"]
        assert snapshot.reads == ()
