"""Shape of tuttu.yaml: the company."""

from tuttu.catalog.schemas import json_schema as s


def tuttu() -> s.Shape:
    keys = {
        "name": s.word("the company's name in one word", "Names the project in answers and logs."),
        "environment": s.choice(
            ("dev", "test", "live"),
            "Outside live nothing is sent but to listed addresses.",
        ),
        "currency": s.text(
            "a currency code such as EUR", "ISO 4217. All money is in it.", "^[A-Z]{3}$"
        ),
        "zone": s.text(
            "a time zone such as Europe/Helsinki",
            "IANA name. Calendar periods and times without a zone are read in it, and so is the "
            "calendar of customers whose trait `zone` names no other.",
        ),
        "languages": s.listing(
            "languages such as [fi, en]",
            s.text("a language such as fi or pt-BR", "", "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$"),
            description="Languages of content. Every message exists at least in the first one.",
        ),
        "brands": s.listing("names of brands", s.word("a brand"), 0, "Brands of the company."),
        "storage": s.text(
            "a storage URL such as sqlite:.tuttu/store.db",
            "Where state and log are kept: sqlite:PATH, relative to the project folder, or"
            " postgresql://HOST/DATABASE. `--storage` and TUTTU_STORAGE go before it: a password"
            " does not belong into a file that is in git.",
        ),
        "earliest_event": s.moment("Events before this are refused. Default 2000-01-01."),
        "clock_skew": s.duration(
            "A call that says it was sent so much before it was received, or less, was slow on its "
            "way: its times are believed. Above that, or sent later than received, the sender's "
            "clock is wrong, and its times are corrected by the difference. Default 1h."
        ),
        "repeat_within": s.duration(
            "A messageId that is received again within this time is the same call sent again; with "
            "another call, event or identifier it is refused. Default 7d."
        ),
        "limits": s.record(
            "limits of what is taken in",
            {
                "event_bytes": s.whole("bytes", "Largest event. Default 32768.", 1),
                "body_bytes": s.whole("bytes", "Largest unpacked body. Default 4194304.", 1),
                "batch_events": s.whole("a number", "Most events in a batch. Default 2500.", 1),
                "evidence_pairs": s.whole(
                    "a number of at least 49, so that one call with 50 identifiers fits",
                    "Most pairs of identifiers that the calls of one body name together: the work"
                    " of finding out who is who. The calls beyond are refused. Default 10000.",
                    49,
                ),
                "clock_ahead": s.duration(
                    "How far time may be ahead of the machine's clock, which was set back or was"
                    " ahead once; beyond it nothing is kept. Default 5m."
                ),
            },
            description="Larger input is refused with a clear reason.",
        ),
    }
    return s.document("tuttu.yaml: the company", s.record("the company", keys, ["name"]))
