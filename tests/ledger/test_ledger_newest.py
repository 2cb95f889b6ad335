"""Laws: what a decision sees in the newest contacts is what it would see in all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests import builders
from tests.builders import BOOL, HERE, NOON, TEXT, HandWritten
from tests.laws.memory import Memory

from tuttu import ledger
from tuttu.ledger import ROOM, History, limits, newest, state
from tuttu.ledger.canonical import canonical
from tuttu.ledger.definitions import definitions_of
from tuttu.ledger.lifecycle import HistoryEntry
from tuttu.vocabulary.company import Collection, Company, ElsewhereContact, Profile, Tracking
from tuttu.vocabulary.events import ContactWithdrawn
from tuttu.vocabulary.facts import Body, Logged
from tuttu.vocabulary.history import Behind
from tuttu.vocabulary.library import ContactLimit, Suppression
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR, INTEGER_MAX, MINUTE, Instant, Schema
from tuttu.vocabulary.verdicts import Reason
from tuttu.vocabulary.zones import day_ends, day_in

PEOPLE = ("maija", "phone", "anna")
"""The first two are perhaps one customer, the third of the same household."""
ITEMS = (None, "L1", "L2")
ACTIONS = ("tv", "kept", "line", "notice")
OWN_ZONE = "Asia/Tokyo"


def _answers(action: str) -> dict[str, HandWritten]:
    def answer(event: str) -> HandWritten:
        return HandWritten(
            f"event = '{event}' AND of = '{action}'",
            BOOL,
            lambda row: row["event"] == event and row["of"] == action,
        )

    return {"accepted": answer("Ordered"), "declined": answer("Declined")}


def _limit(name: str, at_most: int, window: int | None = DAY, **scope: str) -> ContactLimit:
    return ContactLimit(name=name, at_most=at_most, window=window, where=HERE, **scope)


def _suppression(outcome: str, times: int, scope: Any) -> Suppression:
    name = f"{outcome} {times} {scope}"
    return Suppression(
        name=name, outcome=outcome, times=times, scope=scope, window=2 * DAY, where=HERE
    )


def _project() -> Project:
    def ways(**web: Any) -> tuple[Any, ...]:
        shown = builders.treatment("front", "web", answer_within=5 * HOUR, **web)
        again = builders.treatment("front", "panel", answer_within=20 * HOUR)
        return shown, again, builders.treatment("email", answer_within=9 * HOUR)

    lines = Collection(name="lines", key="line", events=frozenset(), fields={"line": TEXT}, where=HERE)
    call = ElsewhereContact(
        event="Call Made",
        channel="call",
        purpose="marketing",
        action_from="of",
        outcome_from="result",
        outcome_map={"yes": "accepted", "no": "declined"},
        where=HERE,
    )
    permits = {"web": True, "email": True, "call": True}
    return builders.project(
        company=Company(name="shop", zone="Europe/Helsinki"),
        tracking=Tracking(
            contacts=(call,),
            outcomes={
                "Viewed": "viewed",
                "Clicked": "clicked",
                "Accepted": "accepted",
                "Sent": "sent",
                "Failed": "released",
            },
        ),
        profile=Profile(collections={"lines": lines}),
        purposes=[
            builders.purpose("marketing", "consent", permits),
            builders.purpose("notices", "contract", permits, owed=True),
        ],
        channels=builders.channels(web=False, email=True, call=True),
        surfaces=[
            builders.surface("front", "web"),
            builders.surface("email", "email", outbound=True),
        ],
        actions=[
            builders.action("tv", on=ways(), outcomes=_answers("tv")),
            builders.action("kept", on=ways(holds=DAY), outcomes=_answers("kept")),
            builders.action(
                "line", on=ways(), about="lines", issue_group="care", outcomes=_answers("line")
            ),
            builders.owed("notice", on=ways(fulfils=True)),
        ],
        event_schema=Schema(columns={"event": TEXT, "of": TEXT}),
        policy=replace(
            builders.EMPTY.policy,
            contact_limits=(
                _limit("one", 1),
                _limit("two in two days", 2, 2 * DAY),
                _limit("e-mail", 1, 7 * DAY, channel="email"),
                _limit("tv", 1, 3 * DAY, action="tv"),
                _limit("care", 2, DAY, issue_group="care"),
                _limit("today", 2, None),
                _limit("at home", 2, DAY, group="household"),
                _limit("today at home", 1, None, group="household"),
            ),
            suppressions=(
                _suppression("declined", 1, "action"),
                _suppression("ignored", 2, "action"),
                _suppression("ignored", 2, "issue_group"),
                _suppression("viewed", 2, "purpose"),
            ),
        ),
    )


PROJECT = _project()
CHANGED = replace(
    PROJECT,
    policy=replace(
        PROJECT.policy,
        contact_limits=(*PROJECT.policy.contact_limits, _limit("four", 4, 3 * DAY)),
    ),
)


class Step(NamedTuple):
    """What happens, at which minute, whose identifier says so, of which action, by which way, about
    which item, and of which of the contacts so far."""

    what: str
    at: int
    who: str
    action: str
    way: str
    item: str | None
    of: int


HAPPENINGS = (
    *("made",) * 6,
    *("called",) * 3,
    *("Ordered", "Declined", "Viewed", "Failed") * 2,
    *("withdrawn", "Clicked", "Accepted", "Sent"),
)
_steps = st.lists(
    st.builds(
        Step,
        st.sampled_from(HAPPENINGS),
        st.integers(0, 3 * 24 * 60) | st.integers(0, 180),
        st.sampled_from(["maija", "maija", "maija", *PEOPLE]),
        st.sampled_from(["tv", "tv", *ACTIONS]),
        st.sampled_from(["web", "panel", "email", "email"]),
        st.sampled_from(ITEMS),
        st.integers(-1, 12),
    ),
    max_size=32,
)
_moments = st.lists(st.integers(0, 6 * 24 * 60), min_size=1, max_size=3)


def _bodies(steps: Sequence[Step], *, in_order: bool) -> Iterator[Body]:
    """Each contact has an id of its own, whatever the order in which facts come."""
    ids: list[str] = []
    for number, step in enumerate(sorted(steps, key=lambda one: one.at) if in_order else steps):
        at = NOON + step.at * MINUTE
        named = ids[step.of % len(ids)] if ids and step.of >= 0 else ("?" if step.of < 0 else "")
        more: dict[str, Any] = (
            {"contact_id": named} if step.of % 3 or step.what not in ("Ordered", "Declined") else {}
        )
        about: dict[str, Any] = {"line": step.item} if step.item else {}
        if step.what == "made":
            ids.append(f"d{number}.1")
            item = step.item if step.action == "line" else None
            made = builders.contact(
                Memory(), PROJECT, ids[-1], at, step.action, step.way, step.who, item=item
            )
            yield builders.receipt(made)
        elif step.what == "called":
            result = ("yes", "no", "?")[step.of % 3]
            yield builders.event(
                "Call Made", at, who=step.who, of=step.action, result=result, **about
            )
        elif step.what == "withdrawn":
            if ids and step.of >= 0:
                why = Reason("action_gone", {"action": "tv"})
                yield ContactWithdrawn(contact_id=named, code=why.code, values=why.values)
        else:
            yield builders.event(step.what, at, who=step.who, of=step.action, **{**more, **about})


def _folded(bodies: Sequence[Body], project: Project = PROJECT, first: int = 1) -> Memory:
    memory = Memory()
    _fold(memory, bodies, project, first)
    return memory


def _logged(bodies: Sequence[Body], first: int = 1) -> Iterator[Logged]:
    for position, body in enumerate(bodies, first):
        who = "maija" if isinstance(body, ContactWithdrawn) else None
        yield Logged(position, builders.fact(Memory(), body, NOON, who=who))


def _fold(memory: Memory, bodies: Sequence[Body], project: Project, first: int = 1) -> None:
    folds = ROOM.folds(project)
    for logged in _logged(bodies, first):
        folds[type(logged.fact.body)](memory, logged)


def _read(memory: Memory, project: Project, now: Instant, who: Customer, *, all_: bool) -> History:
    people = [
        each for each in PEOPLE if builders.customer(memory, each).oldest not in who.fragments
    ]
    home = {"household": tuple(builders.customer(memory, each) for each in people)}
    return ledger.read(memory, who, project, now, home, OWN_ZONE, everything=all_)


def _asked(history: History, project: Project) -> dict[object, object]:
    """All that a decision asks of a history."""
    found: dict[object, object] = {"columns": history.columns()}
    actions = [*project.actions.values()]
    for limit in project.policy.contact_limits:
        found[limit.name] = (history.state(limit), history.keys(limit), history.room_in(limit) > 0)
    for item in ITEMS:
        found["about", item] = history.columns_about(item or "", [each.name for each in actions])
        for action in actions:
            for rule in project.policy.suppressions:
                silent = history.silent_until(rule, action, item)
                found[rule.name, action.name, item] = silent
            for reminder in (True, False) if action.purpose == "notices" else ():
                underway = history.underway(action, item, reminder=reminder)
                found["underway", action.name, item, reminder] = underway
            for way in action.treatments.values():
                key = (action.name, way.name, item)
                found["held", key] = (
                    history.held(action, way, item),
                    history.kept(action, way, item),
                )
                for limit in project.policy.contact_limits:
                    found[limit.name, key] = history.breaks_limit(limit, action, way, item)
    return found


def _customers(memory: Memory) -> Iterator[Customer]:
    """One alone, two as one, and all."""
    for size in (1, 2, 3):
        yield builders.customer(memory, *PEOPLE[:size])


def _require_alike(memory: Memory, project: Project, moments: Sequence[int]) -> None:
    for who in _customers(memory):
        for at in moments:
            now = NOON + at * MINUTE
            every = _read(memory, project, now, who, all_=True)
            few = _read(memory, project, now, who, all_=False)
            assert _asked(few, project) == _asked(every, project)
            later = now + 7 * HOUR
            assert _asked(few.at(later), project) == _asked(every.at(later), project)


def _walked(
    people: Mapping[bytes, Iterable[HistoryEntry]], limit: ContactLimit, now: Instant, zone: str
) -> dict[limits.Key, Instant]:
    """What a limit counts, found by asking every contact: the oracle."""
    found: dict[limits.Key, Instant] = {}
    day = day_in(zone)
    for person, entries in people.items():
        for entry in entries:
            contact, held = entry.contact, entry.contact.state == "held"
            scope = (contact.purpose, contact.channel, contact.action, contact.issue_group)
            if contact.state == "released" or not limits.concerns(limit, *scope):
                continue
            if entry.inbound and contact.action is not None:
                made, first = day(entry.reserved), day(contact.time)
                if limit.window is None:
                    made = day(now) if held else first
                times = ((each, day(each)) for each in entry.views)
                showings = [(each, made if on in (made, first) else on) for each, on in times]
                showings.append((contact.time, made))
                keys = [(at, (person, contact.action, contact.item, on)) for at, on in showings]
            else:
                keys, held = [(contact.time, (person, contact.id, None, 0))], False
            for at, key in keys:
                end = now
                if held:
                    end = contact.held_until or INTEGER_MAX
                elif limit.window is not None:
                    end = at + limit.window + 1
                elif day(at) == day(now):
                    end = day_ends(zone, now)
                if now < end:
                    found[key] = max(found.get(key, end), end)
    return found


@pytest.mark.laws
@given(steps=_steps, moments=_moments)
def test_limits_count_as_if_every_contact_was_asked(steps: list[Step], moments: list[int]) -> None:
    """Of more than one too many, those that are counted longest: they say all."""
    memory = _folded([*_bodies(steps, in_order=False)])
    for at in moments:
        now = NOON + at * MINUTE
        each = {
            name: _read(memory, PROJECT, now, builders.customer(memory, name), all_=True)
            for name in PEOPLE
        }
        people: dict[bytes, tuple[HistoryEntry, ...]] = {
            builders.customer(memory, name).oldest: seen.entries for name, seen in each.items()
        }
        own = builders.customer(memory, "maija").oldest
        for limit in PROJECT.policy.contact_limits:
            home = people if limit.group else {own: people[own]}
            asked = {b"" if who == own else who: entries for who, entries in home.items()}
            zone = OWN_ZONE if limit.window is None and not limit.group else "Europe/Helsinki"
            expected, keys = _walked(asked, limit, now, zone), each["maija"].keys(limit)
            assert len(keys) == min(len(expected), limit.at_most + 1)
            assert keys.items() <= expected.items()
            ends = sorted(expected.values(), reverse=True)
            assert sorted(keys.values(), reverse=True) == ends[: len(keys)]
            assert each["maija"].opens(limit) == limits.opening(expected, limit)


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """Records are laid out as soon as they hold a few contacts."""
    with pytest.MonkeyPatch.context() as patch:
        for name, number in (("FIRST", 3), ("MORE", 1), ("PAGE", 3)):
            patch.setattr(newest, name, number)
        yield


def _plain(bodies: Sequence[Body], project: Project = PROJECT) -> Memory:
    """With one record for all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(newest, "FIRST", len(bodies) + 1)
        return _folded(bodies, project)


LATE = [
    *(Step("made", hour * 60, "maija", "tv", "email", None, 0) for hour in (0, *range(30, 37))),
    Step("Ordered", 60, "maija", "tv", "email", None, 0),
]
"""An answer to the first of many comes last."""


FOUND = [
    Step("made", 601, "maija", "tv", "email", "L1", 12),
    Step("made", 91, "phone", "notice", "email", None, 9),
    Step("Declined", 84, "maija", "tv", "email", "L1", 2),
    Step("made", 2416, "phone", "kept", "email", None, 3),
    Step("made", 50, "anna", "line", "panel", "L2", 10),
    Step("made", 2802, "maija", "tv", "email", "L1", 5),
    Step("made", 7, "maija", "tv", "email", "L1", 6),
    Step("made", 3444, "maija", "notice", "email", "L2", 10),
    Step("Viewed", 154, "maija", "kept", "web", "L2", 4),
]
"""Late contacts and an early answer."""


@pytest.mark.laws
@given(steps=_steps, moments=_moments, in_order=st.booleans())
@example(steps=FOUND, moments=[3677], in_order=False)
@example(steps=LATE, moments=[4 * 24 * 60], in_order=False)
def test_a_decision_sees_in_the_newest_what_it_sees_in_all(
    steps: list[Step], moments: list[int], *, in_order: bool
) -> None:
    memory = _folded([*_bodies(steps, in_order=in_order)])
    _require_alike(memory, PROJECT, moments)


@pytest.mark.laws
@given(steps=_steps)
def test_what_is_laid_out_is_still_the_whole(steps: list[Step]) -> None:
    bodies = [*_bodies(steps, in_order=False)]
    laid_out, plain = _folded(bodies), _plain(bodies)
    who = builders.customer(plain, *PEOPLE)
    assert not plain.tables.get("ledger.older")
    assert canonical(laid_out, who, PROJECT) == canonical(plain, who, PROJECT)
    assert laid_out.tables.get("ledger.queue") == plain.tables.get("ledger.queue")
    assert [*ledger.queued(laid_out)] == [*ledger.queued(plain)]
    for fragment in who.fragments:
        record = laid_out.get(state.FRAGMENTS, fragment)
        if record is not None:
            assert state.whole_of(laid_out, fragment, record) == plain.get(
                state.FRAGMENTS, fragment
            )


@pytest.mark.laws
@given(
    steps=_steps,
    moments=_moments,
    places=st.tuples(st.integers(0, 30), st.integers(0, 30)),
    small_before=st.booleans(),
)
def test_a_changed_limit_is_filled_and_the_old_version_reads_on(
    steps: list[Step], moments: list[int], places: tuple[int, int], *, small_before: bool
) -> None:
    """small_before: False: the store is of a time when all contacts were one record."""
    bodies = [*_bodies(steps, in_order=True)]
    first, second = sorted(min(each, len(bodies)) for each in places)
    memory = _folded(bodies[:first]) if small_before else _plain(bodies[:first])
    part = definitions_of(CHANGED).newest
    assert part is not None
    fill = ROOM.filler(CHANGED, Behind({part: 0}))
    for logged in _logged(bodies[:first]):
        fill[type(logged.fact.body)](memory, logged)
    _require_alike(memory, PROJECT, moments[:1])
    _fold(memory, bodies[first:second], PROJECT, first + 1)
    _require_alike(memory, PROJECT, moments[:1])
    for logged in _logged(bodies[first:second], first + 1):
        fill[type(logged.fact.body)](memory, logged)
    for fragment in builders.customer(memory, *PEOPLE).fragments:
        record = memory.get(state.FRAGMENTS, fragment) or state.FragmentRecord()
        if record.older is None:
            assert record.size <= newest.FIRST
        else:
            assert record.older.part == part
    _fold(memory, bodies[second:], CHANGED, second + 1)
    _require_alike(memory, CHANGED, moments)
