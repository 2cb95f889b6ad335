"""Shapes of tuttu.yaml, identity.yaml, channels.yaml, resources.yaml and consent.yaml."""

from __future__ import annotations

from tuttu.catalog.schemas.parts import (
    COLUMN,
    PLACE,
    WORD,
    Shape,
    choice,
    document,
    duration,
    listing,
    moment,
    one_of_shapes,
    record,
    table,
    text,
    whole,
    word,
)

BASES = (
    "consent",
    "contract",
    "legitimate interest",
    "legal obligation",
    "public task",
    "vital interest",
)
CALLS = ("identify", "track", "page", "screen", "group", "alias")


def tuttu() -> Shape:
    keys = {
        "name": word("the company's name in one word", "Names the project in answers and logs."),
        "environment": choice(
            ("dev", "test", "live"),
            "Outside live nothing leaves the house but to listed addresses.",
        ),
        "currency": text(
            "a currency code such as EUR", "ISO 4217. All money is in it.", "^[A-Z]{3}$"
        ),
        "zone": text(
            "a time zone such as Europe/Helsinki",
            "IANA name. Dates, calendar periods and times without a zone are read in it.",
        ),
        "languages": listing(
            "languages such as [fi, en]",
            text("a language such as fi or pt-BR", "", "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$"),
            description="Languages of content. Every message exists at least in the first one.",
        ),
        "brands": listing("names of brands", word("a brand"), 0, "Brands of the company."),
        "storage": text(
            "a storage URL such as sqlite:.tuttu/store.db",
            "Where state and log are kept: sqlite:PATH, relative to the project folder, or"
            " postgresql://HOST/DATABASE. `--storage` and TUTTU_STORAGE go before it: a password"
            " does not belong into a file that is in git.",
        ),
        "earliest_event": moment("Events before this are refused. Default 2000-01-01."),
        "limits": record(
            "limits of what is taken in",
            {
                "event_bytes": whole("bytes", "Largest event. Default 32768.", 1),
                "body_bytes": whole("bytes", "Largest unpacked body. Default 4194304.", 1),
                "batch_events": whole("a number", "Most events in a batch. Default 2500.", 1),
            },
            description="Larger input is refused with a clear reason.",
        ),
    }
    return document("tuttu.yaml: the company", record("the company", keys, ["name"]))


def identity() -> Shape:
    keys = {
        "namespaces": table(
            "kinds of identifiers",
            _namespace(),
            COLUMN,
            "Kinds of identifiers, the highest priority first.",
        )
        | {"minProperties": 1}
    }
    return document(
        "identity.yaml: how customers are known", record("identity", keys, ["namespaces"])
    )


def _namespace() -> Shape:
    return record(
        "settings of one kind of identifier",
        {
            "unique": {
                "title": "true or false",
                "type": "boolean",
                "description": "True: a customer has at most one value of this kind.",
            },
            "limit": whole(
                "a number of partners",
                "An identifier with more partners than this links nobody. Absent: no limit.",
                1,
            ),
            "alias_limit": whole(
                "a number of values",
                "How many values of a unique kind the alias call may join. Default 1: none.",
                1,
            ),
            "normalise": listing(
                "steps such as [trim, lower]",
                choice(("trim", "lower", "digits", "phone")),
                0,
                "What is done to a value before it is compared, in order. Default [trim].",
            ),
            "blocked": listing(
                "values that name nobody",
                {"title": "a value, * stands for any text", "type": ["string", "integer"]},
                0,
                "Normalised values that name nobody, such as unknown; * stands for any text.",
            ),
            "fields": listing(
                "places in a call such as [traits.email]",
                text(
                    "a path such as traits.email",
                    "",
                    "^(traits|properties|context)([.][A-Za-z0-9_ -]+)+$",
                ),
                0,
                "Where else in a call this identifier is found. userId and anonymousId are "
                "always user_id and anonymous_id.",
            ),
            "strength": _strength(),
        },
    )


def _strength() -> Shape:
    keys = {call: whole("a number", f"Of evidence by {call} calls.") for call in CALLS}
    keys["default"] = whole("a number", "Of evidence by any other call.")
    description = "Stronger evidence joins first. Higher is stronger."
    return record("strengths by call", keys, description=description)


def channels() -> Shape:
    surface = record(
        "a surface",
        {
            "channel": word("a channel", "The inbound channel on which it is shown."),
            "slots": whole("a number of slots", "How many actions it shows. Default 1.", 1, 1_000),
            "default": word("a message", "Content for slots that nothing won."),
            "deadline": duration("How long a decision for it may take."),
            "counts": choice(("viewed",), "What makes a contact count. Default viewed."),
            "variety": whole(
                "a number", "At most this many actions of one issue group at once.", 1, 1_000
            ),
        },
        ["channel"],
    )
    keys = {
        "channels": table(
            "channels with their direction",
            choice(("in", "out"), "in: the customer comes to us. out: we contact the customer."),
            WORD,
            "Channels by name; left out, the usual ones: web and app in; email, sms, push, ads, "
            "call and letter out. An outbound channel is also a surface of its own name.",
        )
        | {"minProperties": 1},
        "surfaces": table(
            "surfaces", surface, PLACE, "Places of inbound channels that show actions."
        ),
    }
    return document("channels.yaml: channels and surfaces", record("channels", keys))


def resources() -> Shape:
    resource = record(
        "a resource",
        {
            "amount": whole("a number of units", "How many units there are."),
            "per": choice(
                ("day", "week", "month", "year"),
                "The calendar period that the amount is for. Absent: once and for all.",
            ),
        },
        ["amount"],
    )
    return document(
        "resources.yaml: what there is a limited amount of", table("resources", resource, COLUMN)
    )


def consent() -> Shape:
    direction = choice(("in", "out"), "in: allowed until refused. out: refused until allowed.")
    purpose = record(
        "a purpose",
        {
            "basis": choice(BASES, "The legal basis."),
            "default": one_of_shapes(
                "in or out, or a mapping that says it for every channel",
                [direction, table("channels", direction, WORD)],
                "What holds before the customer has chosen: one word for all channels, or one "
                "for each. It may be left out (in) where the basis is not consent.",
            ),
            "skips": listing(
                "stages such as [contact_limits]",
                choice(("contact_limits", "controls", "suppressions")),
                0,
                "Stages of the decision that do not apply to this purpose.",
            ),
        },
        ["basis"],
    )
    keys = {
        "purposes": table(
            "purposes", purpose, WORD, "What people are contacted or profiled for, by name."
        )
        | {"minProperties": 1}
    }
    return document("consent.yaml: purposes and their bases", record("consent", keys, ["purposes"]))
