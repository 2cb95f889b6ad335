"""The six calls with every parameter that the clients' methods have, and what the log must hold."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

MOMENT = datetime(2026, 3, 1, 10, 30, 15, 250_000, tzinfo=UTC)
CONTEXT = {"ip": "203.0.113.7", "page": {"path": "/docs"}, "campaign": {"name": "kevät"}}
INTEGRATIONS = {"All": False, "Mixpanel": True}
PROPERTIES = {"artist": "Fältskog", "plays": 4, "tags": ["a", "ö"], "deep": {"er": None}}
TRAITS = {"has_tv": False, "city": "Turku"}


class Call(NamedTuple):
    """A method and its arguments, by the names of the Python clients."""

    method: str
    arguments: dict[str, Any]

    @property
    def id(self) -> str:
        name: str = self.arguments["message_id"]
        return name

    def fresh(self) -> dict[str, Any]:
        """Arguments that a client may keep and change."""
        return copy.deepcopy(self.arguments)


def calls(person: str, prefix: str = "") -> list[Call]:
    """One call of each method with all of its parameters. prefix: of the message ids."""
    who = {"user_id": person, "anonymous_id": f"a-{person}"}
    seen = {**who, "category": "Docs", "properties": PROPERTIES}
    said: dict[str, dict[str, Any]] = {
        "identify": {**who, "traits": TRAITS},
        "track": {**who, "event": "Song Played", "properties": PROPERTIES},
        "page": {**seen, "name": "Python"},
        "screen": {**seen, "name": "Start"},
        "group": {**who, "group_id": "company-7", "traits": {"employees": 12}},
        "alias": {"previous_id": f"b-{person}", "user_id": person},
    }
    common = {"context": CONTEXT, "integrations": INTEGRATIONS, "timestamp": MOMENT}
    return [
        Call(method, {**own, **common, "message_id": f"{prefix}{person}-{method}"})
        for method, own in said.items()
    ]


def tracks(person: str, number: int) -> list[Call]:
    """So many track calls, each with its own content."""
    return [
        Call(
            "track",
            {
                "user_id": person,
                "event": "Song Played",
                "properties": {"plays": each},
                "timestamp": MOMENT,
                "message_id": f"{person}-{each:03d}",
            },
        )
        for each in range(number)
    ]


def content(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What a sender said, of an entry of the timeline; times and positions are ours."""
    times = {"time", "received", "local_time", "local_received"}
    ours = {"position", "identifiers", "context", *times}
    return {name: value for name, value in entry.items() if name not in ours}


def expected(call: Call) -> dict[str, Any]:
    """The entry of a call, as `content` reads it."""
    said = call.arguments
    own = {
        "kind": call.method,
        "id": call.id,
        "name": said.get("event", said.get("name", call.method.title())),
        "category": said.get("category"),
        "group_id": said.get("group_id"),
        "properties": said.get("properties", {}),
        "traits": said.get("traits", {}),
        "integrations": said.get("integrations", {}),
    }
    return {name: value for name, value in own.items() if value is not None}


def ids(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted(entry["id"] for entry in entries)


def for_node(said: Sequence[Call]) -> list[tuple[str, dict[str, Any]]]:
    """Calls as the JavaScript client takes them; times as text."""
    return [
        (
            call.method,
            {
                _camel(name): value.isoformat() if isinstance(value, datetime) else value
                for name, value in call.arguments.items()
            },
        )
        for call in said
    ]


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)
