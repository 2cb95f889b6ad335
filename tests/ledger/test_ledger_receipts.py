"""A history that is rebuilt from its receipt answers as the one that was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests import builders
from tests.builders import HERE, NOON

from tuttu.ledger import History, from_receipt
from tuttu.ledger.contacts import as_of
from tuttu.ledger.lifecycle import HistoryEntry
from tuttu.vocabulary.library import Action, ContactLimit, Suppression, Treatment
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR, MINUTE, Instant
from tuttu.vocabulary.verdicts import Contact, LimitState, Silence

pytestmark = pytest.mark.laws

ACTIONS, WAYS = ("tv", "kept", "extra"), ("web", "email")


class Names:
    """Everybody by their own name."""

    def pseudonym(self, namespace: str, value: str) -> bytes:
        return f"{namespace}:{value}".encode()


class Made(NamedTuple):
    """A contact so many minutes ago; seen so many minutes after it, if at all."""

    ago: int
    action: str
    how: str
    seen: Sequence[int]

    def entry(self, project: Project, number: int) -> HistoryEntry:
        at = NOON - self.ago * MINUTE
        contact = builders.contact(Names(), project, f"d{number}.1", at, self.action, self.how)
        if self.how == "email":
            return HistoryEntry(contact=contact, reserved=at)
        views = tuple(at + each * MINUTE for each in sorted(self.seen) if each <= self.ago)
        if views:
            contact = replace(contact, state="counted", time=views[0])
        elif self.ago >= 30:
            contact = replace(contact, state="released")
        return HistoryEntry(contact=contact, reserved=at, inbound=True, views=views)


made = st.builds(
    Made,
    st.integers(0, 2 * 24 * 60),
    st.sampled_from(ACTIONS),
    st.sampled_from(("web", "web", "email")),
    st.lists(st.integers(0, 24 * 60), max_size=2),
)
limits = st.builds(
    ContactLimit,
    name=st.just("enough"),
    at_most=st.integers(1, 3),
    window=st.sampled_from([None, 2 * HOUR, DAY, 7 * DAY]),
    channel=st.sampled_from([None, None, "email"]),
    action=st.sampled_from([None, None, "tv"]),
    group=st.sampled_from([None, "household"]),
    where=st.just(HERE),
)


def read(project: Project, own: Sequence[Made], others: Sequence[Made]) -> History:
    def entries(told: Sequence[Made], first: int) -> tuple[HistoryEntry, ...]:
        found = (each.entry(project, number) for number, each in enumerate(told, first))
        return tuple(sorted(found, key=lambda each: (each.contact.time, each.contact.id)))

    moment = as_of(project, NOON, None)
    return History(
        moment, entries(own, 0), {b"anna": entries(others, 50)}, {"household": (b"anna",)}
    )


def ways(project: Project) -> list[tuple[Action, Treatment]]:
    return [
        (project.actions[name], project.actions[name].treatments[way])
        for name in ACTIONS
        for way in WAYS
    ]


def kept(project: Project, history: History, limit: ContactLimit) -> History:
    """As `decision` keeps it: what the limit counts, and what each way would show again."""
    state = history.state(limit)
    states: Mapping[str, LimitState] = {} if state is None else {limit.name: state}
    shown = [history.held(*each) for each in ways(project)]
    offers = {each.id: each for each in shown if each is not None}
    return from_receipt(NOON, project, (), states, offers.values())


def broken(project: Project, history: History, limit: ContactLimit) -> list[bool]:
    return [history.breaks_limit(limit, *each) for each in ways(project)]


@given(own=st.lists(made, max_size=6), others=st.lists(made, max_size=3), limit=limits)
def test_a_limit_is_broken_then_if_it_was(
    project: Project, own: Sequence[Made], others: Sequence[Made], limit: ContactLimit
) -> None:
    history = read(project, own, others)
    rebuilt = kept(project, history, limit)
    assert broken(project, rebuilt, limit) == broken(project, history, limit)


@given(
    own=st.lists(made, max_size=5),
    others=st.lists(made, max_size=2),
    limit=limits,
    chosen=st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(WAYS)), max_size=3),
)
@example(
    own=[Made(60, "tv", "web", (1,))],
    others=[],
    limit=ContactLimit(name="enough", at_most=2, window=None, where=HERE),
    chosen=[("tv", "web")],
)
def test_each_slot_sees_what_the_ones_before_it_took(
    project: Project,
    own: Sequence[Made],
    others: Sequence[Made],
    limit: ContactLimit,
    chosen: Sequence[tuple[str, str]],
) -> None:
    history = read(project, own, others)
    rebuilt = kept(project, history, limit)
    for number, (name, way) in enumerate(chosen):
        action = project.actions[name]
        if history.held(action, action.treatments[way]) is not None:
            continue
        new: Contact = builders.contact(Names(), project, f"n{number}.1", NOON, name, way)
        history, rebuilt = history.adding(new), rebuilt.adding(new)
        assert broken(project, rebuilt, limit) == broken(project, history, limit)


@given(own=st.lists(made, max_size=6), others=st.lists(made, max_size=3), limit=limits)
def test_a_limit_opens_when_it_was_said_to_open(
    project: Project, own: Sequence[Made], others: Sequence[Made], limit: ContactLimit
) -> None:
    history = read(project, own, others)
    rebuilt = kept(project, history, limit)
    opens: Instant | None = rebuilt.opens(limit)
    state = history.state(limit)
    if state is None or state.counted < limit.at_most:
        assert opens is None
        return
    assert opens == history.opens(limit)
    if opens is not None:
        assert any(broken(project, rebuilt.at(opens - 1), limit)) == any(
            broken(project, history.at(opens - 1), limit)
        )
        for later in (history.at(opens), rebuilt.at(opens)):
            assert not any(broken(project, later, limit))
        # For one contact more: how many would fit, the receipt does not say.
        mail = builders.contact(Names(), project, "n1.1", opens, "tv", "email")
        tv = project.actions["tv"]
        full = rebuilt.at(opens).adding(mail)
        assert full.breaks_limit(limit, tv, tv.treatments["email"])


@given(own=st.lists(made, max_size=6), limit=limits)
def test_what_was_shown_and_would_be_again_would_be_then(
    project: Project, own: Sequence[Made], limit: ContactLimit
) -> None:
    history = read(project, own, ())
    rebuilt = kept(project, history, limit)
    for each in ways(project):
        assert rebuilt.held(*each) == history.held(*each)
        assert rebuilt.kept(*each) == history.kept(*each)


def test_the_suppressions_of_a_receipt_are_asked_by_their_own_names(project: Project) -> None:
    """Which actions each may refuse, and until when."""
    rules = [Suppression(name=name, outcome="declined", window=DAY, where=HERE) for name in "abc"]
    silences = [
        Silence(rule="b", action="tv", until=NOON + DAY),
        Silence(rule="c", action="kept", until=NOON + HOUR),
    ]
    history = from_receipt(NOON, project, silences, {}, ())
    asked = [history.may_be_silent(each) for each in rules]
    assert asked == [("action", set()), ("action", {"tv"}), ("action", {"kept"})]
    tv = project.actions["tv"]
    assert [history.silent_until(each, tv) for each in rules] == [None, NOON + DAY, None]
