"""Senders, and what each of them was told: the truth that a store is held to after a kill.

An acknowledgement is an answer of 200 that was read to its last byte. Whatever was sent and not
answered so is *open*: it may be in the store whole, or not at all, and is sent again with the same
ids until it is acknowledged.
"""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from tests.waiting import HANG_SECONDS

from tuttu.intake.accept import SLICE

VIEW = "Usage Report Viewed"
ORDER = "Order Completed"
DESCRIBED = {
    "has_broadband": True,
    "has_tv": False,
    "has_mobile": False,
    "churn_risk": 0.1,
    "line_mbps": 40,
    "line_limit_mbps": 1000,
    "fibre_at_home": True,
    "paper_invoice": True,
    "customer_since": "2015-01-01",
}
SURFACES = (["front.hero"], ["app.home"], ["call"], ["letter"], ["app.home", "call"], ["sms"])


@dataclass(eq=False)
class Request:
    """One request. ids: message ids of its events; key: its Idempotency-Key. sent: all of its
    bytes have left us."""

    path: str
    body: dict[str, Any]
    ids: tuple[str, ...] = ()
    key: str | None = None
    sent: bool = False


class Wire:
    """One connection to the server; an answer that takes longer than `seconds` raises."""

    def __init__(self, url: str, secret: str, seconds: float = HANG_SECONDS) -> None:
        address = urlsplit(url)
        self._connection = HTTPConnection(address.hostname or "", address.port, timeout=seconds)
        self.headers: dict[str, str] = {}
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}

    def send(self, request: Request) -> None:
        headers = {**self._headers, **({"Idempotency-Key": request.key} if request.key else {})}
        self._connection.request("POST", request.path, json.dumps(request.body), headers)
        request.sent = True

    def receive(self) -> tuple[int, Any]:
        """Status and decoded body, read to the last byte; `headers` are those of the answer."""
        response = self._connection.getresponse()
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        content = response.read()
        return response.status, json.loads(content) if content else None

    def ask(self, request: Request) -> tuple[int, Any]:
        self.send(request)
        return self.receive()

    def say(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        content = None if body is None else json.dumps(body)
        self._connection.request(method, path, content, self._headers)
        return self.receive()

    def get(self, path: str) -> Any:
        status, answer = self.say("GET", path)
        assert status == 200, (path, answer)
        return answer

    def close(self) -> None:
        self._connection.close()


@dataclass
class Diary:
    """What all senders together have been told.

    events: acknowledged message ids. decisions: the answer by Idempotency-Key. views and spent:
    of each customer, by acknowledged events. letters: ids of acknowledged dead letters.
    """

    events: set[str] = field(default_factory=set)
    decisions: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Request] = field(default_factory=dict)
    views: Counter[str] = field(default_factory=Counter)
    spent: Counter[str] = field(default_factory=Counter)
    letters: set[str] = field(default_factory=set)
    customers: list[str] = field(default_factory=list)
    open: list[Request] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begins(self, request: Request) -> None:
        with self.lock:
            self.open.append(request)

    def in_flight(self) -> list[Request]:
        with self.lock:
            return [request for request in self.open if request.sent]

    def acknowledged(self, request: Request, answer: Any) -> None:
        """Once for each request: a second answer to the same ids counts nothing again."""
        with self.lock:
            self.open.remove(request)
            if request.key:
                told = self.decisions.setdefault(request.key, answer)
                assert told == answer, f"another answer under the same key {request.key}"
                self.asked[request.key] = request
            else:
                self._take(request, answer)

    def _take(self, request: Request, answer: Any) -> None:
        calls = request.body.get("batch", [request.body])
        refused = {no["index"]: no["dead_letter"] for no in answer.get("refused", ())}
        self.letters |= set(refused.values())
        for index, call in enumerate(calls):
            if index in refused or call["messageId"] in self.events:
                continue
            self.events.add(call["messageId"])
            if call["type"] == "identify":
                self.customers.append(call["userId"])
            self.views[call["userId"]] += call.get("event") == VIEW
            self.spent[call["userId"]] += call.get("properties", {}).get("total", 0)


class Sender:
    """One thread's worth of requests, one after the other until the server is gone."""

    def __init__(self, name: str, seed: object, diary: Diary) -> None:
        self.name = name
        self.customers: set[str] = set()
        self.others: set[int] = set()
        self._random = random.Random(f"{seed}/{name}")
        self._diary = diary
        self._number = 0

    def run(self, url: str, secret: str, stopped: threading.Event) -> None:
        with closing(Wire(url, secret)) as wire:
            while not stopped.is_set():
                request = self.next()
                self._diary.begins(request)
                try:
                    status, answer = wire.ask(request)
                except (OSError, HTTPException):
                    return
                if status == 200:
                    self._diary.acknowledged(request, answer)
                else:
                    self.others.add(status)
                    return

    def next(self) -> Request:
        """A new customer, an event, a batch, a decision, or one of them a second time."""
        self._number += 1
        known = self._diary.customers[-24:]
        drawn = self._random.random()
        if drawn < 0.12 or not known:
            return self._described()
        if drawn < 0.55:
            who = self._random.choice(known)
            return self._decision(who) if drawn < 0.38 else self._seen(who)
        if drawn < 0.62:
            return self._again()
        if drawn < 0.85:
            return self._told(self._event(self._random.choice(known)))
        size = self._random.randint(2, 8) if drawn < 0.98 else 2 * SLICE + 5
        return self._batch([self._random.choice(known) for _ in range(size)])

    def _id(self, more: object = "") -> str:
        return f"{self.name}-{self._number}{more}"

    def _told(self, call: dict[str, Any]) -> Request:
        return Request(f"/v1/{call['type']}", call, ids=(call["messageId"],))

    def _described(self) -> Request:
        traits = {**DESCRIBED, "household_id": f"home-{self._random.randrange(40)}"}
        call = {"type": "identify", "userId": f"u-{self._id()}", "traits": traits}
        return self._told({**call, "messageId": self._id()})

    def _event(self, who: str, more: object = "") -> dict[str, Any]:
        self.customers.add(who)
        call = {"type": "track", "userId": who, "messageId": self._id(more)}
        if self._random.random() < 0.6:
            return {**call, "event": VIEW, "properties": {"month": "2026-02"}}
        return {**call, "event": ORDER, "properties": {"order_id": self._id(more), "total": 7}}

    def _batch(self, whom: Sequence[str]) -> Request:
        """Now and then with a call that is refused, and must become a dead letter."""
        calls = [self._event(who, f".{number}") for number, who in enumerate(whom)]
        ids = tuple(call["messageId"] for call in calls)
        if self._random.random() < 0.3:
            wrong = {"type": "track", "userId": whom[0], "messageId": self._id(".wrong")}
            calls.append(wrong)
        return Request("/v1/batch", {"batch": calls}, ids=ids)

    def _decision(self, who: str) -> Request:
        self.customers.add(who)
        body = {"who": {"user_id": who}, "surfaces": self._random.choice(SURFACES)}
        return Request("/v1/decide", body, key=f"key-{self._id()}")

    def _seen(self, who: str) -> Request:
        """What was shown is viewed: held units become used ones."""
        with self._diary.lock:
            told = list(self._diary.decisions.values())[-40:]
        contacts = [each["contact_id"] for answer in told for each in answer["choices"]]
        if not contacts:
            return self._told(self._event(who))
        named = {"contact_id": self._random.choice(contacts)}
        call = {"type": "track", "userId": who, "event": "Promotion Viewed", "properties": named}
        return self._told({**call, "messageId": self._id()})

    def _again(self) -> Request:
        """A question that was answered already, under its old key."""
        with self._diary.lock:
            keys = list(self._diary.asked)[-40:]
            if keys:
                asked = self._diary.asked[self._random.choice(keys)]
                return Request(asked.path, asked.body, key=asked.key)
        return self._described()


def settle(diary: Diary, url: str, secret: str) -> None:
    """Sends again whatever is open, with the same ids, until all of it is acknowledged."""
    with closing(Wire(url, secret)) as wire:
        for request in list(diary.open):
            status, answer = wire.ask(request)
            assert status == 200, answer
            diary.acknowledged(request, answer)


def whole_or_absent(requests: Iterable[Request], logged: set[str]) -> list[Request]:
    """Those of which the log has a part of a slice, or a slice without the one before it."""
    return [each for each in requests if _torn([name in logged for name in each.ids])]


def _torn(there: list[bool]) -> bool:
    slices = [set(there[start : start + SLICE]) for start in range(0, len(there), SLICE)]
    return slices != sorted(slices, key=lambda one: True not in one) or {True, False} in slices
