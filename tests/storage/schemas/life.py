"""The days of the company in which everything happens that a store keeps, told over HTTP.

It begins by the rules of the folder `company`; a week later those of the folder `later`, laid over
it, are activated.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from tests.witness import Doors, Question

HERE = Path(__file__).parent
MOMENT = "2026-03-02T09:00:00+02:00"
LATER = "2026-03-09T09:00:00+02:00"
END = "2026-03-16T09:00:00+02:00"
SMALL_PAGES = "tuttu.versions.activation.Activator.__init__.__kwdefaults__"
"""Where the code says how much history one commit tells; else the log here would be one page."""

DESCRIBED = {"has_broadband": True, "has_tv": False, "churn_risk": 0.12, "household_id": "H-1204"}
CROWD = [f"c{number:02d}" for number in range(1, 10)]
PEOPLE = ["maija", "pekka", "aino", "eino", "lumi", "onni", *CROWD]
KNOWN = [*PEOPLE[:6], "c01", "c04", "c05", "anonymous_id:tv-box-9"]
PICTURED = [*KNOWN, "email:maija@operator.example", "anonymous_id:tablet-1", "nobody-yet"]
LASTING = ["maija", "eino", "lumi", "c01", "c03", "c06", "c07", "c08"]
FRONT, SERVICE, LETTER, CALL = "front.hero", "front.service", "letter", "call"


def call(kind: str, number: int, moment: str, **more: object) -> dict[str, object]:
    return {"type": kind, "messageId": f"early-{number:03d}", "timestamp": moment, **more}


CALLS = [
    call("identify", 1, "2026-02-02T18:20:00+02:00", userId="maija",
         traits={"first_name": "Maija", "email": "maija@operator.example",
                 "customer_since": "2018-05-14", "postal_code": "33100", **DESCRIBED}),
    call("identify", 2, "2026-02-02T18:31:00+02:00", userId="pekka",
         traits={"first_name": "Pekka", "phone": "+358 40 1234567", **DESCRIBED}),
    call("identify", 3, "2026-02-03T16:05:00+02:00", userId="aino",
         traits={"first_name": "Aino", "phone": "+358 40 1234567", **DESCRIBED}),
    call("page", 4, "2026-02-20T20:11:00+02:00", anonymousId="anon-77c1", name="Television",
         properties={"path": "/tv", "title": "Television"}),
    call("identify", 5, "2026-02-20T20:15:00+02:00", userId="pekka", anonymousId="anon-77c1",
         traits={"first_name": "Pekka"}),
    call("alias", 6, "2026-02-21T10:00:00+02:00", userId="maija.new", previousId="maija"),
    call("group", 7, "2026-02-21T10:01:00+02:00", userId="eino", groupId="H-1204",
         traits={"name": "Home"}),
    call("track", 8, "2026-02-22T19:00:00+02:00", userId="maija", event="Usage Report Viewed",
         properties={"month": "2026-01"}),
    call("track", 9, "2026-02-22T19:10:00+02:00", userId="maija", event="Contract Viewed",
         properties={"contract_id": "C-9001"}),
    call("track", 10, "2026-02-23T09:00:00+02:00", userId="maija", event="Contract Signed",
         properties={"contract_id": "C-9001", "product": "broadband", "ends_on": "2027-02-02"}),
    call("track", 11, "2026-02-24T12:10:00+02:00", userId="pekka", event="Order Completed",
         properties={"order_id": "O-1", "total": 59.9, "postal_code": "00100",
                     "products": [{"sku": "R-7", "category": "router", "price": 59.9}]}),
    call("track", 12, "2026-02-25T12:10:00+02:00", userId="aino", event="Sales Call Made",
         properties={"offer": "tv-package", "result": "no thanks"}),
    call("track", 13, "2026-02-26T10:30:00+02:00", userId="eino", event="Ticket Opened",
         properties={"ticket_id": "T-1", "status": "open", "topic": "modem"}),
    call("track", 14, "2026-02-27T10:30:00+02:00", userId="eino", event="Survey Answered",
         properties={"score": 8}),
    call("track", 15, "2026-02-28T10:30:00+02:00", userId="aino", event="Consent Withdrawn",
         properties={"purpose": "marketing", "channel": "letter"}),
    call("track", 16, "2026-02-28T11:00:00+02:00", userId="eino", event="Order Completed",
         properties={"total": 1}),
]  # fmt: skip
"""The last one lacks what is required: a dead letter. Pekka and Aino share a telephone."""

MORE = [
    call("screen", 21, "2026-02-22T08:00:00+02:00", anonymousId="tablet-1", name="Start",
         category="app", properties={"title": "Start"}),
    call("page", 22, "2026-02-22T08:01:00+02:00", anonymousId="tv-box-9", name="Prices",
         category="shop", properties={"path": "/prices", "url": "https://operator.example/prices"},
         context={"ip": "192.0.2.7", "library": {"name": "box", "version": "1"}},
         integrations={"All": False}),
    call("identify", 23, "2026-02-22T09:00:00+02:00", userId="onni", anonymousId="tv-box-9",
         traits={"first_name": "Onni", **DESCRIBED, "household_id": "H-2"}),
    call("identify", 24, "2026-02-22T09:01:00+02:00", userId="lumi",
         traits={"first_name": "Lumi", **DESCRIBED, "household_id": "H-3", "churn_risk": 0.7}),
    call("identify", 25, "2026-02-22T09:02:00+02:00", userId="eino",
         traits={"first_name": "Eino", **DESCRIBED, "moved_at": "2026-02-27"}),
    call("track", 26, "2027-01-01T00:00:00+02:00", userId="lumi", event="Survey Answered",
         properties={"score": 3}),
    call("track", 27, "2026-02-23T10:00:00+02:00", userId="lumi", event="Word Nobody Declared",
         properties={"deep": {"er": [1, 2.5, None, "ä", True]}}),
    call("track", 28, "2026-02-24T10:00:00+02:00", userId="maija", event="Contract Signed",
         properties={"contract_id": "C-9002", "product": "broadband", "ends_on": "2026-09-30",
                     "place": "Rantatie 2"}),
    call("track", 29, "2026-02-24T10:01:00+02:00", userId="onni", event="Contract Signed",
         properties={"contract_id": "C-9003", "product": "tv", "ends_on": "2026-09-30"}),
    call("track", 30, "2026-02-24T10:02:00+02:00", userId="onni", event="Invoice Sent",
         properties={"invoice_id": "I-1", "amount": 34.9, "due_on": "2026-02-25",
                     "invoice_status": "sent"}),
    call("track", 31, "2026-02-24T10:03:00+02:00", userId="c01", event="Customer Imported",
         properties={"postal_code": "00200", "customer_since": "2001-01-01",
                     "line_limit_mbps": 1000}),
    call("track", 32, "2026-02-24T10:04:00+02:00", userId="lumi", event="Invoice Paid",
         properties={"invoice_id": "I-2", "invoice_status": "paid"}),
    *(call("identify", 40 + number, "2026-02-25T09:00:00+02:00", userId=name,
           traits={**DESCRIBED, "household_id": f"H-{name}"})
      for number, name in enumerate(CROWD)),
    *(call("track", 60 + number, "2026-02-26T09:00:00+02:00", userId=name, event="Contract Signed",
           properties={"contract_id": f"K-{name}", "product": "broadband", "ends_on": "2026-08-01"})
      for number, name in enumerate(CROWD)),
    call("track", 73, "2026-02-27T09:00:00+02:00", userId="c02", event="Ticket Opened",
         properties={"ticket_id": "T-2", "status": "open"}),
    call("track", 74, "2026-02-28T09:00:00+02:00", userId="c02", event="Ticket Resolved",
         properties={"ticket_id": "T-2", "status": "resolved",
                     "resolved_at": "2026-02-28T09:00:00+02:00"}),
    call("track", 75, "2026-02-27T09:00:00+02:00", userId="c03", event="Consent Withdrawn",
         properties={"purpose": "profiling"}),
]  # fmt: skip


@dataclass
class Told:
    """What later questions need to know of the days: the keys, the ids of decisions by a name,
    and the question that was asked under an Idempotency-Key."""

    keys: dict[str, str] = field(default_factory=dict)
    decisions: dict[str, str] = field(default_factory=dict)
    once: dict[str, Any] = field(default_factory=dict)


class Days:
    """The company at work."""

    def __init__(self, doors: Doors, folder: Path) -> None:
        self._doors = doors
        self._folder = folder
        self._number = 100
        self.told = Told()

    def live(self) -> Told:
        self._keys()
        self._first_week()
        self._doors.ask("PUT", "/v1/clock", {"now": LATER})
        self._decide("maija", FRONT, name="kept offer")
        self._reload()
        self._second_week()
        self._doors.ask("PUT", "/v1/clock", {"now": END})
        for who in ("c04", "c05"):
            self._track(who, "Usage Report Viewed", month="2026-02")
            self._decide(who, SERVICE, CALL, name=f"{who} held")
        return self.told

    def _keys(self) -> None:
        every = ["ingest", "decide", "read-person", "write-person", "erase", "admin", "clock"]
        for name, scopes in (("desk", every), ("web", ["ingest", "decide"]), ("lost", ["admin"])):
            asked = {"name": name, "scopes": scopes}
            self.told.keys[name] = self._doors.ask("POST", "/v1/keys", asked)["key"]
        self._doors.ask("DELETE", "/v1/keys/lost")

    def _first_week(self) -> None:
        self._send([*CALLS, *MORE])
        self._letters()
        self._doors.ask("PUT", "/v1/resources/letters", {"amount": 7})
        self._once()
        for who in PEOPLE[:4]:
            for surface in (FRONT, LETTER):
                self._decide(who, surface, idempotency=f"{who} {surface}")
        self._decide("aino", FRONT, name="first rules")
        self._decide("anonymous_id:tablet-1", FRONT, name="merged since")
        self._decide("onni", FRONT, name="unmerged since")
        self._decide("lumi", FRONT, dry_run=True, seed=7)
        self._track("lumi", "Page Viewed", anonymousId="tablet-1", path="/")
        self._send([self._call("identify", userId="lumi", anonymousId="tablet-1", traits={})])
        self._seen("maija", self.told.decisions[f"maija {FRONT}"], "Viewed", "Clicked")
        self._seen("pekka", self.told.decisions[f"pekka {FRONT}"], "Viewed")
        self._track("pekka", "Offer Declined", offer="tv-package")
        self._track("maija", "Order Completed", order_id="O-2", total=9.9,
                    products=[{"sku": "TV", "category": "tv", "price": 9.9}])  # fmt: skip
        wish = {"purpose": "marketing", "channel": "call", "allowed": False}
        self._prefer("pekka", wish)
        self._prefer("onni", {"purpose": "profiling", "allowed": False})
        for one, other in ((("user_id", "pekka"), ("user_id", "aino")),
                           (("user_id", "onni"), ("anonymous_id", "tv-box-9"))):  # fmt: skip
            asked = {"one": dict([one]), "other": dict([other]), "why": "siblings"}
            self._doors.ask("POST", "/v1/unmerge", asked, key=self.told.keys["desk"])
        self._doors.ask("GET", "/v1/customers/maija", key=self.told.keys["desk"])

    def _letters(self) -> None:
        """Four refused calls: one is repaired, one sent again in vain, one dropped, one waits."""
        lacking = self._call("track", userId="onni", event="Ticket Opened", properties={})
        again = self._call("track", userId="onni", event="Invoice Paid", properties={"a": 1})
        refused = self._send([lacking, again])["refused"]
        self._doors.answer(self._question("POST", "/v1/track", '{"type": "track", "userId": '))
        letters = self._doors.ask("GET", "/v1/dead-letters")["dead_letters"]
        broken = next(each["id"] for each in letters if each["code"] == "not_json")
        repaired = {**lacking, "properties": {"ticket_id": "T-3", "status": "resolved"}}
        first, second = (each["dead_letter"] for each in refused)
        by = self.told.keys["desk"]
        self._doors.ask("PUT", f"/v1/dead-letters/{first}", repaired, key=by)
        self._doors.answer({"method": "POST", "path": f"/v1/dead-letters/{second}/send", "key": by})
        self._doors.ask("DELETE", f"/v1/dead-letters/{broken}", key=by)

    def _once(self) -> None:
        """Kept byte for byte: the same bytes again are the same question."""
        body = json.dumps(
            {
                "who": {"user_id": "c05"},
                "surfaces": [FRONT, LETTER],
                "slots": {FRONT: 2},
                "language": "en",
                "context": {"line_mbps": 24, "churn_risk": 0.25},
            },
            indent=1,
        )
        question = self._question("POST", "/v1/decide", body, idempotency="basket 17")
        self.told.once = {**question, **self._doors.answer(question)}

    def _reload(self) -> None:
        shutil.copytree(HERE / "later", self._folder, dirs_exist_ok=True)
        with mock.patch.dict(SMALL_PAGES, page=20):
            answer = self._doors.ask("POST", "/v1/project/reload", key=self.told.keys["desk"])
        assert answer["changed"]
        assert answer["filled"] > 0
        assert answer["withdrawn"]

    def _second_week(self) -> None:
        self._doors.ask("PUT", "/v1/resources/letters", {"amount": 8}, key=self.told.keys["desk"])
        for who in PEOPLE:
            self._decide(who, FRONT, SERVICE, LETTER, name=f"{who} later")
        for who in CROWD[:6]:
            self._seen(who, self.told.decisions[f"{who} later"], "Viewed")
        self._seen("c01", self.told.decisions["c01 later"], "Clicked")
        self._track("c06", "Offer Declined", offer="renew-contract")
        self._track("c07", "Ticket Opened", ticket_id="T-4", status="open", topic="line")
        self._track("c08", "Sales Call Made", offer="tv-package", result="sold")
        self._track("c09", "Consent Withdrawn", purpose="marketing")
        self._track("c09", "Consent Given", purpose="marketing", channel="web")
        self._doors.ask("PUT", "/v1/clock", {"now": "2026-03-13T10:00:00+02:00"})
        for who in LASTING:
            self._decide(who, FRONT, SERVICE, LETTER, CALL, name=f"{who} at last")

    def _decide(self, who: str, *surfaces: str, name: str = "", **more: Any) -> None:
        idempotency = more.pop("idempotency", None)
        asked = json.dumps({"who": named(who), "surfaces": surfaces, **more})
        headers = {"idempotency": idempotency} if idempotency else {}
        question = self._question("POST", "/v1/decide", asked, **headers)
        answer = self._doors.answer(question)["answer"]
        if answer["decision_id"] is not None:
            self.told.decisions[name or idempotency] = answer["decision_id"]

    def _seen(self, who: str, decision: str, *what: str) -> None:
        """The customer saw what tuttu showed then, and perhaps clicked on it."""
        path = f"/v1/decisions/{decision}"
        shown = self._doors.ask("GET", path, key=self.told.keys["desk"])["decision"]["choices"]
        for each in what:
            for choice in shown:
                if choice["treatment"] == "web":
                    self._track(who, f"Promotion {each}", contact_id=choice["contact_id"])

    def _track(self, who: str, event: str, anonymousId: str | None = None, **said: Any) -> None:  # noqa: N803 - as Segment calls it
        more = {"anonymousId": anonymousId} if anonymousId else {}
        self._send([self._call("track", userId=who, event=event, properties=said, **more)])

    def _prefer(self, who: str, wish: dict[str, object]) -> None:
        path, by = f"/v1/customers/{who}/preferences", self.told.keys["desk"]
        self._doors.ask("PUT", path, {"preferences": [wish]}, key=by)

    def _call(self, kind: str, **more: object) -> dict[str, object]:
        """It happens at the present moment."""
        self._number += 1
        return call(kind, self._number, self._doors.ask("GET", "/v1/clock")["now"], **more)

    def _send(self, calls: list[dict[str, object]]) -> Any:
        return self._doors.ask("POST", "/v1/batch", {"batch": calls}, key=self.told.keys["web"])

    def _question(self, method: str, path: str, body: str, **more: str) -> Question:
        key = self.told.keys["web"]
        return {"method": method, "path": path, "body": body, "key": key, **more}


def named(who: str) -> dict[str, str]:
    namespace, colon, value = who.partition(":")
    return {namespace: value} if colon else {"user_id": who}


def questions(told: Told, ask: Callable[[Question], Any]) -> list[Question]:
    """What is asked of the store at the end, in this order: some reading is itself recorded.

    ask: gives an answer, for those questions that rest on one.
    """
    desk = told.keys["desk"]

    def reading(path: str) -> Question:
        return {"method": "GET", "path": path, "key": desk}

    def explaining(**asked: Any) -> Question:
        return {"method": "POST", "path": "/v1/explain", "body": json.dumps(asked), "key": desk}

    asked = [reading(f"/v1/customers/{who}{more}") for who in PICTURED
             for more in ("", "/preferences")]  # fmt: skip
    for who in KNOWN:
        # As many entries as there are by now, so that none of our own looks is among them.
        path = f"/v1/customers/{who}/timeline"
        entries = ask(reading(f"{path}?limit=1000"))["entries"]
        asked.append(reading(f"{path}?limit={len(entries)}"))
    paths = ["digest", "project", "keys", "resources", "resources/letters", "dead-letters", "clock"]
    asked += [reading(f"/v1/{path}") for path in paths]
    letters = ask(reading("/v1/dead-letters"))["dead_letters"]
    asked += [reading(f"/v1/dead-letters/{each['id']}") for each in letters]
    asked += [reading("/healthz"), reading("/readyz")]
    kept = [name for name in told.decisions if not name.endswith("later") or name in EXPLAINED]
    asked += [reading(f"/v1/decisions/{told.decisions[name]}") for name in kept]
    asked += [explaining(decision=told.decisions[name]) for name in EXPLAINED]
    for who in ("maija", "eino", "c02", "c06"):
        asked.append(explaining(who=named(who), surfaces=[FRONT, SERVICE, LETTER], seed=11))
    for who in ("aino", "c01", "c04", "c05", "nobody-yet"):
        question = {"who": named(who), "surfaces": [FRONT, SERVICE, CALL], "dry_run": True,
                    "seed": 5, "context": {"line_mbps": 24}, "slots": {FRONT: 2}}  # fmt: skip
        asked.append(
            {"method": "POST", "path": "/v1/decide", "body": json.dumps(question), "key": desk}
        )
    asked += [reading("/v1/funnel"), reading("/v1/funnel?surfaces=letter&at=2026-03-05T09:00:00Z")]
    asked.append(reading("/v1/verify"))
    asked += [{**reading("/v1/keys"), "key": told.keys[name]} for name in ("web", "lost")]
    return asked


EXPLAINED = ["first rules", "kept offer", "merged since", "unmerged since", "maija later",
             "eino later", "c01 at last", "c06 at last", "c07 at last"]  # fmt: skip
"""Decisions by the first rules and by the later ones, explained by their own."""


WANTED = {
    *(f'"stage": "{stage}"' for stage in (
        "eligibility", "applicability", "suitability", "guards", "consent", "suppressions",
        "contact_limits", "resources", "scoring", "arbitration", "controls")),
    *(f'"arm": "{arm}"' for arm in ("policy", "no_marketing", "random_choice", "propensity_only")),
    *(f'"outcome": "{outcome}"' for outcome in (
        "viewed", "clicked", "accepted", "declined", "ignored", "withdrawn")),
    *(f'"state": "{state}"' for state in ("held", "queued", "counted", "released")),
    *(f'"status": "{status}"' for status in ("waiting", "sent", "dropped")),
    *(f'"kind": "{kind}"' for kind in (
        "column", "time", "consent", "resource", "worth", "status", "limit", "arm",
        "Receipt", "PersonLookedAt", "ContactWithdrawn", "PreferenceSet", "Unmerge")),
    '"reused": true', '"item": "C-9002"', "merged since", "unmerged since",
}  # fmt: skip
"""What some answer must show: the salt of a store decides who falls in which arm."""


def lacking(asked: list[Question]) -> set[str]:
    text = json.dumps([each["answer"] for each in asked])
    return {each for each in WANTED if each not in text}
