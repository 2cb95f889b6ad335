"""Shapes of events.yaml and traits.yaml: what comes in, and what is known from it."""

from __future__ import annotations

from tuttu.catalog.schemas.parts import (
    COLUMN,
    PHRASE,
    Shape,
    choice,
    column_type,
    document,
    duration,
    expression,
    listing,
    property_type,
    record,
    scalar_type,
    table,
    text,
    word,
)

EVENT = "the name of an event"
PATH = "^[A-Za-z0-9_]+([.][A-Za-z0-9_]+)*$"
USE = listing(
    "purposes such as [service, marketing]",
    word("a purpose"),
    0,
    "Purposes that may read it; with profiling, it reads as NULL where profiling is refused. "
    "Absent: every purpose.",
)


def events() -> Shape:
    keys = {
        "calls": record(
            "event names of calls",
            {
                call: text(EVENT, f"Name of the event that the {call} call is.", PHRASE)
                for call in ("identify", "page", "screen", "group", "alias")
            },
            description="The event that each call is, so that conditions can name it.",
        ),
        "sources": table(
            "sources by event",
            text("a source", "Such as told or bought.", COLUMN),
            description="Who says what an event or call writes: told (by the customer), bought…",
        ),
        "events": table(
            "the tracking plan", _planned_event(), description="Events by name, with properties."
        ),
        "undeclared": choice(
            ("keep", "refuse"), "What happens to events that are not in the plan. Default keep."
        ),
        "writes": listing("trait writes", _write(), 0, "Events that write traits."),
        "contacts": listing(
            "contacts made elsewhere",
            _contact(),
            0,
            "Events that say that the company made a contact outside tuttu.",
        ),
        "consent": listing(
            "choices of consent", _choice_of_consent(), 0, "Events that give or withdraw consent."
        ),
        "outcomes": table(
            "outcomes by event",
            word("an outcome"),
            description="Events whose property contact_id names a contact of tuttu, with what "
            "they say came of it.",
        ),
    }
    return document("events.yaml: the tracking plan", record("events", keys))


def _planned_event() -> Shape:
    return record(
        "an event of the plan",
        {
            "properties": table(
                "properties with types", property_type(), COLUMN, "Its properties by name."
            ),
            "required": listing(
                "names of properties",
                text("a property"),
                0,
                "Properties without which the event is refused.",
            ),
        },
    )


def _write() -> Shape:
    return record(
        "a trait write",
        {
            "event": text(EVENT),
            "source": text("a source", "Default: the event's under sources.", COLUMN),
            "traits": table(
                "properties by trait",
                text("a property", "Path of the property, with dots.", PATH),
                COLUMN,
                "Each trait with the property it is read from.",
            ),
        },
        ["event", "traits"],
    )


def _contact() -> Shape:
    return record(
        "a contact made elsewhere",
        {
            "event": text(EVENT),
            "channel": word("a channel"),
            "purpose": word("a purpose"),
            "action": word("an action", "The action it was, always the same."),
            "action_from": text("a property", "The property that names the action.", PATH),
            "outcome": word("an outcome", "What came of it, always the same."),
            "outcome_from": text("a property", "The property that says what came of it.", PATH),
            "outcome_map": table(
                "outcomes by value",
                word("an outcome"),
                description="Values of outcome_from with outcomes; any other value is none.",
            ),
            "when": expression("Condition on the event that must be true."),
        },
        ["event", "channel", "purpose"],
    )


def _choice_of_consent() -> Shape:
    return record(
        "a choice of consent",
        {
            "event": text(EVENT),
            "allowed": {
                "title": "true or false",
                "type": "boolean",
                "description": "True: the event gives consent. False: it withdraws it.",
            },
            "purpose": word("a purpose", "Absent: the event's property purpose."),
            "channel": word("a channel", "Absent: the event's property channel, or every channel."),
        },
        ["event", "allowed"],
    )


def traits() -> Shape:
    keys = {
        "collections": table(
            "collections",
            _collection(),
            COLUMN,
            "Things a customer has several of: tickets, contracts.",
        ),
        "groups": table(
            "groups",
            record(
                "a group",
                {"key": text("a trait", "Customers with the same value are one group.", COLUMN)},
                ["key"],
            ),
            COLUMN,
            "Households, accounts, companies.",
        ),
        "traits": table("traits", _trait(), COLUMN, "What is known of a customer."),
        "segments": table(
            "segments",
            record("a segment", {"expression": expression(), "use": USE}, ["expression"])
            | {"title": "an expression", "type": ["string", "boolean", "object"]},
            COLUMN,
            "Named conditions on customers; other conditions may name them.",
        ),
    }
    return document("traits.yaml: what is known of customers", record("traits", keys))


def _collection() -> Shape:
    return record(
        "a collection",
        {
            "key": text("a property", "The property that tells the items apart.", COLUMN),
            "events": listing("events", text(EVENT), 1, "Events that write an item."),
            "keep": table(
                "properties with types", scalar_type(), COLUMN, "Properties that are kept."
            ),
        },
        ["key", "events", "keep"],
    )


def _trait() -> Shape:
    field = text("a property of events or a field of a collection", "", COLUMN)
    return record(
        "a trait",
        {
            "type": column_type("Written by identify calls, imports and trait writes."),
            "count": text("events or a collection", "Counts events, or items of a collection."),
            "sum": field | {"description": "Sums this field (integer or money)."},
            "first": field | {"description": "The first value of this field."},
            "last": field | {"description": "The last value of this field."},
            "max": field | {"description": "The greatest value of this field."},
            "min": field | {"description": "The least value of this field."},
            "of": text("events or a collection", "Where the field is read from. Default events."),
            "where": expression("Only events or items for which this is true."),
            "in": duration("Only events of this long up to now."),
            "sequence": listing(
                "events in order",
                text(EVENT),
                2,
                "True if these events happened in this order within the time given.",
            ),
            "within": duration("How long the sequence may take, up to now."),
            "first_known": listing(
                "columns such as [told.shoe_size, bought.shoe_size]",
                text("a trait, or source.trait"),
                2,
                "The first of these that is known. Where it chooses among the sources of its own "
                "name, `type` beside it says their type (default text).",
            ),
            "expression": expression("Computed from other traits."),
            "use": USE,
        },
    )
