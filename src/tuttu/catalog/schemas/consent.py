"""Shape of consent.yaml: purposes and their bases."""

from tuttu.catalog.schemas import json_schema as s
from tuttu.vocabulary.company import BASES


def consent() -> s.Shape:
    direction = s.choice(("in", "out"), "in: allowed until refused. out: refused until allowed.")
    purpose = s.record(
        "a purpose",
        {
            "basis": s.choice(BASES, "The legal basis."),
            "default": s.one_of_shapes(
                "in or out, or a mapping that says it for every channel",
                [direction, s.table("channels", direction, s.WORD)],
                "What holds before the customer has chosen: one word for all channels, or one "
                "for each. It may be left out (in) where the basis is not consent.",
            ),
            "class": s.choice(
                ("owed", "offered"),
                "owed: what law, contract or a promise obliges us to say. It stands beside the "
                "slots, and no offer, contact limit or control keeps it back. Default offered.",
            ),
            "skips": s.listing(
                "stages such as [contact_limits]",
                s.choice(("contact_limits", "controls", "suppressions")),
                0,
                "Stages of the decision that do not apply to this purpose.",
            ),
        },
        ["basis"],
    )
    keys = {
        "purposes": s.table(
            "purposes", purpose, s.WORD, "What people are contacted or profiled for, by name."
        )
        | {"minProperties": 1}
    }
    return s.document(
        "consent.yaml: purposes and their bases", s.record("consent", keys, ["purposes"])
    )
