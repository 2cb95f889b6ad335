"""Another version of the project: which may follow, and what of the outbox it can still make."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests import builders
from tests.builders import HERE, INTEGER, NOON, TEXT
from tests.laws.memory import Memory

from tuttu import ledger
from tuttu.ledger import ROOM, queued, withdrawal_reason
from tuttu.ledger.definitions import QUEUE_PART, definitions_of, only
from tuttu.ledger.lifecycle import may_be_about
from tuttu.vocabulary.company import Collection, Company, Profile, Resource, Tracking
from tuttu.vocabulary.events import ContactWithdrawn
from tuttu.vocabulary.facts import Body, Logged
from tuttu.vocabulary.history import Behind, part
from tuttu.vocabulary.library import Action
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Type
from tuttu.vocabulary.verdicts import Contact, Reason, Receipt


def counted(zone: str = "UTC", **per: Any) -> Project:
    resources = [Resource(name=name, amount=1, per=each, where=HERE) for name, each in per.items()]
    return builders.project(company=Company(name="shop", zone=zone), resources=resources)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (counted(a="day"), counted(a="day"), []),
        (counted(a="day"), counted(b="week"), []),
        (counted(a="day"), counted(a="week"), ["another period for the resource `a`"]),
        (counted(a=None), counted(a="year"), ["another period for the resource `a`"]),
        (counted(a="day"), counted(a=None), ["another period for the resource `a`"]),
        (counted(a=None), counted("Asia/Tokyo", a=None), []),
        (
            counted(a="day", b=None, c="year"),
            counted("Asia/Tokyo", a="day", b=None, c="year", d="day"),
            [
                "another time zone for the resource `a`",
                "another time zone for the resource `c`",
            ],
        ),
        (
            counted(a="day"),
            counted("Asia/Tokyo", a="week"),
            ["another period for the resource `a`"],
        ),
    ],
)
def test_use_stays_counted_by_one_period_and_zone(
    before: Project, after: Project, found: list[str]
) -> None:
    faults = [str(each) for each in ROOM.can_follow(before, after)]
    assert len(faults) == len(found)
    for text, words in zip(faults, found, strict=True):
        assert words in text


LETTER = builders.treatment("email", "letter")
OFFER = builders.action("tv", on=(LETTER,))
EMAIL = {
    "channels": builders.channels(email=True),
    "surfaces": [builders.surface("email", "email", outbound=True)],
}


def waiting(contact: Contact, *actions: Action) -> str | None:
    project = msgspec.structs.replace(
        builders.project(actions=list(actions), **EMAIL), digest="0123456789abcdef"
    )
    reason = withdrawal_reason(project, contact)
    if reason is not None:
        assert reason.values["action"] == "tv"
        assert reason.values["version"] == "0123456789ab"
    return None if reason is None else reason.code


def test_what_waits_is_made_by_the_version_that_can_make_it() -> None:
    project = builders.project(actions=[OFFER], **EMAIL)
    with builders.opened(project, ledger) as store:
        contact = builders.contact(store, project, "d1.1", NOON, "tv", "letter")
        builders.commit(store, builders.fact(store, builders.receipt(contact)))
        with store.read() as snapshot:
            assert [*queued(snapshot)] == [contact]
    assert waiting(contact, OFFER) is None
    assert waiting(contact, msgspec.structs.replace(OFFER, status="paused")) is None
    assert waiting(contact) == "action_gone"
    assert waiting(contact, msgspec.structs.replace(OFFER, status="retired")) == "action_retired"
    assert waiting(contact, builders.action("tv", on=("email",))) == "treatment_gone"
    moved = msgspec.structs.replace(LETTER, surface="post")
    assert waiting(contact, builders.action("tv", on=(moved,))) == "surface_changed"


def test_what_was_withdrawn_is_not_made_unless_it_was() -> None:
    tracking = Tracking(outcomes={"Sent": "sent"})
    project = builders.project(actions=[OFFER], tracking=tracking, **EMAIL)
    why = Reason("action_gone", {"action": "tv"})
    with builders.opened(project, ledger) as store:
        contact = builders.contact(store, project, "d1.1", NOON, "tv", "letter")
        withdrawn = ContactWithdrawn(contact_id="d1.1", code=why.code, values=why.values)
        sent = builders.event("Sent", NOON + 9, contact_id="d1.1")
        bodies: list[Body] = [builders.receipt(contact), withdrawn, sent]
        seen = []
        for at, body in enumerate(bodies):
            builders.commit(store, builders.fact(store, body, NOON + at))
            with store.read() as snapshot:
                who = builders.customer(snapshot, "maija")
                history = ledger.read(snapshot, who, project, NOON + 20, {})
                waits = [each.id for each in queued(snapshot)]
            seen.append((history.contacts[0].state, history.withdrawn(), waits))
    assert seen == [
        ("queued", {}, ["d1.1"]),
        ("released", {"d1.1": (NOON + 1, why)}, []),
        ("counted", {}, []),
    ]


def test_by_a_channel_that_is_declared_no_more_each_contact_counts() -> None:
    """How it was shown is not known any more: a limit counts rather too much than too little."""
    offer = builders.action("tv", on=(builders.treatment("front", "web"),))
    web = {"actions": [offer], "surfaces": [builders.surface("front", "web")]}
    before = builders.project(channels=builders.channels(web=False), **web)
    limit = builders.contact_limit("enough", 1)
    tracking = Tracking(outcomes={"Seen": "viewed"})
    with builders.opened(msgspec.structs.replace(before, tracking=tracking), ledger) as store:
        for number in range(2):
            made = builders.contact(store, before, f"d{number}.1", NOON + number, "tv", "web")
            seen = builders.event("Seen", NOON + number, contact_id=made.id)
            builders.commit(store, builders.fact(store, builders.receipt(made)))
            builders.commit(store, builders.fact(store, seen))
        counts = []
        for project in (before, builders.project(**web)):
            read = msgspec.structs.replace(project, tracking=tracking)
            with store.read() as snapshot:
                who = builders.customer(snapshot, "maija")
                history = ledger.read(snapshot, who, read, NOON + 5, {})
            counts.append(len(history.keys(limit)))
    assert counts == [1, 2]


def test_an_answer_about_an_item_is_another_where_the_item_is_named_otherwise() -> None:
    """So that it is folded from the log anew: the events say another item, or none."""

    def parts(about: str | None, key: str = "id", kind: Type = TEXT) -> frozenset[bytes]:
        lines = Collection(
            name="lines", key=key, events=frozenset(), fields={key: kind}, where=HERE
        )
        declined = builders.column("declined")
        action = builders.action("tv", about=about, outcomes={"declined": declined})
        project = builders.project(profile=Profile(collections={"lines": lines}), actions=[action])
        return definitions_of(project).parts

    every = [parts(None), parts("lines"), parts("lines", "sku"), parts("lines", "id", INTEGER)]
    assert len({*every}) == 4
    assert parts(None, "sku") == parts(None)


@pytest.mark.parametrize(("per", "said"), [(None, "no `per` as before"), ("day", "day as before")])
def test_a_resource_may_stay_as_it_was(per: str | None, said: str) -> None:
    (fault,) = ROOM.can_follow(counted(a=per), counted(a="week"))
    assert said in fault.expected


def test_a_store_without_the_list_of_what_waits_is_given_it() -> None:
    project = builders.project(actions=[OFFER], **EMAIL)
    made = builders.contact(Memory(), project, "d1.1", NOON, "tv", "letter")
    memory, logged = Memory(), Logged(1, builders.fact(Memory(), builders.receipt(made)))
    ROOM.folds(project)[Receipt](memory, logged)
    listed = memory.tables.pop("ledger.queue")
    assert len(listed) == 1
    ROOM.filler(project, Behind({part("another"): 0}))[Receipt](memory, logged)
    assert "ledger.queue" not in memory.tables
    ROOM.filler(project, Behind({QUEUE_PART: 0}))[Receipt](memory, logged)
    assert memory.tables["ledger.queue"] == listed


def test_what_waits_no_more_is_not_put_into_a_new_list() -> None:
    project = builders.project(actions=[OFFER], **EMAIL)
    made = builders.contact(Memory(), project, "d1.1", NOON, "tv", "letter")
    gone = ContactWithdrawn(contact_id="d1.1", code="action_gone", values={"action": "tv"})
    memory = Memory()
    facts = [
        Logged(1, builders.fact(Memory(), builders.receipt(made))),
        Logged(2, builders.fact(Memory(), gone, NOON, who="maija")),
    ]
    for logged in facts:
        ROOM.folds(project)[type(logged.fact.body)](memory, logged)
    ROOM.filler(project, Behind({QUEUE_PART: 0}))[Receipt](memory, facts[0])
    assert not memory.tables.get("ledger.queue")


def test_the_list_of_what_waits_is_a_part_of_its_own() -> None:
    whole = definitions_of(builders.project(actions=[OFFER], **EMAIL))
    assert whole.parts == {QUEUE_PART, whole.newest}
    assert only(whole, frozenset()).parts == frozenset()
    assert only(whole, whole.parts) == whole


def test_a_contact_concerns_its_own_item_or_any_where_it_is_not_known() -> None:
    project = builders.project(actions=[OFFER], **EMAIL)
    of_none = builders.contact(Memory(), project, "d1.1", NOON, "tv", "letter")
    of_one = msgspec.structs.replace(of_none, item="line 1")
    asked = (None, "line 1", "line 2")
    assert [may_be_about(of_none, item) for item in asked] == [True, True, True]
    assert [may_be_about(of_one, item) for item in asked] == [True, True, False]
