"""identity.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.catalog.conftest import Edit, Faults, Slip, Write, assert_one_fault

from tuttu import catalog
from tuttu.vocabulary.company import Namespace


def test_namespaces_rank_in_the_order_of_the_file(operator: Path) -> None:
    namespaces = catalog.load(operator).namespaces
    assert [(one.name, one.rank) for one in namespaces.values()] == [
        ("user_id", 0),
        ("email", 1),
        ("phone", 2),
        ("anonymous_id", 3),
    ]
    user, email = namespaces["user_id"], namespaces["email"]
    assert (user.unique, user.alias_limit, user.limit) == (True, 3, None)
    assert user.normalise == ("trim",)
    assert user.blocked == {"anonymous"}
    assert user.strength == {"alias": 100, "identify": 50, "default": 10}
    assert (email.limit, email.normalise, email.country) == (5, ("email",), None)
    assert email.blocked == {"noreply@operator.example"}
    assert email.blocked_patterns == ("*@example.invalid",)
    assert email.fields == ("traits.email", "properties.email")
    assert (namespaces["phone"].normalise, namespaces["phone"].country) == (("phone",), "FI")


def test_blocked_values_are_taken_as_written(write: Write) -> None:
    text = "namespaces:\n  user_id: {blocked: [0000000, -1, '-', 1e3x]}\n"
    blocked = catalog.load(write({"identity.yaml": text})).namespaces["user_id"].blocked
    assert blocked == {"0000000", "-1", "-", "1e3x"}


def test_blocked_values_are_written_as_they_are_compared(faults: Faults) -> None:
    blocked = "{normalise: [trim, lower], blocked: [UNKNOWN, none]}"
    text = f"namespaces:\n  user_id: {blocked}\n  anonymous_id: {{}}\n"
    (fault,) = faults({"identity.yaml": text})
    assert (str(fault.where), fault.found) == ("identity.yaml:2", "`UNKNOWN`")
    assert "`unknown`" in fault.expected


NAMES = "namespaces:\n  user_id: {}\n  anonymous_id: {}\n"


def read(write: Write, name: str, settings: str, country: str = "") -> Namespace:
    text = f"{country}{NAMES}  {name}: {settings}\n"
    return catalog.load(write({"identity.yaml": text})).namespaces[name]


@pytest.mark.parametrize(
    ("name", "settings", "steps"),
    [
        ("email", "{}", ("trim", "email")),
        ("email", "{normalise: [trim, lower]}", ("trim", "lower", "email")),
        ("email", "{normalise: [email]}", ("email",)),
        ("email", "{normalise: []}", ("email",)),
        ("phone", "{normalise: [trim]}", ("trim", "phone")),
        ("work_email", "{normalise: [email]}", ("email",)),
        ("work_email", "{normalise: [trim]}", ("trim",)),
    ],
)
def test_a_namespace_called_email_or_phone_is_one(
    write: Write, name: str, settings: str, steps: tuple[str, ...]
) -> None:
    assert read(write, name, settings).normalise == steps


def test_the_country_is_that_of_phone_numbers(write: Write) -> None:
    assert read(write, "phone", "{}", "country: FI\n").country == "FI"
    assert read(write, "phone", "{}", "country: NO\n").country == "NO"
    assert read(write, "phone", "{}").country is None
    assert read(write, "email", "{}", "country: FI\n").country is None


def test_a_list_in_the_fields_is_one_identifier_of_several_parts(write: Write) -> None:
    fields = "[traits.member, [traits.born, properties.postcode], context.externalIds.home]"
    home = read(write, "home", f"{{fields: {fields}}}")
    assert home.fields == ("traits.member", "context.externalIds.home")
    assert home.compounds == (("traits.born", "properties.postcode"),)


def test_what_is_allowed_is_taken_as_written(write: Write) -> None:
    settings = "{allowed: [Guest, 0, 'null', 1E+05]}"
    assert read(write, "crm_id", settings).allowed == {"Guest", "0", "null", "1E+05"}


@pytest.mark.parametrize(
    ("settings", "found", "expected"),
    [
        ("{allowed: [gest]}", "`gest`", "name nobody everywhere"),
        ("{allowed: [guest], blocked: [Guest]}", "`guest` in `allowed` and in `blocked`", "one"),
        ("{normalise: [email, phone]}", "`email` and `phone` of one value", "one of them"),
        ("{normalise: [digits, phone]}", "`digits` and `phone` of one value", "one of them"),
        (
            "{normalise: [email], fields: [[traits.a, traits.b]]}",
            "parts of a compound that are each spelled as `email`",
            "a namespace of its own",
        ),
        ("{fields: [[traits.a]]}", "a list", "a path such as traits.email, or the paths"),
        ("{fields: [[traits.a, b]]}", "a list", "a path such as traits.email, or the paths"),
        ("{normalise: [mail]}", "`mail`", "one of trim, lower, digits, email, phone"),
    ],
)
def test_what_would_name_nobody_is_a_fault(
    faults: Faults, settings: str, found: str, expected: str
) -> None:
    (fault,) = faults({"identity.yaml": f"{NAMES}  it: {settings}\n"})
    assert str(fault.where) == "identity.yaml:4"
    assert found in fault.found
    assert expected in fault.expected


@pytest.mark.parametrize("country", ["UK", "SU", "XX"])
def test_a_country_that_has_no_numbers(faults: Faults, country: str) -> None:
    (fault,) = faults({"identity.yaml": f"country: {country}\n{NAMES}"})
    assert (str(fault.where), fault.found) == ("identity.yaml:1", f"`{country}`")
    assert "ISO 3166" in fault.expected


SLIPS: list[Slip] = [
    ("identity.yaml", "true", "yes", 2, "`yes`", "true or false", None),
    ("identity.yaml", "unique: true, ", "", 2, "`alias_limit` alone", "`unique: true`", None),
]  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_one_slip_gives_one_fault(edit: Edit, slip: Slip) -> None:
    assert_one_fault(edit, slip)
