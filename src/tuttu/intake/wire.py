"""The shape of Segment's calls: from bytes to fields of the right kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

from tuttu.intake.decoding import decode, decode_any
from tuttu.intake.refusing import Code, RefusedError, kind_of

CALLS = ("identify", "track", "page", "screen", "group", "alias")
ANY_CALL = "call"
"""The route of one call whose `type` says which it is, as the calls of a batch do."""
MESSAGE_ID_LENGTH = 256

Named = str | int | float | None
"""An id as it is said; numbers are ids too."""

_NULL = Raw(b"null")


class Wire(msgspec.Struct, frozen=True, rename="camel"):
    """A call as it stands in JSON; kinds are checked by hand, so that refusals read well."""

    type: Any = None
    message_id: Any = None
    user_id: Any = None
    anonymous_id: Any = None
    previous_id: Any = None
    group_id: Any = None
    event: Any = None
    name: Any = None
    category: Any = None
    timestamp: Any = None
    original_timestamp: Any = None
    sent_at: Any = None
    properties: Raw = _NULL
    traits: Raw = _NULL
    context: Raw = _NULL
    integrations: Raw = _NULL


class Part(msgspec.Struct, frozen=True):
    """A JSON object: byte for byte as it came, and decoded."""

    content: bytes
    said: Mapping[str, Any]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call with fields of the right kind. Ids may still be empty or blocked."""

    type: str
    message_id: str | None
    user_id: Named
    anonymous_id: Named
    previous_id: Named
    group_id: str | None
    event: str | None
    name: str | None
    category: str | None
    dated: tuple[Any, Any, Any]
    """originalTimestamp, timestamp and sentAt, unread."""
    properties: Part
    traits: Part
    context: Part
    integrations: Part


_decoder = msgspec.json.Decoder(Wire)


def read_wire(content: bytes, route: str) -> Call:
    """One call; `route` is one of `CALLS` or `ANY_CALL`. Raises RefusedError."""
    wire = decode(_decoder, content)
    return Call(
        type=_type(wire.type, route),
        message_id=_message_id(wire.message_id),
        user_id=_named(wire.user_id, "userId"),
        anonymous_id=_named(wire.anonymous_id, "anonymousId"),
        previous_id=_named(wire.previous_id, "previousId"),
        group_id=_text(wire.group_id, "groupId"),
        event=_event(wire.event),
        name=_text(wire.name, "name"),
        category=_text(wire.category, "category"),
        dated=(wire.original_timestamp, wire.timestamp, wire.sent_at),
        properties=_part(wire.properties, "properties"),
        traits=_part(wire.traits, "traits"),
        context=_part(wire.context, "context"),
        integrations=_part(wire.integrations, "integrations"),
    )


def _type(found: Any, route: str) -> str:
    if route not in {*CALLS, ANY_CALL}:
        raise RefusedError(
            Code.UNKNOWN_CALL, f"found the call {route[:60]!r}; expected one of {', '.join(CALLS)}"
        )
    if found is None and route in CALLS:
        return route
    if not isinstance(found, str) or found not in CALLS:
        raise _unknown(found, f"one of {', '.join(CALLS)}")
    if route not in {found, ANY_CALL}:
        raise _unknown(found, f"{route!r}, as the address says")
    return found


def _unknown(found: Any, expected: str) -> RefusedError:
    shown = repr(found[:60]) if isinstance(found, str) else kind_of(found)
    return RefusedError(Code.UNKNOWN_CALL, f"found {shown} in `type`; expected {expected}")


def _named(value: Any, field: str) -> Named:
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise RefusedError(
            Code.WRONG_TYPE, f"found {kind_of(value)} in `{field}`; expected text or a number"
        )
    return value


def _text(value: Any, field: str) -> str | None:
    """Text, or the text of a number."""
    named = _named(value, field)
    if isinstance(named, float) and named.is_integer():
        named = int(named)
    return None if named is None else str(named)


def _event(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise RefusedError(Code.WRONG_TYPE, f"found {kind_of(value)} in `event`; expected text")


def _message_id(value: Any) -> str | None:
    text = _text(value, "messageId")
    if text is not None and len(text) > MESSAGE_ID_LENGTH:
        raise RefusedError(
            Code.WRONG_TYPE,
            f"found a `messageId` of {len(text)} characters; expected {MESSAGE_ID_LENGTH} at most",
        )
    return text or None


_EMPTY = Part(b"{}", {})


def _part(content: Raw, field: str) -> Part:
    said = decode_any(content)
    if said is None:
        return _EMPTY
    if not isinstance(said, dict):
        raise RefusedError(
            Code.WRONG_TYPE, f"found {kind_of(said)} in `{field}`; expected an object or nothing"
        )
    return Part(bytes(content), said)
