"""What the engine is asked and what it answers: the shapes that every door shows.

Instants are ISO 8601 text in UTC, money is in currency units, people are named as
``{"user_id": "maija"}`` (namespace to value; one entry, or more of the same person).
"""

from __future__ import annotations

from typing import Any

import msgspec

Who = dict[str, str]


class RefusedCall(msgspec.Struct, kw_only=True):
    """One refused event of a batch."""

    index: int
    code: str
    message: str
    dead_letter: str | None = None


class CallsAnswer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer of the seven Segment calls. `success` is true if the body itself could be read."""

    success: bool
    accepted: int = 0
    duplicates: int = 0
    refused: list[RefusedCall] = []


class DecideRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """surfaces: names; slots: how many of each, else as declared. seed: only with dry_run.
    context: columns of this moment that overlay the customer's row (declared traits only)."""

    who: Who
    surfaces: list[str]
    slots: dict[str, int] = {}
    language: str | None = None
    dry_run: bool = False
    seed: int | None = None
    context: dict[str, Any] = {}


class ShownChoice(msgspec.Struct, kw_only=True):
    """One filled slot."""

    contact_id: str
    action: str
    treatment: str
    surface: str
    slot: int
    content: str
    worth: float
    propensity: float
    probability: float
    why: list[str]
    """The conditions that passed and the figures of the ranking, in plain words."""
    reused: bool = False
    held_until: str | None = None


class ShownRefusal(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One candidate that was not chosen: its first stage and reason, and with explain all."""

    action: str
    treatment: str
    surface: str
    stage: str
    reason: str
    worth: float | None = None
    also: list[dict[str, str]] = []
    """With explain: the other stages that would refuse, each ``{"stage": …, "reason": …}``."""


class DecideAnswer(msgspec.Struct, kw_only=True):
    """decision_id None: a dry run, nothing was written. defaults: surface to the default content
    shown in slots that nothing won."""

    decision_id: str | None
    now: str
    customer: str
    arm: str
    seed: int
    choices: list[ShownChoice]
    refused: list[ShownRefusal]
    withheld: list[ShownChoice]
    defaults: dict[str, str | None]
    project_digest: str


class ShownOutcome(msgspec.Struct, kw_only=True):
    """What came of a contact, and when."""

    contact_id: str
    action: str | None
    outcome: str
    time: str


class DecisionAnswer(msgspec.Struct, kw_only=True):
    """A stored receipt with what came of it since."""

    decision: DecideAnswer
    read: dict[str, Any]
    outcomes: list[ShownOutcome]


class ShownContact(msgspec.Struct, kw_only=True):
    """One contact of the customer's; outcome is the last one, ``ignored`` included."""

    contact_id: str
    action: str | None
    channel: str
    purpose: str
    state: str
    time: str
    outcome: str | None


class ShownLink(msgspec.Struct, kw_only=True):
    """Evidence that was kept but joined nobody."""

    one: Who
    other: Who
    reason: str


class CustomerAnswer(msgspec.Struct, kw_only=True):
    """The whole picture. traits: name to value; sources: ``told.shoe_size`` and the like."""

    customer: str
    identifiers: list[Who]
    fragments: int
    traits: dict[str, Any]
    sources: dict[str, Any]
    collections: dict[str, list[dict[str, Any]]]
    contacts: list[ShownContact]
    refused_links: list[ShownLink]


def _nothing_said() -> msgspec.Raw:
    return msgspec.Raw(b"{}")


class TimelineEntry(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One fact: a call with what the sender said, or something that tuttu did."""

    position: int
    time: str
    received: str
    kind: str
    id: str
    name: str | None = None
    identifiers: list[Who] = []
    properties: msgspec.Raw = msgspec.field(default_factory=_nothing_said)
    traits: msgspec.Raw = msgspec.field(default_factory=_nothing_said)
    context: msgspec.Raw = msgspec.field(default_factory=_nothing_said)
    integrations: msgspec.Raw = msgspec.field(default_factory=_nothing_said)
    group_id: str | None = None
    claimed: str | None = None


class TimelineAnswer(msgspec.Struct, kw_only=True):
    """Oldest first; `next` is the position to go on after, None at the end."""

    entries: list[TimelineEntry]
    next: int | None


class ShownPreference(msgspec.Struct, kw_only=True):
    """One cell of purposes × channels: what holds now, and whether the customer chose it."""

    purpose: str
    channel: str
    allowed: bool
    chosen: bool


class PreferencesAnswer(msgspec.Struct, kw_only=True):
    """All cells, purposes and channels in the order of the project folder."""

    preferences: list[ShownPreference]


class PreferenceRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """channel None: every channel of the purpose."""

    purpose: str
    allowed: bool
    channel: str | None = None


class PreferencesRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Several choices at once: all or none."""

    preferences: list[PreferenceRequest]


class ResourceAnswer(msgspec.Struct, kw_only=True):
    """One resource now: amount = used + held + free in the running period."""

    name: str
    amount: int
    used: int
    held: int
    free: int
    per: str | None


class ResourceRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A new amount."""

    amount: int


class DeadLetterAnswer(msgspec.Struct, kw_only=True):
    """One refused call. body is text where it is UTF-8, else base64 (`encoding` says which)."""

    id: str
    received: str
    route: str
    code: str
    reason: str
    body: str
    encoding: str
    truncated: bool
    sender: str
    status: str
    """``waiting``, ``sent`` or ``dropped``."""


class DeadLettersAnswer(msgspec.Struct, kw_only=True):
    """Oldest first. unauthenticated: calls refused for want of a key, since the start."""

    dead_letters: list[DeadLetterAnswer]
    unauthenticated: int


class UnmergeRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The two identifiers that evidence joined and that are two persons."""

    one: Who
    other: Who
    why: str = ""


class UnmergeAnswer(msgspec.Struct, kw_only=True):
    """The customers of the two identifiers afterwards."""

    one: str
    other: str


class ClockAnswer(msgspec.Struct, kw_only=True):
    """The server's present."""

    now: str
    manual: bool


class ClockRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A later present, ISO 8601; only where the server runs with ``--clock manual``."""

    now: str


class HealthAnswer(msgspec.Struct, kw_only=True):
    """The process answers; with readyz also: the store can be read and written."""

    status: str
    project: str
    project_digest: str
