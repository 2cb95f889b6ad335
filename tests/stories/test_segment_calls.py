"""Segment's own sample calls, as its SDKs send them, and who they make of whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
import pytest

if TYPE_CHECKING:
    from tests.stories.conftest import Company, Copy, Open
else:
    Company = Copy = Open = Any

pytestmark = pytest.mark.stories

SEGMENT = Path(__file__).parent / "segment"
MOMENT = "2026-03-05T09:00:00Z"
SENDER = "NTI3ODQ3ZmUtODgxNC00MjhiLTk0YjctM2JlNGQ5OGFlNGE3"
ROUTES = ("identify", "track", "page", "screen", "group", "alias")
CALLS_OF = {
    "prateek": {"identify", "track", "page", "group"},
    SENDER: {"advance-identify"},
    "nhi": {"screen", "advance-screen", "advance-track", "advance-group"},
    "currentUser": {"alias", "advance-alias"},
}
"""The calls by file, and whose timeline must show them."""
TWO = ("user_id:anna", "anonymous_id:tablet")
PARTS = ("properties", "traits", "context", "integrations")
Raws = dict[str, msgspec.Raw]


class Page(msgspec.Struct):
    """A timeline with its parts as they stand in the answer, byte for byte."""

    entries: list[Raws]


@pytest.fixture(scope="session")
def calls(data: Path) -> dict[str, str]:
    """The text of each call by the name of its file: `{{id}}` replaced, a messageId added."""
    return {
        path.stem: path.read_text("utf-8")
        .replace("{{id}}", f"id of {path.stem}")
        .replace("{", f'{{"messageId": "{path.stem}",', 1)
        for path in sorted((data / "segment_calls").glob("*.json"))
    }


def tell(company: Company, calls: dict[str, str]) -> Company:
    """Each call to its own route, a minute apart."""
    for number, text in enumerate(calls.values()):
        company.set_clock(f"2026-03-05T09:{number:02d}:00Z")
        route = json.loads(text)["type"]
        assert route in ROUTES
        answer = company.client.post(f"/v1/{route}", content=text.encode())
        assert (answer.status_code, answer.json()) == (200, {"success": True, "accepted": 1})
    return company


@pytest.fixture(scope="module")
def known(copy: Copy, shared: Open, calls: dict[str, str]) -> Company:
    """The company that was told all calls; nothing more is told it."""
    return tell(shared(copy(SEGMENT, "segment"), MOMENT), calls)


@pytest.fixture
def told(copy: Copy, opened: Open, calls: dict[str, str]) -> Company:
    """The same for one test alone."""
    return tell(opened(copy(SEGMENT, "segment"), MOMENT), calls)


def names(company: Company, who: str) -> set[str]:
    """All identifiers of a customer, as ``user_id:nhi``."""
    found = company.customer(quote(who, safe=""))["identifiers"]
    return {f"{namespace}:{value}" for each in found for namespace, value in each.items()}


def raw_timeline(company: Company, who: str) -> dict[str, Raws]:
    """The entries that are calls, by messageId."""
    answer = company.client.get(f"/v1/customers/{who}/timeline")
    entries = msgspec.json.decode(answer.content, type=Page).entries
    found = {msgspec.json.decode(entry["id"], type=str): entry for entry in entries}
    return {
        name: found[name] for name in found if msgspec.json.decode(found[name]["kind"]) in ROUTES
    }


def test_eleven_calls_and_again_in_one_batch_are_eleven_events(
    known: Company, calls: dict[str, str]
) -> None:
    assert len(calls) == 11
    before = known.digest()
    body = f'{{"batch": [{",".join(calls.values())}]}}'
    answer = known.client.post("/v1/batch", content=body.encode())
    assert (answer.status_code, answer.json()) == (200, {"success": True, "duplicates": 11})
    shown = [name for who in CALLS_OF for name in raw_timeline(known, who)]
    assert sorted(shown) == sorted(calls)
    assert known.digest() == before


def test_they_are_four_customers(known: Company) -> None:
    assert names(known, "prateek") | names(known, SENDER) == {
        "user_id:prateek",
        f"user_id:{SENDER}",
        "anonymous_id:903875325897329587",
    }
    assert "user_id:prateek" not in names(known, SENDER)
    assert names(known, "nhi") == {
        "user_id:nhi",
        "anonymous_id:anon=ABCD",
        "anonymous_id:anon100",
    }
    joined = {"user_id:currentUser", "user_id:prevUser", "anonymous_id:anon29"}
    assert names(known, "currentUser") == names(known, "prevUser") == joined
    for who in ("anonymous_id:anon=ABCD", "anonymous_id:anon100"):
        assert known.customer(quote(who, safe=""))["customer"] == "user_id:nhi"


@pytest.mark.parametrize(
    ("who", "event_id", "time"),
    [
        ("prateek", "identify", "2026-03-05T09:07:00Z"),
        (SENDER, "advance-identify", "2026-03-05T09:02:00Z"),
    ],
)
def test_the_shared_email_joined_nobody_and_the_refused_link_is_shown(
    known: Company, who: str, event_id: str, time: str
) -> None:
    customer = known.customer(who)
    assert {"email": "peter@initech.com"} not in customer["identifiers"], "two people use it"
    refused = {
        "one": {"user_id": who},
        "other": {"email": "peter@initech.com"},
        "reason": "email is shared by several people",
        "code": "link_of_several",
        "values": {"namespace": "email"},
        "event_id": event_id,
        "time": time,
        "set": None,
    }
    assert customer["refused_links"] == [refused]


def test_a_group_has_a_name_of_its_own(known: Company) -> None:
    traits = known.customer("prateek")["traits"]
    assert traits == {"name": "Peter Gibbons", "plan": "premium", "simple_tracks": 1}
    assert known.customer("nhi")["traits"]["name"] is None


def test_each_timeline_shows_its_calls_unchanged(known: Company, calls: dict[str, str]) -> None:
    for who, expected in CALLS_OF.items():
        found = raw_timeline(known, who)
        assert set(found) == expected
        for name, entry in found.items():
            said = msgspec.json.decode(calls[name], type=Raws)
            assert msgspec.json.decode(entry["kind"]) == json.loads(calls[name])["type"]
            for part in PARTS:
                assert bytes(entry.get(part, b"{}")) == bytes(said.get(part, b"{}")), (name, part)
            if "groupId" in said:
                assert bytes(entry["group_id"]) == bytes(said["groupId"])
            if "event" in said or "name" in said:
                assert bytes(entry["name"]) == bytes(said.get("event") or said["name"])


def test_alias_alone_may_pass_the_limit_and_up_to_a_number(told: Company) -> None:
    joined = names(told, "currentUser")
    told.set_clock("2026-03-05T10:00:00Z")
    told.send(type="alias", userId="currentUser", previousId="thirdUser", messageId="one-more")
    assert names(told, "currentUser") == joined
    assert names(told, "thirdUser") == {"user_id:thirdUser"}
    [refused] = told.customer("thirdUser")["refused_links"]
    assert refused["reason"] == "user_id is at most 2 per customer, even by alias"
    assert refused in told.customer("currentUser")["refused_links"]
    email = {"email": "shared@initech.com"}
    for who in ("fourthUser", "fifthUser"):
        told.send(type="identify", userId=who, traits=email, messageId=who)
    assert names(told, "fourthUser").isdisjoint(names(told, "fifthUser"))


def test_unmerge_gives_both_back_over_http_and_by_command(told: Company) -> None:
    whole = names(told, "nhi")
    answer = told.ask(
        "POST",
        "/v1/unmerge",
        {"one": {"user_id": "nhi"}, "other": {"anonymous_id": "anon100"}, "why": "two persons"},
    )
    assert (answer["one"], answer["other"]) == ("user_id:nhi", "anonymous_id:anon100")
    assert [set(each["other"].values()) for each in answer["forbidden"]] == [{"anon100"}]
    assert names(told, "nhi") == whole - {"anonymous_id:anon100"}
    assert names(told, "anonymous_id:anon100") == {"anonymous_id:anon100"}
    said = told.command("unmerge", "currentUser", "prevUser", "--why", "two persons")
    [parted, title, evidence] = said.splitlines()
    assert (
        parted == "user_id:currentUser is user_id:currentUser, user_id:prevUser is user_id:prevUser"
    )
    assert title == "evidence that no longer counts:"
    assert "user_id:currentUser  user_id:prevUser" in evidence
    assert names(told, "currentUser") == {"user_id:currentUser", "anonymous_id:anon29"}
    assert names(told, "prevUser") == {"user_id:prevUser"}


def test_after_unmerge_it_is_as_if_they_had_never_met(copy: Copy, opened: Open) -> None:
    """What each one had before goes back with them, to the byte of the digest."""
    anna = {"type": "identify", "userId": "anna", "traits": {"name": "Anna"}, "messageId": "a"}
    plan = {"type": "identify", "anonymousId": "tablet", "traits": {"plan": "x"}, "messageId": "b"}
    track = {"type": "track", "event": "Simple Track", "userId": "anna", "messageId": "c"}
    both = {**track, "anonymousId": "tablet"}
    apart, met = opened(copy(SEGMENT, "apart"), MOMENT), opened(copy(SEGMENT, "met"), MOMENT)
    for company, last in ((apart, track), (met, both)):
        for call in (anna, plan, last):
            company.send(**call)
    for who in TWO:
        assert apart.customer(who)["customer"] == who
        assert met.customer(who)["customer"] == TWO[0]
        together = {"name": "Anna", "plan": "x", "simple_tracks": 1}
        assert met.customer(who)["traits"] == together
    assert met.digest() != apart.digest()
    met.command("unmerge", *TWO)
    for who in TWO:
        assert met.customer(who)["traits"] == apart.customer(who)["traits"]
        assert met.customer(who)["identifiers"] == apart.customer(who)["identifiers"]
    for who, sent in ((TWO[1], ["b"]), (TWO[0], ["a", "c"])):
        *calls, parted = met.timeline(who)
        assert [entry["id"] for entry in calls] == sent
        assert (parted["kind"], parted["by"]) == ("Unmerge", "local")
    assert met.digest() == apart.digest()
