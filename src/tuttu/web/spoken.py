"""Segment's calls as the OpenAPI document shows them; intake itself reads the raw bodies."""

from __future__ import annotations

from typing import Any

import msgspec

Said = dict[str, Any]


class Common(msgspec.Struct, kw_only=True, rename="camel"):
    """What every call may carry. One of userId and anonymousId names the person."""

    user_id: str | int | None = None
    anonymous_id: str | None = None
    message_id: str | None = None
    timestamp: str | None = None
    sent_at: str | None = None
    context: Said = {}
    integrations: Said = {}
    write_key: str | None = None


class Identify(Common, kw_only=True, rename="camel"):
    """Who somebody is: traits that are kept with their source and time."""

    traits: Said = {}


class Track(Common, kw_only=True, rename="camel"):
    """What somebody did."""

    event: str
    properties: Said = {}


class Page(Common, kw_only=True, rename="camel"):
    """Which page or screen somebody saw."""

    name: str | None = None
    properties: Said = {}


class Group(Common, kw_only=True, rename="camel"):
    """Which household, account or company somebody belongs to."""

    group_id: str | int
    traits: Said = {}


class Alias(Common, kw_only=True, rename="camel"):
    """That two identifiers name the same person."""

    previous_id: str | int


class Batch(msgspec.Struct, kw_only=True, rename="camel"):
    """Many calls at once; each one carries its `type`."""

    batch: list[Said]
    sent_at: str | None = None
    context: Said = {}
    integrations: Said = {}
    write_key: str | None = None


SPOKEN: dict[str, type[msgspec.Struct]] = {
    "identify": Identify,
    "track": Track,
    "page": Page,
    "screen": Page,
    "group": Group,
    "alias": Alias,
    "batch": Batch,
}
"""Call name to the shape of its body."""
