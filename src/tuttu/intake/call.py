"""One of Segment's calls, from its bytes to the unit that is committed: JSON, ids, time, plan.

Decoders call themselves for each level of nesting, so its depth is counted on the bytes before any
of them. Counting never recurses, and is exact for JSON; for anything else, for the part that a
decoder reads before it gives up.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from hashlib import blake2b
from itertools import accumulate, chain
from typing import Any, Literal, NamedTuple, TypeVar, get_args

import msgspec
from msgspec import Raw

from tuttu.catalog.scope import CALL_NAMES
from tuttu.identity import IdentifierError, identifiers_of, nobodies_of, require_exact
from tuttu.intake.errors import IntakeError, RefusalCode, kind_of
from tuttu.intake.repeats import once
from tuttu.intake.slips import with_slips
from tuttu.vocabulary import company, conversion, events, facts, values
from tuttu.vocabulary.project import Project

T = TypeVar("T")

Call = Literal["identify", "track", "page", "screen", "group", "alias"]
CALLS: tuple[Call, ...] = get_args(Call)
ANY_CALL = "call"
"""The route of one call whose `type` says which it is, as the calls of a batch do."""
EVENT_DEPTH = 64
"""Levels of nesting in one call."""
BODY_DEPTH = 256
"""Levels of nesting in a batch: between the two limits, calls are refused one by one."""
MESSAGE_ID_LENGTH = 256
MOST_SHOWN = 3
"""Of the values that name nobody, in the reason of a refusal."""
DEFAULT_SOURCE = "told"

_REQUIRED = {"track": ("event",), "group": ("groupId",), "alias": ("previousId", "userId")}
_NULL = Raw(b"null")
_BYTE = re.compile(r"\(byte (\d+)\)")
_NOT_A_NUMBER = re.compile(rb"-?(?:NaN|Infinity)")
_QUOTED = re.compile(rb'"[^"]*"')
_SIGNS = b'"[]{},'
_OTHERS = bytes(set(range(256)) - set(_SIGNS))
_SQUARE = bytes.maketrans(b"{}", b"[]")
_STEPS = [(byte == ord("[")) - (byte == ord("]")) for byte in range(256)]
_COMMA = ord(",")


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What accepting a call depends on beside its bytes.

    now: the time of receipt. sender: name of the key that it came with. pseudonym: namespace and
    value to fragment id. new_id: a fresh id, for calls without a messageId and for dead letters.
    """

    project: Project
    now: values.Instant
    sender: str
    pseudonym: Callable[[str, str], bytes]
    new_id: Callable[[], str]


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    """A call as decoded from JSON; kinds are checked by hand, so that refusals read well. Objects
    are kept byte for byte as they came."""

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


_WIRE = msgspec.json.Decoder(_Wire)
_NAMES = {
    "messageId": "message_id",
    "userId": "user_id",
    "anonymousId": "anonymous_id",
    "previousId": "previous_id",
    "groupId": "group_id",
    "event": "event",
    "name": "name",
    "category": "category",
}
_IDS = ("userId", "anonymousId", "previousId")
"""Numbers are ids too: identity reads them as they were sent."""
_OTHER_IDS = ("messageId", "groupId")
_OBJECTS = ("properties", "traits", "context", "integrations")


def read_call(
    content: bytes, route: str, context: Context, sent: values.Instant | None = None
) -> facts.Unit:
    """The unit of one call in UTF-8: its event, and the key under which it is accepted only once.

    route: one of `CALLS`, or `ANY_CALL`. sent: when the batch was sent, for calls that do not say
    so themselves. Raises IntakeError.
    """
    project, received = context.project, context.now
    limit = project.company.limits.event_bytes
    if len(content) > limit:
        raise IntakeError(
            RefusalCode.EVENT_TOO_LARGE,
            f"found a call of {len(content):,} bytes; expected {limit:,} at most: send less in it",
        )
    require_depth(content, EVENT_DEPTH)
    wire = decode(_WIRE, content)
    call = _call(wire.type, route)
    said, raw = _named(wire), {}
    for field in _OBJECTS:
        part = getattr(wire, field)
        raw[field], said[field] = (b"{}", {}) if part is _NULL else _object(part, field)
    for field in _REQUIRED.get(call, ()):
        if said[field] is None or not str(said[field]).strip():
            raise IntakeError(
                RefusalCode.MISSING_FIELD,
                f"found no `{field}` in the {call} call; expected text that is not empty",
            )
    identifiers = _identifiers({"type": call, **said}, project)
    own, sent = _own_times(wire, sent, project.company.zone)
    times = effective_time(own, sent, received, project.company)
    tracking = project.tracking
    name = tracking.names.get(call, CALL_NAMES.get(call, call))
    if call == "track":
        name = unicodedata.normalize("NFC", said["event"])
    event = events.Event(
        id=said["messageId"] or context.new_id(),
        call=call,
        name=name,
        identifiers=identifiers,
        time=times.time,
        received=received,
        claimed=times.claimed,
        latest=times.latest,
        source=tracking.sources.get(name) or tracking.sources.get(call) or DEFAULT_SOURCE,
        group_id=said["groupId"],
        label=said["name"],
        category=said["category"],
        **raw,
    )
    # Decoded once, for every fold of the event: see `Event.said`.
    event.__dict__.update(
        said=said["properties"], said_traits=said["traits"], said_context=said["context"]
    )
    _require_planned(tracking, event, project.company.zone)
    return _unit(event, own, context)


def _unit(event: events.Event, own: values.Instant | None, context: Context) -> facts.Unit:
    """own: the sender's time of it."""
    first, received = event.identifiers[0], event.received
    fragment = context.pseudonym(first.namespace, first.value)
    fact = facts.Fact(
        id=event.id, fragment=fragment, time=event.time, received=received, body=event
    )
    unit = facts.Unit(facts=(fact,), dedupe_keys=(dedupe_key(event.id, own),))
    unit = once(unit, event, context.project, context.pseudonym)
    return with_slips(unit, context.project, context.sender, context.new_id)


def _own_times(
    wire: _Wire, sent: values.Instant | None, zone: str
) -> tuple[values.Instant | None, values.Instant | None]:
    """When it happened and when it was sent, by the sender's clock; `sent`: if it does not say."""
    own = read_instant(wire.original_timestamp, "originalTimestamp", zone)
    if own is None:
        own = read_instant(wire.timestamp, "timestamp", zone)
    said = read_instant(wire.sent_at, "sentAt", zone)
    return own, sent if said is None else said


def dedupe_key(message_id: str, own: values.Instant | None) -> bytes:
    """Under which an event is accepted once: the hour of its sender's own time, then its id's hash.

    The hour keeps keys of the same time together; the sender's own time is the same however often
    they send. An event without a timestamp has the hour 0.
    """
    hour = 0 if own is None else own // values.HOUR
    digest = blake2b(message_id.encode(), digest_size=16).digest()
    return hour.to_bytes(8, "big", signed=True) + digest


def _call(found: Any, route: str) -> str:
    """Which call it is, by its own `type` and the address."""
    if route not in CALLS and route != ANY_CALL:
        raise IntakeError(
            RefusalCode.UNKNOWN_CALL,
            f"found the call {route[:60]!r}; expected one of {', '.join(CALLS)}",
        )
    if found is None and route in CALLS:
        return route
    known = isinstance(found, str) and found in CALLS
    if not known or route not in {found, ANY_CALL}:
        shown = repr(found[:60]) if isinstance(found, str) else kind_of(found)
        expected = f"{route!r}, as the address says" if known else f"one of {', '.join(CALLS)}"
        code = RefusalCode.UNKNOWN_CALL
        raise IntakeError(code, f"found {shown} in `type`; expected {expected}")
    return str(found)


def _named(wire: _Wire) -> dict[str, Any]:
    """The ids and names of a call by Segment's field: text, of a number its text, or none. Ids may
    still be empty or blocked."""
    named: dict[str, Any] = {}
    for field, attribute in _NAMES.items():
        value = getattr(wire, attribute)
        if value is not None and not isinstance(value, str):
            if field == "event" or isinstance(value, bool) or not isinstance(value, int | float):
                expected = "text" if field == "event" else "text or a number"
                raise IntakeError(
                    RefusalCode.WRONG_TYPE,
                    f"found {kind_of(value)} in `{field}`; expected {expected}",
                )
            if isinstance(value, float) and field in _OTHER_IDS:
                _require_exact(value, field)
            if field not in _IDS:
                whole = isinstance(value, float) and value.is_integer()
                value = str(int(value) if whole else value)
        if field == "messageId" and value is not None and len(value) > MESSAGE_ID_LENGTH:
            raise IntakeError(
                RefusalCode.WRONG_TYPE,
                f"found a `messageId` of {len(value)} characters; expected {MESSAGE_ID_LENGTH} at"
                " most",
            )
        named[field] = value
    return named


def _require_exact(number: float, field: str) -> None:
    try:
        require_exact(field, number)
    except IdentifierError as error:
        raise IntakeError(RefusalCode.BAD_ID, str(error)) from None


def _object(content: Raw, field: str) -> tuple[bytes, Mapping[str, Any]]:
    """A JSON object: byte for byte as it came, and decoded."""
    said = decode(ANYTHING, content)
    if said is None:
        return b"{}", {}
    if not isinstance(said, dict):
        raise IntakeError(
            RefusalCode.WRONG_TYPE,
            f"found {kind_of(said)} in `{field}`; expected an object or nothing",
        )
    return bytes(content), said


def _identifiers(said: Mapping[str, Any], project: Project) -> tuple[events.Identifier, ...]:
    try:
        identifiers = identifiers_of(said, project.namespaces)
    except IdentifierError as error:
        raise IntakeError(RefusalCode.BAD_ID, str(error)) from None
    if not identifiers:
        raise IntakeError(
            RefusalCode.MISSING_ID,
            f"found a missing id: no identifier that names somebody{_nobodies(said, project)}; "
            f"expected one of {', '.join(project.namespaces)}",
        )
    return identifiers


def _nobodies(said: Mapping[str, Any], project: Project) -> str:
    """Which values were taken for nobody's, so that nobody has to guess."""
    given = nobodies_of(said, project.namespaces)
    shown = [f"{name} {repr(value)[:60]}" for name, value in given[:MOST_SHOWN]]
    return f" (nobody is {', '.join(shown)})" if shown else ""


def read_instant(value: object, field: str, zone: str) -> values.Instant | None:
    """An ISO 8601 text as an instant, in this zone, the project's, if it names none; null is none.
    Raises IntakeError for anything else."""
    if value is None:
        return None
    instant = conversion.parse_instant(value, zone) if isinstance(value, str) else None
    if instant is None:
        found = repr(value[:60]) if isinstance(value, str) else kind_of(value)
        raise IntakeError(
            RefusalCode.BAD_TIMESTAMP,
            f"found {found} in `{field}`; expected ISO 8601 text, as 2026-03-01T09:30:00Z",
        )
    return instant


class Times(NamedTuple):
    """When a call happened: as `events.Event` has them."""

    time: values.Instant
    claimed: values.Instant | None = None
    latest: values.Instant | None = None


def effective_time(
    own: values.Instant | None,
    sent: values.Instant | None,
    received: values.Instant,
    declared: company.Company,
) -> Times:
    """When it happened by its sender's clock, where that can be believed.

    A call that was sent at most `clock_skew` before it was received was slow on its way, and `own`
    holds. One that says it was sent earlier, or after it was received, comes from a clock that is
    wrong: it happened at received - (sent - own), by Segment's rule. Nothing happens after it was
    received; what says so by more than an hour keeps the sender's time beside it. Raises
    IntakeError for an event before `earliest_event`.
    """
    if own is None:
        return Times(received)
    late = 0 if sent is None else received - sent
    happened = own if 0 <= late <= declared.clock_skew else own + late
    if happened < declared.earliest_event:
        shown, first = (_shown(each) for each in (happened, declared.earliest_event))
        raise IntakeError(
            RefusalCode.TOO_EARLY,
            f"found an event of {shown}; expected none before {first}, "
            "the project's earliest_event: correct its timestamp",
        )
    time, latest = min(happened, received), min(own + late, received)
    claimed = own if happened > received + values.HOUR else None
    return Times(time, claimed, latest if latest > time else None)


def _shown(instant: values.Instant) -> str:
    try:
        return conversion.format_instant(instant)
    except (ValueError, OverflowError):
        return f"{instant} microseconds from 1970"


def _require_planned(tracking: company.Tracking, event: events.Event, zone: str) -> None:
    """Raises IntakeError if the tracking plan refuses the event: what it must carry, and of what
    type."""
    planned, said = tracking.plan.get(event.name), event.said
    if planned is None:
        if event.call == "track" and tracking.undeclared == "refuse":
            raise IntakeError(
                RefusalCode.UNDECLARED_EVENT,
                f"found the event {event.name[:60]!r}, which the tracking plan does not name; "
                "expected a planned one: add it to events.yaml or correct the sender",
            )
        return
    for name in sorted(planned.required):
        if conversion.property_of(event, name) is None:
            raise IntakeError(
                RefusalCode.MISSING_PROPERTY,
                f"found no property `{name}` in {planned.name!r}; the tracking plan requires it:"
                " send it",
            )
    nested = {name: conversion.property_of(event, name) for name in planned.properties}
    _require_types(nested, planned.properties, "", zone)
    for name, fields in planned.items.items():
        value = said.get(name)
        if value is None:
            continue
        if not isinstance(value, list):
            raise _unplanned(value, "a list of objects", name)
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                raise _unplanned(item, "an object", f"{name}[{index}]")
            _require_types(item, fields, f"{name}[{index}].", zone)


def _require_types(
    said: Mapping[str, Any], types: Mapping[str, values.Type], prefix: str, zone: str
) -> None:
    for name, declared in types.items():
        value = said.get(name)
        if value is None:
            continue
        if conversion.convert(value, declared, zone) is not None:
            continue
        if declared.many and isinstance(value, list):
            one = values.Type(declared.kind)
            for index, found in enumerate(value):
                if conversion.slipped(found, conversion.convert(found, one, zone)):
                    raise _unplanned(found, str(one), f"{prefix}{name}[{index}]")
        raise _unplanned(value, str(declared), f"{prefix}{name}")


def _unplanned(value: Any, expected: str, where: str) -> IntakeError:
    found = repr(value[:60]) if isinstance(value, str) else kind_of(value)
    return IntakeError(
        RefusalCode.WRONG_TYPE,
        f"found {found} in the property `{where}`; the tracking plan expects {expected}",
    )


def require_depth(content: bytes, limit: int) -> None:
    """Raises IntakeError where lists and objects are nested more than `limit` levels deep."""
    if content.count(b"{") + content.count(b"[") > limit and _depth(content) > limit:
        raise _too_deep(limit)


def _too_deep(limit: int) -> IntakeError:
    return IntakeError(
        RefusalCode.TOO_DEEP,
        f"found lists or objects nested more than {limit} levels deep; flatten them",
    )


def _depth(content: bytes) -> int:
    """Takes the innermost level away while that is much of it, and counts what is left."""
    brackets = _structure(content).replace(b",", b"")
    levels = 0
    while brackets:
        outer = brackets.replace(b"[]", b"")
        if len(outer) > len(brackets) * 3 // 4:
            break
        brackets = outer
        levels += 1
    return levels + max(chain([0], accumulate(map(_STEPS.__getitem__, brackets))))


def second_level(content: bytes) -> int:
    """At least as many as the values on the second level of nesting, as a batch's calls are."""
    structure = _structure(content)
    levels = accumulate(map(_STEPS.__getitem__, structure))
    places = zip(structure, levels, strict=True)
    return 1 + sum(byte == _COMMA and level == 2 for byte, level in places)


def _structure(content: bytes) -> bytes:
    """Commas and brackets of a JSON text, all square, without those inside strings."""
    if b"\\" in content:
        content = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    signs = content.translate(_SQUARE, _OTHERS)
    return _QUOTED.sub(b"", signs)


ANYTHING: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def decode(decoder: msgspec.json.Decoder[T], content: bytes | msgspec.Raw) -> T:
    """Decoded as the decoder's type. Raises IntakeError, which says where and what."""
    try:
        return decoder.decode(content)
    except msgspec.ValidationError as error:
        why = str(error)
        if "out of range" in why:
            code, found = RefusalCode.BAD_NUMBER, "a number that is too large to keep"
            raise IntakeError(code, f"found {found} ({why}); send it as text") from None
        found = f"found JSON of another shape: {why[0].lower()}{why[1:]}"
        raise IntakeError(RefusalCode.WRONG_TYPE, found) from None
    except msgspec.DecodeError as error:
        why, place = str(error), _BYTE.search(str(error))
        number = _NOT_A_NUMBER.match(bytes(content), int(place[1])) if place else None
        if number:
            why = f"{number[0].decode()} at byte {number.start()} is no JSON number"
        found = f"found a body that is not JSON: {why}; send valid JSON"
        raise IntakeError(RefusalCode.NOT_JSON, found) from None
    except UnicodeDecodeError:
        found = "found bytes that are not UTF-8; send JSON in UTF-8"
        raise IntakeError(RefusalCode.NOT_UTF8, found) from None
    except RecursionError:
        raise _too_deep(EVENT_DEPTH) from None
