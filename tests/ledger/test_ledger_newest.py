"""Laws: what a decision sees in the newest contacts is what it would see in all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from tests import builders
from tests.builders import BOOL, HERE, NOON, TEXT, HandWritten
from tests.laws.memory import Memory
from tests.ledger.contact_histories import ITEMS, PEOPLE, ContactHistory, Step, bodies, require

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
from tuttu.vocabulary.zones import day_ends, day_in

OWN_ZONE = "Asia/Tokyo"
Scale = Callable[[int, int], int]


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
    def ways(
        within: int | None = 5 * HOUR, panel: int | None = 20 * HOUR, **web: Any
    ) -> tuple[Any, ...]:
        shown = builders.treatment("front", "web", answer_within=within, **web)
        again = builders.treatment("front", "panel", answer_within=panel)
        return shown, again, builders.treatment("email", answer_within=9 * HOUR)

    lines = Collection(
        name="lines", key="line", events=frozenset(), fields={"line": TEXT}, where=HERE
    )
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
                "line",
                on=ways(None, None),
                about="lines",
                issue_group="care",
                outcomes=_answers("line"),
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
                _suppression("ignored", 4, "purpose"),
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


def _folded(facts: Sequence[Body], project: Project = PROJECT, first: int = 1) -> Memory:
    memory = Memory()
    _fold(memory, facts, project, first)
    return memory


def _logged(facts: Sequence[Body], first: int = 1) -> Iterator[Logged]:
    for position, body in enumerate(facts, first):
        who = "maija" if isinstance(body, ContactWithdrawn) else None
        yield Logged(position, builders.fact(Memory(), body, NOON, who=who))


def _fold(memory: Memory, facts: Sequence[Body], project: Project, first: int = 1) -> None:
    folds = ROOM.folds(project)
    for logged in _logged(facts, first):
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


def _counts_every_contact(history: ContactHistory) -> None:
    """Of more than one too many, those that are counted longest: they say all."""
    memory = _folded([*bodies(PROJECT, history)])
    for at in history.moments:
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


@pytest.mark.laws
def test_limits_count_as_if_every_contact_was_asked(seed: int, scale: Scale) -> None:
    require(_counts_every_contact, seed, scale(100, 5_000))


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """Records are laid out as soon as they hold a few contacts."""
    with pytest.MonkeyPatch.context() as patch:
        for name, number in (("FIRST", 3), ("MORE", 1), ("PAGE", 3)):
            patch.setattr(newest, name, number)
        yield


def _plain(facts: Sequence[Body]) -> Memory:
    """With one record for all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(newest, "FIRST", len(facts) + 1)
        return _folded(facts)


def _about(what: str, minute: int, number: int = 0) -> Step:
    """Of the contact of this number."""
    return Step(what, minute, "maija", "tv", "email", None, number)


_LATE = [*(_about("made", hour * 60) for hour in (0, *range(30, 37))), _about("Ordered", 60)]
"""An answer to the first of many comes last."""

_SILENT = [
    *(_about("made", each) for each in range(8)),
    *(_about("Sent", 10 + each, each) for each in range(8)),
]
"""None of them is answered: in nine hours each is ignored."""

_TAKEN_BACK = [
    *(
        Step("made", 600 * each, "maija", ("tv", "notice", "kept")[each % 3], "web", None, 0)
        for each in range(8)
    ),
    *(_about("Viewed", 600 * each + 1, each) for each in range(8)),
    *(_about("Failed", 4210 + each, each) for each in range(5, 8)),
]
"""The newest showing of each action did not take place."""

_NEVER_SEEN = [
    *(_about("called", each, 2) for each in range(4)),
    *(
        Step("made", 1000 + each, "maija", action, "web", item, 0)
        for each in range(3)
        for action, item in (("tv", None), ("line", "L1"), ("line", "L2"), ("line", None))
    ),
]
"""Four calls, and then holds that all end."""

_SHOWN_TWICE = [
    step
    for number, (action, way, item) in enumerate(
        [
            ("line", "web", "L1"),
            ("line", "panel", "L1"),
            *(("line", "web", item) for item in ("L2", None)),
            *((action, "web", None) for action in ("notice", "tv", "kept")),
        ]
    )
    for step in (
        Step("made", 2 * number, "maija", action, way, item, 0),
        Step("Viewed", 2 * number + 1, "maija", action, way, item, number),
    )
]
"""Offers that were seen a moment ago, and may be shown again."""

_AT_ONCE = [
    *(Step("called", each, "maija", "notice", "email", None, 2) for each in range(4)),
    _about("Ordered", 100),
    Step("called", 100, "maija", "notice", "email", None, 2),
    _about("made", 100),
]
"""An answer, and then a contact of the same moment."""

_SPEAKS_AT_LAST = [
    *(Step("made", 10 * each, "maija", "line", "email", None, 0) for each in range(5)),
    Step("made", 50, "maija", "tv", "email", None, 0),
    *(_about("Sent", 10 * each, each) for each in range(6)),
    *(Step("made", 650 + each, "maija", "notice", "email", None, 0) for each in range(3)),
    _about("Ordered", 70),
]
"""One of the four newest without an answer is found to have one: an older one is the fourth."""

_SPEAKS_ELSEWHERE = [
    step._replace(who="phone") if step.what == "Ordered" else step for step in _SPEAKS_AT_LAST
]
"""The same answer under another identifier: the pages were laid out without it."""

_TOO_LATE = [
    *_LATE[:-1],
    *(_about("Ordered", 90 * 60 + each) for each in range(8)),
    _about("Ordered", 60),
]
"""Pages hold contacts first, and then answers to none of them."""

_FOUND = [
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


def _the_newest_say_all(history: ContactHistory) -> None:
    _require_alike(_folded([*bodies(PROJECT, history)]), PROJECT, history.moments)


@pytest.mark.laws
def test_a_decision_sees_in_the_newest_what_it_sees_in_all(seed: int, scale: Scale) -> None:
    require(_the_newest_say_all, seed, scale(200, 5_000))


@pytest.mark.parametrize(
    "history",
    [
        ContactHistory(_LATE, [4 * 24 * 60]),
        ContactHistory(_SILENT, [15, 20 * 60]),
        ContactHistory(_TAKEN_BACK, [4220], in_order=True),
        ContactHistory(_NEVER_SEEN, [1001, 1100]),
        ContactHistory(_SHOWN_TWICE, [15]),
        ContactHistory(_AT_ONCE, [200]),
        ContactHistory(_SPEAKS_AT_LAST, [700]),
        ContactHistory(_SPEAKS_ELSEWHERE, [700]),
        ContactHistory(_TOO_LATE, [97 * 60]),
        ContactHistory(_FOUND, [3677]),
    ],
    ids=[
        *("late", "silent", "taken back", "never seen", "shown twice", "at once"),
        *("speaks at last", "speaks elsewhere", "too late", "found"),
    ],
)
def test_what_changes_later_is_seen_in_the_newest(history: ContactHistory) -> None:
    _the_newest_say_all(history)


def test_who_answers_again_has_answered_in_time() -> None:
    """Of several answers of one name the last one is kept: it may be too late by itself."""
    steps = [_about("made", 0), _about("Accepted", 60), _about("Accepted", 10 * 60)]
    memory = _folded([*bodies(PROJECT, ContactHistory(steps, [], in_order=True))])
    who = builders.customer(memory, "maija")
    seen = _read(memory, PROJECT, NOON + DAY, who, all_=True)
    assert "answered.tv.ignored" not in seen.columns()
    assert seen.at(NOON + 2 * DAY).columns() == seen.columns()


def _is_the_whole(history: ContactHistory) -> None:
    facts = [*bodies(PROJECT, history)]
    laid_out, plain = _folded(facts), _plain(facts)
    who = builders.customer(plain, *PEOPLE)
    assert not plain.tables.get("ledger.older")
    assert canonical(laid_out, who, PROJECT) == canonical(plain, who, PROJECT)
    assert laid_out.tables.get("ledger.queue") == plain.tables.get("ledger.queue")
    assert [*ledger.queued(laid_out)] == [*ledger.queued(plain)]
    for fragment in who.fragments:
        record = laid_out.get(state.FRAGMENTS, fragment)
        if record is not None:
            whole = state.whole_of(laid_out, fragment, record)
            assert whole == plain.get(state.FRAGMENTS, fragment)


@pytest.mark.laws
def test_what_is_laid_out_is_still_the_whole(seed: int, scale: Scale) -> None:
    require(_is_the_whole, seed, scale(100, 2_000))


def _is_filled(history: ContactHistory) -> None:
    """Between the places both versions are there: the old one folds and reads, the new one is
    filled."""
    facts = [*bodies(PROJECT, history._replace(in_order=True))]
    first, second = (min(each, len(facts)) for each in history.places)
    memory = _plain(facts[:first]) if history.plain else _folded(facts[:first])
    part = definitions_of(CHANGED).newest
    assert part is not None
    fill = ROOM.filler(CHANGED, Behind({part: 0}))
    for logged in _logged(facts[:first]):
        fill[type(logged.fact.body)](memory, logged)
    _require_alike(memory, PROJECT, history.moments[:1])
    _fold(memory, facts[first:second], PROJECT, first + 1)
    _require_alike(memory, PROJECT, history.moments[:1])
    for logged in _logged(facts[first:second], first + 1):
        fill[type(logged.fact.body)](memory, logged)
    for fragment in builders.customer(memory, *PEOPLE).fragments:
        record = memory.get(state.FRAGMENTS, fragment) or state.FragmentRecord()
        if record.older is None:
            assert record.size <= newest.FIRST
        else:
            assert record.older.part == part
    _fold(memory, facts[second:], CHANGED, second + 1)
    _require_alike(memory, CHANGED, history.moments)


@pytest.mark.laws
def test_a_changed_limit_is_filled_and_the_old_version_reads_on(seed: int, scale: Scale) -> None:
    require(_is_filled, seed, scale(100, 2_000))


def test_answers_to_no_contact_join_no_page() -> None:
    """Orders of years, that come newest first, of a customer whom nobody contacted."""
    facts = [
        *bodies(PROJECT, ContactHistory([_about("Ordered", -each) for each in range(200)], []))
    ]
    memory = _folded(facts)
    pages = len(memory.tables["ledger.older"])
    assert pages > 40
    memory.read.clear()
    _fold(memory, [*bodies(PROJECT, ContactHistory([_about("Ordered", -200)], []))], PROJECT, 201)
    assert len(memory.read) < 8


def test_what_was_sent_before_it_was_told_waits_no_more() -> None:
    """A contact that comes so late that it lies on a page, and whose report came before it."""
    steps = [*(_about("made", 600 * each) for each in range(3, 10)), _about("made", 0)]
    sent = [_about("Sent", 600 * each, each - 3) for each in range(3, 10)]
    facts = [*bodies(PROJECT, ContactHistory([*steps, *sent, _about("Sent", 1, 7)], []))]
    told = [facts[-1], *facts[:7], *facts[8:-1], facts[7]]
    laid_out, plain = _folded(told), _plain(told)
    record = laid_out.get(state.FRAGMENTS, builders.customer(plain, "maija").oldest)
    assert record is not None
    assert "d7.1" not in record.contacts
    assert [*ledger.queued(laid_out)] == [*ledger.queued(plain)]


def test_a_record_keeps_few_of_many_contacts() -> None:
    made = [Step("made", 60 * each, "maija", "tv", "email", None, 0) for each in range(60)]
    memory = _folded([*bodies(PROJECT, ContactHistory(made, []))])
    record = memory.get(state.FRAGMENTS, builders.customer(memory, "maija").oldest)
    assert record is not None
    assert record.size < 20


def test_answers_from_before_there_were_items_keep_their_digest() -> None:
    steps = [_about("Ordered", 1), Step("Declined", 2, "maija", "line", "web", "L1", -1)]
    memory = _folded([*bodies(PROJECT, ContactHistory(steps, []))])
    digest = canonical(memory, builders.customer(memory, "maija"), PROJECT)["answers"]
    assert [len(each) for each in digest] == [5, 4]
    assert digest[0][-1] == "L1"
