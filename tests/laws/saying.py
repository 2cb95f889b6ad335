"""What senders say to the company of the laws: calls about few people who meet often."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from hypothesis import strategies as st

from tuttu import engine as use
from tuttu.engine import Runtime
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.values import DAY, HOUR, MINUTE, Instant

COMPANY = Path(__file__).parent / "company"
START: Instant = 1_772_366_400 * 1_000_000
"""2026-03-01T12:00:00Z: the present in which every story of the laws begins."""

Name = tuple[str, str]
"""A namespace and a value, as tuttu keeps it."""

VALUES = {
    "crm_id": ["C1", "C2"],
    "user_id": ["maija", "matti", "anna"],
    "email": ["m@x.fi", "k@x.fi"],
    "phone": ["+358401234567", "+358407654321"],
    "anonymous_id": ["a1", "a2", "a3"],
    "device": ["tv"],
}
NAMES: list[Name] = [(kind, value) for kind, values in VALUES.items() for value in values]
SPELLINGS: dict[Name, list[str]] = {
    ("email", "m@x.fi"): ["m@x.fi", " M@X.fi", "\u200bm@X.FI\ufeff", "mailto:m@x.fi."],
    ("phone", "+358401234567"): ["+358 40 1234567", "00358-40-1234567", "+358401234567"],
}
NOBODY: list[Name] = [
    ("user_id", "unknown"),
    ("user_id", " UNKNOWN "),
    ("user_id", "0000000"),
    ("email", "Shop@Example.com"),
    ("email", "x@example.invalid"),
    ("email", "nobody"),
    ("crm_id", "[object Object]"),
    ("device", "NaN"),
    ("phone", " "),
    ("phone", "112"),
]
"""What names nobody: blocked, blank, a program's word, or of another shape."""
PURPOSES = ("service", "marketing", "profiling")
CHANNELS = ("web", "email", "call")


class Said(msgspec.Struct, frozen=True):
    """One call. who: whom it names, the highest priority first; spelt: the same as it is written,
    with what names nobody. at: the sender's own time; sent: when they sent it, by their clock."""

    id: str
    call: str
    who: tuple[Name, ...]
    spelt: tuple[Name, ...]
    content: dict[str, Any]
    at: Instant | None
    sent: Instant | None = None

    def time(self, received: Instant) -> Instant:
        """Effective, by Segment's rule."""
        if self.at is None:
            return received
        corrected = self.at if self.sent is None else received - (self.sent - self.at)
        return min(corrected, received)

    def wire(self) -> dict[str, Any]:
        names = [each for each in self.spelt if each[0] not in {"user_id", "anonymous_id"}]
        external = [{"type": kind, "id": value} for kind, value in names]
        call = {
            "type": self.call,
            "messageId": self.id,
            "context": {"externalIds": external},
            **self.content,
        }
        users = [value for kind, value in self.spelt if kind == "user_id"]
        if self.call == "alias":
            call["userId"], call["previousId"] = users
        elif users:
            call["userId"] = users[0]
        for kind, value in self.spelt:
            if kind == "anonymous_id":
                call["anonymousId"] = value
        if self.at is not None:
            call["timestamp"] = format_instant(self.at)
        if self.sent is not None:
            call["sentAt"] = format_instant(self.sent)
        return call


def contents() -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """Call and what stands in it."""
    sizes = st.sampled_from([38, 42])
    total = st.sampled_from([5, 12.5, 30])
    ticket = st.sampled_from(["T1", "T2"])
    fixed = st.sampled_from
    tracks = st.one_of(
        _track("Report Viewed"),
        _track("Order Completed", total=total, shoe_size=sizes),
        _track("Order Completed", total=total, products=st.just([{"category": "shoes"}])),
        _track("Ticket Opened", ticket_id=ticket, status=st.just("open")),
        _track(
            "Ticket Resolved",
            ticket_id=ticket,
            status=st.just("resolved"),
            resolved_at=fixed([format_instant(START - DAY), format_instant(START)]),
        ),
        _track("Row Imported", shoe_size=sizes, household_id=fixed(["H1", "H2"])),
        _track("Sales Call Made", offer=st.just("shoes"), result=fixed(["sold", "no thanks", "-"])),
    )
    every: dict[str, Any] = {"purpose": fixed(PURPOSES)}
    choices = st.one_of(
        [
            _track(event, **said)
            for event in ("Consent Given", "Consent Withdrawn")
            for said in (every, {**every, "channel": fixed(CHANNELS)})
        ]
    )
    traits = st.fixed_dictionaries(
        {}, optional={"name": fixed(["Maija", "Matti"]), "shoe_size": sizes}
    )
    identify = traits.map(lambda said: ("identify", {"traits": said}))
    return st.one_of(
        tracks, choices, identify, st.just(("page", {"name": "Home"})), st.just(("alias", {}))
    )


def _track(event: str, **properties: Any) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    said = st.fixed_dictionaries(properties)
    return said.map(lambda found: ("track", {"event": event, "properties": found}))


@st.composite
def whos(draw: st.DrawFn, call: str) -> tuple[tuple[Name, ...], tuple[Name, ...]]:
    """Whom a call names, and how it is written: one to three people, at most one value of each
    namespace but in an alias."""
    kinds = draw(st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=3, unique=True))
    if call == "alias":
        kinds = [kind for kind in kinds if kind != "user_id"]
        users = draw(st.permutations(VALUES["user_id"]))[:2]
    else:
        users = [draw(st.sampled_from(VALUES["user_id"]))] if "user_id" in kinds else []
    chosen = {kind: [draw(st.sampled_from(VALUES[kind]))] for kind in kinds}
    chosen["user_id"] = users
    who = tuple((kind, value) for kind in VALUES for value in chosen.get(kind, ()))
    spelt = [
        (kind, draw(st.sampled_from(SPELLINGS.get((kind, value), [value])))) for kind, value in who
    ]
    nobody = draw(st.none() | st.sampled_from(NOBODY))
    if nobody is not None and nobody[0] not in chosen:
        spelt.append(nobody)
    return who, tuple(spelt)


@st.composite
def said(draw: st.DrawFn, number: int, now: Instant, *, early: bool = True) -> Said:
    """One call; early: it may claim to be of the future, or be sent by a clock that is wrong."""
    call, content = draw(contents())
    who, spelt = draw(whos(call))
    ages = [0, MINUTE, HOUR, 3 * HOUR, DAY, 5 * DAY, 9 * DAY, 40 * DAY]
    at: Instant | None = now - draw(st.sampled_from(ages))
    sent = None
    if early:
        kind = draw(st.sampled_from(["late", "late", "late", "early", "undated", "skewed"]))
        if kind == "early":
            at = now + draw(st.sampled_from([MINUTE, 2 * HOUR, DAY]))
        elif kind == "undated":
            at = None
        elif kind == "skewed":
            sent = now + draw(st.sampled_from([-DAY, HOUR]))
    return Said(f"m{number}", call, who, spelt, content, at, sent)


def tell(engine: Runtime, calls: Sequence[Said], random: Random) -> None:
    """Any order, any batching, some of it twice: what a sender may do with one set of events."""
    again = [each for each in calls if random.random() < 0.3]
    left = random.sample([*calls, *again], len(calls) + len(again))
    while left:
        size = random.randint(1, len(left))
        batch, left = left[:size], left[size:]
        if size == 1 and random.random() < 0.5:
            send(engine, batch[0].call, batch[0].wire())
        else:
            send(engine, "batch", {"batch": [each.wire() for each in batch]})


def send(engine: Runtime, route: str, body: dict[str, Any]) -> int:
    """How many were new; nothing may be refused."""
    outcome = use.accept(engine, route, json.dumps(body).encode(), None, "laws")
    assert not outcome.refused, outcome
    return outcome.accepted


def stories(least: int = 1, most: int = 10, *, early: bool = True) -> st.SearchStrategy[list[Said]]:
    """Calls with one content for each id."""
    return (
        st.integers(least, most)
        .flatmap(
            lambda count: st.tuples(*(said(number, START, early=early) for number in range(count)))
        )
        .map(list)
    )


def label(name: Name) -> str:
    return f"{name[0]}:{name[1]}"
