"""Shape of channels.yaml: channels and surfaces."""

from typing import get_args

from tuttu.catalog.schemas import json_schema as s
from tuttu.vocabulary.company import Counting, Speaker

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
            "variety": s.whole(
                "a number", "At most this many actions of one issue group at once.", 1, 1_000
            ),
        },
        ["channel"],
    )
    keys = {
        "channels": s.table(
            "channels with their direction",
            s.one_of_shapes(
                "one of in, out, or a channel with more of it", [DIRECTION, _channel()]
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
    return s.record(
        "a channel",
        {
            "direction": DIRECTION,
            "by": s.choice(
                get_args(Speaker), "Who speaks: an AI or a recorded voice is a machine."
            ),
        },
        ["direction"],
    )
