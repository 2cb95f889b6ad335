"""Shape of consent.yaml: purposes, their bases, and kinds of person."""

from tuttu.catalog.schemas import json_schema as s
from tuttu.vocabulary.company import BASES


def consent() -> s.Shape:
    purpose = s.record(
        "a purpose",
        {
            "basis": _by_kind_and_channel(
                s.choice(BASES, "The legal basis."),
                f"one of {', '.join(BASES)}, or a mapping by channel or kind of person",
                "The legal basis: one for all, or one for each channel, each kind of person, or "
                "each kind with its channels.",
            ),
            "default": _by_kind_and_channel(
                s.choice(("in", "out"), "in: allowed until refused. out: refused until allowed."),
                "in or out, or a mapping that says it for every channel",
                "What holds before the customer has chosen: one word for all channels, or one "
                "for each; by kind of person as `basis`. It may be left out (in) where the basis "
                "is not consent.",
            ),
            "soft_opt_in": _soft_opt_in(),
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
        "kinds": _kinds(),
        "purposes": s.table(
            "purposes", purpose, s.WORD, "What people are contacted or profiled for, by name."
        )
        | {"minProperties": 1},
    }
    return s.document(
        "consent.yaml: purposes and their bases", s.record("consent", keys, ["purposes"])
    )


def _by_kind_and_channel(one: s.Shape, title: str, description: str) -> s.Shape:
    channels = s.table("channels", one, s.WORD)
    either = s.one_of_shapes(f"{one['title']}, or a mapping by channel", [one, channels])
    mapping = s.table("channels or kinds of person", either, s.WORD)
    return s.one_of_shapes(title, [one, mapping], description)


def _kinds() -> s.Shape:
    return s.record(
        "kinds of person",
        {
            "trait": s.text("a trait", "A text: what kind of person the customer is.", s.COLUMN),
            "values": s.listing(
                "values such as [consumer, company]",
                s.word("a kind of person"),
                2,
                "What it may be. With any other value, or none, the strictest terms hold.",
            ),
        },
        ["trait", "values"],
        "Kinds of person whose terms of consent differ.",
    )


def _soft_opt_in() -> s.Shape:
    return s.record(
        "what stands in for consent after a sale",
        {
            "channels": s.listing(
                "channels such as [email, sms]", s.word("a channel"), 1, "Where it may."
            ),
            "sale": s.expression("Condition on the customer: we got the address with a sale."),
            "offered": s.expression(
                "Condition on the customer: they could refuse, then and in each message since."
            ),
        },
        ["channels", "sale", "offered"],
        "Offers without consent: to who bought something, of what an action is `similar_to`, if "
        "refusal was offered. Never against a refusal.",
    )
