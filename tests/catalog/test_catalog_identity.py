"""identity.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.catalog.conftest import Edit, Faults, Slip, Write, assert_one_fault

from tuttu import catalog


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
    assert user.blocked == {"unknown", "anonymous", "null", "0", "-"}
    assert user.strength == {"alias": 100, "identify": 50, "default": 10}
    assert (email.limit, email.normalise) == (5, ("trim", "lower"))
    assert email.blocked == {"noreply@operator.example"}
    assert email.blocked_patterns == ("*@example.invalid",)
    assert email.fields == ("traits.email", "properties.email")


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


SLIPS: list[Slip] = [
    ("identity.yaml", "true", "yes", 2, "`yes`", "true or false", None),
    ("identity.yaml", "unique: true, ", "", 2, "`alias_limit` alone", "`unique: true`", None),
]  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_one_slip_gives_one_fault(edit: Edit, slip: Slip) -> None:
    assert_one_fault(edit, slip)
