"""Shape of identity.yaml: how customers are known."""

from tuttu.catalog.schemas import json_schema as s


def identity() -> s.Shape:
    keys = {
        "namespaces": s.table(
            "kinds of identifiers",
            _namespace(),
            s.COLUMN,
            "Kinds of identifiers, the highest priority first.",
        )
        | {"minProperties": 1}
    }
    return s.document(
        "identity.yaml: how customers are known", s.record("identity", keys, ["namespaces"])
    )


def _namespace() -> s.Shape:
    return s.record(
        "settings of one kind of identifier",
        {
            "unique": s.boolean("True: a customer has at most one value of this kind."),
            "apart": s.boolean(
                "True: customers with different values of this kind are different people, for all "
                "that kinds below it say."
            ),
            "limit": s.whole(
                "a number of people",
                "An identifier that several people use is shared and joins nobody; used by more "
                "people than this it is a crowd, and nobody is listed for it. Absent: no limit.",
                1,
            ),
            "partners": s.whole(
                "a number of identifiers",
                "An identifier that is named together with more others than this, of any kind, is "
                "a crowd, too. Default 500.",
                1,
            ),
            "alias_limit": s.whole(
                "a number of values",
                "How many values of a unique kind the alias call may join. Default 1: none.",
                1,
            ),
            "normalise": s.listing(
                "steps such as [trim, lower]",
                s.choice(("trim", "lower", "digits", "phone")),
                0,
                "What is done to a value before it is compared, in order. Default [trim].",
            ),
            "blocked": s.listing(
                "values that name nobody",
                {"title": "a value, * stands for any text", "type": ["string", "integer"]},
                0,
                "Normalised values that name nobody, such as unknown; * stands for any text.",
            ),
            "fields": s.listing(
                "places in a call such as [traits.email]",
                s.text(
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


def _strength() -> s.Shape:
    keys = {call: s.whole("a number", f"Of evidence by {call} calls.") for call in s.CALLS}
    keys["default"] = s.whole("a number", "Of evidence by any other call.")
    description = "Stronger evidence joins first. Higher is stronger."
    return s.record("strengths by call", keys, description=description)
