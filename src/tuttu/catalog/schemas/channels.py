"""Shape of channels.yaml: channels and surfaces."""

from typing import get_args

from tuttu.catalog.schemas import json_schema as s
from tuttu.vocabulary.company import ContentType, Counting, Speaker

TRAIT = "^[A-Za-z_][A-Za-z0-9_.]*$"
DIRECTION = s.choice(("in", "out"), "in: the customer comes to us. out: we contact the customer.")


def channels() -> s.Shape:
    surface = s.record(
        "a surface",
        {
            "channel": s.word("a channel", "The inbound channel on which it is shown."),
            "slots": s.whole(
                "a number of slots", "How many actions it shows. Default 1.", 1, 1_000
            ),
            "default": s.word("a message", "Content for slots that nothing won."),
            "deadline": s.duration("How long a decision for it may take."),
            "counts": s.choice(get_args(Counting), "What makes a contact count. Default viewed."),
            "person": s.boolean(
                "True: somebody speaks to the customer there. Asked by an identifier that several "
                "people use, it answers who they may be, and decides nothing."
            ),
            "variety": s.whole(
                "a number", "At most this many actions of one issue group at once.", 1, 1_000
            ),
            "owed": s.whole(
                "a number",
                "At most this many owed actions beside the slots; the answer names the others. "
                "Default all.",
                1,
                1_000,
            ),
        },
        ["channel"],
    )
    keys = {
        "channels": s.table(
            "channels with their direction",
            s.one_of_shapes(
                "one of in, out, or a channel with what it needs", [DIRECTION, _channel()]
            ),
            s.WORD,
            "Channels by name; left out, the usual ones: web and app in; email, sms, push, ads, "
            "call and letter out. An outbound channel is also a surface of its own name.",
        )
        | {"minProperties": 1},
        "surfaces": s.table(
            "surfaces", surface, s.PLACE, "Places of inbound channels that show actions."
        ),
    }
    return s.document("channels.yaml: channels and surfaces", s.record("channels", keys))


def _channel() -> s.Shape:
    needs = s.record(
        "what must be known of a customer",
        {
            "namespace": s.text(
                "a namespace",
                "An identifier of this namespace: it is the address. Never one that several people "
                "share.",
                s.COLUMN,
            ),
            "verified": s.boolean(
                "True: only an address that an event of `verified_by` has confirmed. Default false."
            ),
            "traits": s.listing(
                "traits such as [street, postal_code]",
                s.text("a trait", "", TRAIT),
                1,
                "Traits that must all be known: together they are the address.",
            ),
        },
        description="What the channel reaches a customer by. Absent: it reaches everybody.",
    )
    event = s.text("the name of an event")
    return s.record(
        "a channel",
        {
            "direction": DIRECTION,
            "by": s.choice(
                get_args(Speaker), "Who speaks: an AI or a recorded voice is a machine."
            ),
            "content": s.choice(
                get_args(ContentType),
                "What its messages are; in html, values are escaped. Default html for web, text "
                "for all others.",
            ),
            "segments": s.whole(
                "a number of segments",
                "Text messages: how many a message may take. Default 1 for sms, else not counted.",
                1,
                10,
            ),
            "needs": needs,
            "dead": s.listing(
                "events such as [Email Bounced]",
                event,
                1,
                "Events that say that the address which they carry is dead, until it is confirmed "
                "later.",
            ),
            "verified_by": s.listing(
                "events such as [Email Confirmed]",
                event,
                1,
                "Events that confirm the address which they carry.",
            ),
        },
        ["direction"],
    )
