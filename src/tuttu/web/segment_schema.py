"""Segment's calls as the OpenAPI document shows them; intake itself reads the raw bodies."""

from typing import Any

import msgspec

Said = dict[str, Any] | None
Name = str | int | float
"""An id or a name; numbers are accepted too, as their text."""


class Common(msgspec.Struct, kw_only=True, rename="camel"):
    """What every call may carry. One of userId and anonymousId names the person."""

    type: str | None = None
    user_id: Name | None = None
    anonymous_id: Name | None = None
    message_id: Name | None = None
    timestamp: str | None = None
    original_timestamp: str | None = None
    sent_at: str | None = None
    context: Said = {}
    integrations: Said = {}
    write_key: Any = None


class Identify(Common, kw_only=True, rename="camel"):
    """Who somebody is: traits that are kept with their source and time."""

    traits: Said = {}


class Track(Common, kw_only=True, rename="camel"):
    """What somebody did."""

    event: str
    properties: Said = {}


class Page(Common, kw_only=True, rename="camel"):
    """Which page or screen somebody saw."""

    name: Name | None = None
    category: Name | None = None
    properties: Said = {}


class Group(Common, kw_only=True, rename="camel"):
    """Which household, account or company somebody belongs to."""

    group_id: Name
    traits: Said = {}


class Alias(Common, kw_only=True, rename="camel"):
    """That two identifiers name the same person."""

    previous_id: Name


class Batch(msgspec.Struct, kw_only=True, rename="camel"):
    """Many calls at once; each one carries its `type`."""

    batch: list[Any]
    sent_at: str | None = None
    context: Any = None
    integrations: Any = None
    write_key: Any = None


SCHEMAS: dict[str, type[msgspec.Struct]] = {
    "identify": Identify,
    "track": Track,
    "page": Page,
    "screen": Page,
    "group": Group,
    "alias": Alias,
    "batch": Batch,
}
"""Call name to the shape of its body."""
