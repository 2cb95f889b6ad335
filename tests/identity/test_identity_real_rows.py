"""Real persons with planted duplicates: exactly the true pairs are joined, and no false one."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tuttu.identity import normalise
from tuttu.vocabulary.events import Event, Identifier

if TYPE_CHECKING:
    from tests.identity.conftest import MakeWorld, World
else:
    MakeWorld = World = Any

BLOCKED = frozenset({"0000000", "unknown", "-"})
Row = tuple[str, dict[str, str]]
"""The true person, and identifiers by namespace."""
SETS = [("dataset1", 450), ("dataset2", 1_686), ("dataset3", 5_601)]


def febrl(data: Path, name: str) -> list[Row]:
    with (data / "febrl" / f"{name}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file, skipinitialspace=True))
    return [(row["rec_id"].split("-")[1], {"soc_sec_id": row["soc_sec_id"]}) for row in rows]


def splink(data: Path) -> list[Row]:
    with (data / "splink_fake_1000" / "fake_1000.csv").open(newline="") as file:
        return [(row["cluster"], {"email": row["email"]}) for row in csv.DictReader(file)]


def load(world: World, rows: list[Row]) -> dict[int, bytes]:
    """Every row with an identifier becomes an event; row number to the customer's oldest."""
    facts, rules, known = [], world.project.namespaces, {}
    for number, (_, said) in enumerate(rows):
        pairs = [(name, normalise(rules[name], raw)) for name, raw in said.items()]
        names = tuple(Identifier(name, value) for name, value in pairs if value is not None)
        if names:
            known[number] = names[0]
            event = Event(
                id=f"r{number}",
                call="identify",
                name="row",
                identifiers=names,
                time=number,
                received=number,
            )
            facts.append(world.fact_of(event))
    world.tell(*facts, together=True)
    return {number: owner(world, name) for number, name in known.items()}


def owner(world: World, name: Identifier) -> bytes:
    return world.customer(f"{name.namespace}:{name.value}").oldest


def pairs(rows: list[Row], owners: dict[int, bytes], left_out: Iterable[int] = ()) -> Counter[bool]:
    """How many joined pairs of rows are true, and how many false."""
    groups: dict[bytes, list[int]] = defaultdict(list)
    for number, customer in owners.items():
        if number not in left_out:
            groups[customer].append(number)
    return Counter(
        rows[one][0] == rows[other][0]
        for group in groups.values()
        for one, other in combinations(group, 2)
    )


@pytest.mark.parametrize(("name", "expected"), SETS)
def test_febrl_by_social_security_number(
    make_world: MakeWorld, namespaces: Any, data: Path, name: str, expected: int
) -> None:
    rows = febrl(data, name)
    world = make_world(namespaces(soc_sec_id={"unique": True}))
    assert pairs(rows, load(world, rows)) == {True: expected}


def test_splink_by_email(make_world: MakeWorld, namespaces: Any, data: Path) -> None:
    rows = splink(data)
    world = make_world(namespaces(email={"unique": True, "normalise": ("trim", "lower")}))
    assert pairs(rows, load(world, rows)) == {True: 682}


@pytest.mark.parametrize("unique", [True, False])
def test_planted_values_join_nobody(
    make_world: MakeWorld, namespaces: Any, data: Path, *, unique: bool
) -> None:
    """A shop's e-mail on 300 persons, 300 blocked numbers, and a phone that six share."""
    rows = febrl(data, "dataset1")
    for number in range(300):
        rows[number][1]["email"] = "shop@example.com"
    blocked = range(300, 600)
    for number in blocked:
        rows[number][1]["soc_sec_id"] = ("0000000", "unknown", " ", "-")[number % 4]
    for number in range(600, 606):
        rows[number][1]["phone"] = "+358 40 1234567"
    rules = namespaces(
        soc_sec_id={"unique": unique, "blocked": BLOCKED},
        phone={"limit": 5, "normalise": ("phone",)},
        email={"limit": 5},
    )
    plain = febrl(data, "dataset1")
    before = pairs(plain, load(make_world(rules), plain), left_out=blocked)
    world = make_world(rules)
    owners = load(world, rows)
    assert not set(owners) & set(blocked)
    assert pairs(rows, owners) == before
    assert max(len(customer.identifiers) for customer in world.people()) == 1
