"""Facts of the company of the laws, without a store: events, decisions, words at a door."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st
from tests.laws.memory import pseudonym
from tests.laws.saying import CHANNELS, NAMES, PURPOSES, START, Name, Said, stories

from tuttu.vocabulary.events import (
    ContactWithdrawn,
    Event,
    Identifier,
    PreferenceSet,
    ResourceSet,
    Unmerge,
)
from tuttu.vocabulary.facts import Body, Fact
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, HOUR, MINUTE
from tuttu.vocabulary.verdicts import Contact, Receipt

CONTACTS = ["c0", "c1", "c2"]
TIMES = [START - 9 * DAY, START - DAY, START - HOUR, START]


def fact(body: Body, time: int, name: str, who: Name | None = None) -> Fact:
    """name: unique among facts."""
    fragment = None if who is None else pseudonym(*who)
    return Fact(id=name, fragment=fragment, time=time, received=max(time, START), body=body)


def event(said: Said, project: Project) -> Fact:
    """As intake makes it of a call."""
    called = said.content.get("event") or project.tracking.names.get(said.call, said.call)
    body = Event(
        id=said.id,
        call=said.call,
        name=called,
        identifiers=tuple(Identifier(*each) for each in said.who),
        time=said.time(START),
        received=START,
        source=project.tracking.sources.get(called, "told"),
        properties=msgspec.json.encode(said.content.get("properties", {})),
        traits=msgspec.json.encode(said.content.get("traits", {})),
    )
    return fact(body, body.time, said.id, said.who[0])


def receipt(contact_id: str, who: Name, time: int, *, queued: bool) -> Fact:
    """A decision that made one contact."""
    contact = Contact(
        id=contact_id,
        fragment=pseudonym(*who),
        action="voucher",
        treatment="email" if queued else "web",
        issue_group="offers",
        owner="sales",
        purpose="marketing",
        channel="email" if queued else "web",
        surface=None if queued else "front",
        state="queued" if queued else "held",
        time=time,
        held_until=None if queued else time + 30 * MINUTE,
        answer_within=3 * DAY,
        decision_id=f"of {contact_id}",
        uses={"vouchers": 1, "call_minutes": 5},
    )
    body = Receipt(
        id=f"of {contact_id}",
        now=time,
        customer=contact.fragment,
        position=0,
        surfaces=("front",),
        choices=(),
        verdicts=(),
        arm="normal",
        seed=0,
        contacts=(contact,),
        who=Identifier(*who),
    )
    return fact(body, time, body.id, who)


def reported(name: str, number: int, who: Name, contact_id: str, time: int) -> Fact:
    """An event that names a contact."""
    body = Event(
        id=f"r{number}",
        call="track",
        name=name,
        identifiers=(Identifier(*who),),
        time=time,
        received=max(time, START),
        properties=msgspec.json.encode({"contact_id": contact_id, "offer": "shoes"}),
    )
    return fact(body, time, body.id, who)


def chosen(who: Name, purpose: str, channel: str, allowed: bool, time: int, number: int) -> Fact:
    """A choice at a door."""
    body = PreferenceSet(
        purpose=purpose, channel=channel, allowed=allowed, by="law", who=Identifier(*who)
    )
    return fact(body, time, f"p{number}", who)


def histories(project: Project) -> st.SearchStrategy[list[Fact]]:
    """Facts in any order: reports before their contacts too."""
    names, times, contacts = (st.sampled_from(each) for each in (NAMES, TIMES, CONTACTS))
    number = st.integers(0, 99)
    of_doors = st.one_of(
        st.builds(
            lambda one, other, time, n: fact(
                Unmerge(one=Identifier(*one), other=Identifier(*other), by="law"), time, f"u{n}"
            ),
            *(names, names, times, number),
        ),
        st.builds(
            chosen,
            *(names, st.sampled_from(PURPOSES), st.sampled_from(CHANNELS), st.booleans()),
            *(times, number),
        ),
        st.builds(
            lambda amount, time, n: fact(
                ResourceSet(name="vouchers", amount=amount, by="law"), time, f"a{n}"
            ),
            *(st.integers(0, 3), times, number),
        ),
        st.builds(
            lambda contact, time, n: fact(
                ContactWithdrawn(contact_id=contact, reason="gone"), time, f"w{n}"
            ),
            *(contacts, times, number),
        ),
        st.builds(
            lambda contact, who, time, queued: receipt(contact, who, time, queued=queued),
            *(contacts, names, times, st.booleans()),
        ),
        st.builds(
            reported,
            st.sampled_from(["Offer Viewed", "Offer Declined"]),
            *(number, names, contacts, times),
        ),
    )
    said = stories(0, 10).map(lambda calls: [event(call, project) for call in calls])
    both = st.tuples(said, st.lists(of_doors, max_size=12)).map(lambda pair: [*pair[0], *pair[1]])
    return both.flatmap(st.permutations)


def story(project: Project) -> list[Fact]:
    """One of each that leaves something in a table; what belongs together comes out of order."""
    maija, matti, tablet = ("user_id", "maija"), ("user_id", "matti"), ("anonymous_id", "a1")
    mail, calls = ("email", "m@x.fi"), list[Said]()

    def told(called: str, who: tuple[Name, ...], at: int, call: str = "track", **said: Any) -> None:
        content = {"traits": said} if call == "identify" else {"event": called, "properties": said}
        calls.append(Said(f"m{len(calls)}", call, who, who, content, at))

    for number in range(70):
        told("Report Viewed", (maija,), START - 5 * DAY + number * MINUTE)
    told("Order Completed", (maija, tablet), START - DAY, total=30, shoe_size=42)
    told("Order Completed", (maija,), START - 40 * DAY, total=5)
    told("Order Completed", (tablet,), START - HOUR, total=12.5)
    told("Order Completed", (maija,), START - HOUR, total=7, shoe_size=None)
    told("Page Viewed", (tablet,), START - 4 * DAY)
    told("", (maija, mail), START - 2 * DAY, "identify", name="Maija", shoe_size=38)
    told("", (matti, mail), START - DAY, "identify", name="Matti")
    told("Row Imported", (maija,), START - 3 * DAY, household_id="H1", shoe_size=40)
    told("Row Imported", (matti,), START - 3 * DAY, household_id="H1")
    told("Row Imported", (matti,), START - DAY, household_id="H2")
    told("Ticket Resolved", (maija,), START - HOUR, ticket_id="T1", status="resolved")
    told("Ticket Opened", (maija,), START - DAY, ticket_id="T1", status="open")
    told("Ticket Opened", (tablet,), START - DAY, ticket_id="T2")
    told("Consent Withdrawn", (maija,), START - DAY, purpose="marketing")
    told("Consent Given", (maija,), START - 2 * DAY, purpose="marketing", channel="email")
    told("Sales Call Made", (matti,), START - DAY, offer="shoes", result="sold")
    choice = PreferenceSet(purpose="service", channel="web", allowed=False, by="law")
    return [
        *(event(each, project) for each in calls),
        fact(choice, START - HOUR, "p0", matti),
        fact(ResourceSet(name="vouchers", amount=3, by="law"), START - DAY, "a0"),
        reported("Offer Viewed", 0, tablet, "c0", START - HOUR),
        receipt("c0", maija, START - HOUR, queued=False),
        receipt("c1", maija, START - 2 * HOUR, queued=False),
        receipt("c2", matti, START - HOUR, queued=True),
        receipt("c3", matti, START - DAY, queued=True),
        reported("Offer Declined", 1, maija, "c1", START),
        reported("Offer Viewed", 2, matti, "nobody's", START),
        fact(ContactWithdrawn(contact_id="c3", reason="gone"), START, "w0"),
        fact(Unmerge(one=Identifier(*maija), other=Identifier(*mail), by="law"), START, "u0"),
    ]
