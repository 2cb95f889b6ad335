"""Shape of traits.yaml: what is known of customers."""

from typing import get_args

from tuttu.catalog.schemas import json_schema as s
from tuttu.vocabulary.company import ITEMS_SHOWN, MOST_ITEMS, Slip

USE = s.listing(
    "purposes such as [service, marketing]",
    s.word("a purpose"),
    0,
    "Purposes that may read it; with profiling, it reads as NULL where profiling is refused. "
    "Absent: every purpose.",
)


def traits() -> s.Shape:
    keys = {
        "collections": s.table(
            "collections",
            _collection(),
            s.COLUMN,
            "Things a customer has several of: tickets, contracts.",
        ),
        "groups": s.table(
            "groups",
            s.record(
                "a group",
                {
                    "key": s.text(
                        "a trait", "Customers with the same value are one group.", s.COLUMN_PATH
                    )
                },
                ["key"],
            ),
            s.COLUMN,
            "Households, accounts, companies.",
        ),
        "traits": s.table(
            "traits",
            _trait(),
            s.COLUMN_PATH,
            "What is known of a customer. A path such as address.city is read from inside an "
            "object.",
        ),
        "segments": s.table(
            "segments",
            s.record("a segment", {"expression": s.expression(), "use": USE}, ["expression"])
            | {"title": "an expression", "type": ["string", "boolean", "object"]},
            s.COLUMN,
            "Named conditions on customers; other conditions may name them.",
        ),
    }
    keys["initials"] = s.listing(
        "traits such as [first_name, last_name]",
        s.text("a trait", "", s.COLUMN_PATH),
        0,
        "Traits of a person's name: their first letters are shown where several people use one "
        "identifier.",
    )
    keys["asks"] = s.listing(
        "traits such as [postal_code]",
        s.text("a trait", "", s.COLUMN_PATH),
        0,
        "Traits that somebody may be asked for, to find out which of several people they are.",
    )
    return s.document("traits.yaml: what is known of customers", s.record("traits", keys))


def _collection() -> s.Shape:
    return s.record(
        "a collection",
        {
            "key": s.text(
                "a property",
                "The property that tells the items apart; of Segment's group calls it may be "
                "groupId, and their traits are kept.",
                s.COLUMN_PATH,
            ),
            "events": s.listing("events", s.text(s.EVENT), 1, "Events that write an item."),
            "keep": s.table(
                "properties with types", s.scalar_type(), s.COLUMN, "Properties that are kept."
            ),
            "closed": s.expression(
                "When an item is closed, by its own fields. Any other is live. Beyond the limit, "
                "live ones are seen first."
            ),
            "limit": s.whole(
                "a number",
                "How many items rules see of one customer: of more, the newest live ones, and then "
                f"the newest closed ones. Default {ITEMS_SHOWN:,}. Totals over events count all.",
                1,
                MOST_ITEMS,
            ),
        },
        ["key", "events", "keep"],
    )


def _trait() -> s.Shape:
    field = s.text("a property of events or a field of a collection", "", s.COLUMN_PATH)
    return s.record(
        "a trait",
        {
            "type": s.column_type("Written by identify calls, imports and trait writes."),
            "slip": s.choice(
                get_args(Slip),
                "What a value does that does not fit the type: keep what is known, or make it "
                "unknown. Default keep; unknown where a guard reads it. Its sender is told.",
            ),
            "count": s.text("events or a collection", "Counts events, or items of a collection."),
            "sum": field | {"description": "Sums this field (integer or money)."},
            "first": field | {"description": "The first value of this field."},
            "last": field | {"description": "The last value of this field."},
            "max": field | {"description": "The greatest value of this field."},
            "min": field | {"description": "The least value of this field."},
            "of": s.text("events or a collection", "Where the field is read from. Default events."),
            "where": s.expression("Only events or items for which this is true."),
            "in": s.duration(
                "Only events of this long up to now. Of a sequence: its last step; as long as "
                "`within` if absent."
            ),
            "sequence": s.listing(
                "events in order",
                s.text(s.EVENT),
                2,
                "True if these events happened in this order within the time given.",
            ),
            "within": s.duration(
                "How long the sequence may take, from its first to its last step."
            ),
            "ever": s.boolean("True: a sequence stays true however long ago it happened."),
            "first_known": s.listing(
                "columns such as [told.shoe_size, bought.shoe_size]",
                s.text("a trait, or source.trait"),
                2,
                "The first of these that is known. Where it chooses among the sources of its own "
                "name, `type` beside it says their type (default text).",
            ),
            "expression": s.expression("Computed from other traits."),
            "group": s.text(
                "a group",
                "Worked out over the events of all members as if they were one customer; of more "
                "than 50 it is NULL.",
                s.COLUMN,
            ),
            "use": USE,
        },
    )
