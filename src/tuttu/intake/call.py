"""One of Segment's calls, from its bytes to the unit that is committed."""

from __future__ import annotations

import unicodedata
from hashlib import blake2b

from tuttu.catalog.scope import CALL_NAMES
from tuttu.identity import IdentifierError, identifiers_of
from tuttu.intake.moments import Moment, read_instant, settle
from tuttu.intake.nesting import EVENT_DEPTH, require_depth
from tuttu.intake.plan import require_planned
from tuttu.intake.records import Context
from tuttu.intake.refusing import Code, RefusedError
from tuttu.intake.wire import Call, read_wire
from tuttu.vocabulary.company import Limits, Tracking
from tuttu.vocabulary.events import Event, Identifier
from tuttu.vocabulary.facts import Fact, Unit
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import HOUR, Instant

DEFAULT_SOURCE = "told"

_NEEDED = {
    "track": (("event", "event"),),
    "group": (("group_id", "groupId"),),
    "alias": (("previous_id", "previousId"), ("user_id", "userId")),
}


def read_call(content: bytes, route: str, context: Context, sent: Instant | None = None) -> Unit:
    """The unit of one call in UTF-8: its event, and the key under which it is taken only once.

    route: one of `CALLS`, or `ANY_CALL`. sent: when the batch was sent, for calls that do not say
    so themselves. Raises RefusedError.
    """
    _require_size(content, context.project.company.limits)
    require_depth(content, EVENT_DEPTH)
    call = read_wire(content, route)
    _require_fields(call)
    identifiers = _identifiers(call, context.project)
    moment = _moment(call, context, sent)
    event = _event(call, identifiers, moment, context)
    require_planned(context.project.tracking, call.type, event.name, call.properties.said)
    fact = Fact(
        id=event.id,
        fragment=context.pseudonym(identifiers[0].namespace, identifiers[0].value),
        time=event.time,
        received=event.received,
        body=event,
    )
    return Unit(facts=(fact,), once=(once_key(event.id, moment.own),))


def once_key(message_id: str, own: Instant | None) -> bytes:
    """Under which an event is taken once: the hour of its sender's own time, then its id's hash.

    The hour keeps keys of the same time together; the sender's own time is the same however often
    he sends. An event without a timestamp has the hour 0.
    """
    hour = 0 if own is None else own // HOUR
    digest = blake2b(message_id.encode(), digest_size=16).digest()
    return hour.to_bytes(8, "big", signed=True) + digest


def _require_size(content: bytes, limits: Limits) -> None:
    if len(content) > limits.event_bytes:
        raise RefusedError(
            Code.EVENT_TOO_LARGE,
            f"found a call of {len(content):,} bytes; expected {limits.event_bytes:,} at most: "
            "send less in it",
        )


def _require_fields(call: Call) -> None:
    for attribute, field in _NEEDED.get(call.type, ()):
        said = getattr(call, attribute)
        if said is None or not str(said).strip():
            raise RefusedError(
                Code.MISSING_FIELD,
                f"found no `{field}` in the {call.type} call; expected text that is not empty",
            )


def _identifiers(call: Call, project: Project) -> tuple[Identifier, ...]:
    said = {
        "type": call.type,
        "userId": call.user_id,
        "anonymousId": call.anonymous_id,
        "previousId": call.previous_id,
        "groupId": call.group_id,
        "traits": call.traits.said,
        "properties": call.properties.said,
        "context": call.context.said,
    }
    try:
        identifiers = identifiers_of(said, project.namespaces)
    except IdentifierError as error:
        raise RefusedError(Code.BAD_ID, str(error)) from None
    if not identifiers:
        raise RefusedError(
            Code.MISSING_ID,
            "found a missing id: no identifier that is neither empty nor blocked; "
            f"expected one of {', '.join(project.namespaces)}",
        )
    return identifiers


def _moment(call: Call, context: Context, sent: Instant | None) -> Moment:
    original, timestamp, sent_at = call.dated
    own = read_instant(original, "originalTimestamp")
    own = own if own is not None else read_instant(timestamp, "timestamp")
    own_sent = read_instant(sent_at, "sentAt")
    return settle(
        own,
        sent if own_sent is None else own_sent,
        context.now,
        context.project.company.earliest_event,
    )


def _event(
    call: Call, identifiers: tuple[Identifier, ...], moment: Moment, context: Context
) -> Event:
    name = _name(call, context.project.tracking)
    return Event(
        id=call.message_id or context.new_id(),
        call=call.type,
        name=name,
        identifiers=identifiers,
        time=moment.time,
        received=context.now,
        claimed=moment.claimed,
        source=_source(call.type, name, context.project.tracking),
        properties=call.properties.content,
        traits=call.traits.content,
        context=call.context.content,
        integrations=call.integrations.content,
        group_id=call.group_id,
        label=call.name,
        category=call.category,
    )


def _name(call: Call, tracking: Tracking) -> str:
    if call.type == "track" and call.event:
        return unicodedata.normalize("NFC", call.event)
    return tracking.names.get(call.type, CALL_NAMES.get(call.type, call.type))


def _source(call: str, event: str, tracking: Tracking) -> str:
    return tracking.sources.get(event) or tracking.sources.get(call) or DEFAULT_SOURCE
