"""Shape of identity.yaml: how customers are known."""

from tuttu.catalog.schemas import json_schema as s
from tuttu.vocabulary import company

PATH = s.text(
    "a path such as traits.email", "", "^(traits|properties|context)([.][A-Za-z0-9_ -]+)+$"
)


def identity() -> s.Shape:
    keys = {
        "country": s.text(
            "a country such as FI",
            "Whose phone numbers are written without a country, as ISO 3166 names it. Absent: "
            "such a number stays as it is, in digits.",
            "^[A-Z]{2}$",
        ),
        "namespaces": s.table(
            "kinds of identifiers",
            _namespace(),
            s.COLUMN,
            "Kinds of identifiers, the highest priority first.",
        )
        | {"minProperties": 1},
        "sets": s.table(
            "sets of links",
            _set(),
            s.WORD,
            "Links that others make, a batch matcher or a CRM: `tuttu links import --set NAME`.",
        ),
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
                s.choice(("trim", "lower", "digits", "email", "phone")),
                0,
                "What is done to a value before it is compared, in order. Default [trim]. What is "
                "no address names nobody after email, and what is no number after phone; "
                "namespaces of these two names end with these steps, written or not.",
            ),
            "blocked": s.listing(
                "values that name nobody",
                {"title": "a value, * stands for any text", "type": ["string", "integer"]},
                0,
                "Normalised values that name nobody, such as anonymous; * stands for any text. "
                f"Everywhere do: {', '.join(sorted(company.NOBODY))}, and rounded numbers such as "
                "3.58401E+11; in any case.",
            ),
            "allowed": s.listing(
                "values that name somebody",
                {"title": "a value", "type": ["string", "integer"]},
                0,
                "Of the values that name nobody everywhere, those that do name somebody here.",
            ),
            "may_be_new": s.boolean(
                "True: a decision for somebody whom nobody knows is kept when it is asked for by "
                "such an identifier. Default true for anonymous_id, false for others: nothing is "
                "written then, unless the question says create."
            ),
            "fields": _fields(),
            "strength": _strength(),
        },
    )


def _set() -> s.Shape:
    return s.record(
        "settings of one set of links",
        {
            "strength": s.whole(
                "a number", "Of its links, as of evidence by a call. Default 0. Higher is stronger."
            ),
            "at_least": s.share("The least score of a link that counts. Default 0: any."),
        },
    )


def _fields() -> s.Shape:
    paths = s.one_of_shapes(
        "a path such as traits.email, or the paths of a compound's parts such as "
        "[traits.date_of_birth, traits.postcode]",
        [PATH, s.listing("paths of a compound's parts", PATH, 2)],
    )
    return s.listing(
        "places in a call such as [traits.email]",
        paths,
        0,
        "Where else in a call this identifier is found; a list in the list is one identifier of "
        "several parts, with | between them. userId and anonymousId are always user_id and "
        "anonymous_id.",
    )


def _strength() -> s.Shape:
    keys = {call: s.whole("a number", f"Of evidence by {call} calls.") for call in s.CALLS}
    keys["default"] = s.whole("a number", "Of evidence by any other call.")
    description = "Stronger evidence joins first. Higher is stronger."
    return s.record("strengths by call", keys, description=description)
