"""Shape of events.yaml: the tracking plan, and what events do."""

from typing import get_args

from tuttu.catalog.schemas import json_schema as s
from tuttu.vocabulary.company import Undeclared

PATH = "^[A-Za-z0-9_]+([.][A-Za-z0-9_]+)*$"


def events() -> s.Shape:
    keys = {
        "calls": s.record(
            "event names of calls",
            {
                call: s.text(s.EVENT, f"Name of the event that the {call} call is.", s.PHRASE)
                for call in s.CALLS
                if call != "track"
            },
            description="The event that each call is, so that conditions can name it.",
        ),
        "sources": s.table(
            "sources by event",
            s.text("a source", "Such as told or bought.", s.COLUMN),
            description="Who says what an event or call writes: told (by the customer), bought…",
        ),
        "events": s.table(
            "the tracking plan", _planned_event(), description="Events by name, with properties."
        ),
        "undeclared": s.choice(
            get_args(Undeclared), "What happens to events that are not in the plan. Default keep."
        ),
        "writes": s.listing("trait writes", _write(), 0, "Events that write traits."),
        "contacts": s.listing(
            "contacts made elsewhere",
            _contact(),
            0,
            "Events that say that the company made a contact outside tuttu.",
        ),
        "consent": s.listing(
            "choices of consent", _choice_of_consent(), 0, "Events that give or withdraw consent."
        ),
        "outcomes": s.table(
            "outcomes by event",
            s.word("an outcome"),
            description="Events whose property contact_id names a contact of tuttu, with what "
            "they say came of it.",
        ),
    }
    return s.document("events.yaml: the tracking plan", s.record("events", keys))


def _planned_event() -> s.Shape:
    return s.record(
        "an event of the plan",
        {
            "properties": s.table(
                "properties with types",
                s.property_type(),
                s.COLUMN_PATH,
                "Its properties by name; inside objects by their path, such as address.city, and "
                "of the call's context such as context.campaign.source.",
            ),
            "required": s.listing(
                "names of properties",
                s.text("a property"),
                0,
                "Properties without which the event is refused.",
            ),
        },
    )


def _write() -> s.Shape:
    return s.record(
        "a trait write",
        {
            "event": s.text(s.EVENT),
            "source": s.text("a source", "Default: the event's under sources.", s.COLUMN),
            "traits": s.table(
                "properties by trait",
                s.text(
                    "a property",
                    "Path of the property, with dots; of identify and group calls also of a trait, "
                    "groupId of group calls, and of any call's context such as "
                    "context.campaign.source.",
                    PATH,
                ),
                s.COLUMN_PATH,
                "Each trait with the property it is read from.",
            ),
        },
        ["event", "traits"],
    )


def _contact() -> s.Shape:
    return s.record(
        "a contact made elsewhere",
        {
            "event": s.text(s.EVENT),
            "channel": s.word("a channel"),
            "purpose": s.word("a purpose"),
            "action": s.word("an action", "The action it was, always the same."),
            "action_from": s.text("a property", "The property that names the action.", PATH),
            "outcome": s.word("an outcome", "What came of it, always the same."),
            "outcome_from": s.text("a property", "The property that says what came of it.", PATH),
            "outcome_map": s.table(
                "outcomes by value",
                s.word("an outcome"),
                description="Values of outcome_from with outcomes; any other value is none.",
            ),
            "when": s.expression("Condition on the event that must be true."),
        },
        ["event", "channel", "purpose"],
    )


def _choice_of_consent() -> s.Shape:
    return s.record(
        "a choice of consent",
        {
            "event": s.text(s.EVENT),
            "allowed": s.boolean("True: the event gives consent. False: it withdraws it."),
            "purpose": s.word("a purpose", "Absent: the event's property purpose."),
            "channel": s.word(
                "a channel", "Absent: the event's property channel, or every channel."
            ),
        },
        ["event", "allowed"],
    )
