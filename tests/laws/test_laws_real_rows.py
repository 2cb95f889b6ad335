"""Real persons with true duplicates, imported as a company imports them: exactly the true pairs
are joined, and what people share or clerks type joins nobody."""

from __future__ import annotations

import csv
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import combinations
from pathlib import Path
from random import Random

import msgspec
import pytest
from click.testing import CliRunner

from tuttu import identity
from tuttu.cli import main
from tuttu.engine import load_project
from tuttu.storage import open_store
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.people import Customer

pytestmark = pytest.mark.laws

COMPANY = Path(__file__).parent / "crm"
SPLINK = "splink_fake_1000/fake_1000.csv"
FILES = {
    "febrl/dataset1.csv": 450,
    "febrl/dataset2.csv": 1_686,
    "febrl/dataset3.csv": 5_601,
    SPLINK: 682,
}
"""True pairs that the identifier alone can tell."""
SHOP = [
    "shop@example.com",
    " Shop@Example.COM",
    "ｓｈｏｐ＠example.com",
    "sh\u200bop@example.com\ufeff",
]
NOBODY = [
    "0000000",
    "unknown",
    " ",
    "-",
    "UNKNOWN",
    " Unknown ",
    "０００００００",
    "un\u200bknown",
    "\u3000",
    "－",
]
PHONE = ["+358 40 1234567", "00358-40-1234567", "+358(0)401234567", "＋３５８４０１２３４５６７"]
LIMIT = 5
UNIQUE = "unique: true"
APART = "apart: true\n    partners: 100"
"""Two addresses may be one person's; the shop's, beside three hundred others, is nobody's."""

Row = dict[str, str]


class Planted(msgspec.Struct):
    """Rows by their numbers: those of the shop's e-mail, of a value that is nobody's, and of one
    family with one phone."""

    shop: frozenset[int] = frozenset()
    nobody: frozenset[int] = frozenset()
    family: frozenset[int] = frozenset()

    @property
    def all(self) -> frozenset[int]:
        return self.shop | self.nobody | self.family


class Loaded(msgspec.Struct):
    """Row number to the fragments' oldest of its customer, and all customers."""

    owners: dict[int, bytes]
    customers: list[Customer]
    summary: dict[str, int]


Load = Callable[..., Loaded]


@pytest.fixture
def load(storage_url: str, tmp_path: Path) -> Load:
    """load(file, mapping): through `tuttu import` into the project folder of the lists.
    tells_apart: what its kinds of identifiers say of two people."""

    def loading(file: Path, mapping: str, tells_apart: str = UNIQUE) -> Loaded:
        folder = shutil.copytree(COMPANY, tmp_path / "lists")
        rules = folder / "identity.yaml"
        rules.write_text(rules.read_text().replace(UNIQUE, tells_apart))
        copied = shutil.copy(file, tmp_path / "rows.csv")
        mapped = folder / "imports" / f"{mapping}.yaml"
        where = ["--folder", str(folder), "--storage", storage_url, "--json"]
        command = ["import", str(copied), "--mapping", str(mapped), *where]
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 0, result.output
        return _loaded(storage_url, folder, msgspec.json.decode(result.stdout))

    return loading


def _loaded(url: str, folder: Path, summary: dict[str, int]) -> Loaded:
    project, owners = load_project(folder), dict[int, bytes]()
    store = open_store(url, folder)
    with store.read() as snapshot:
        for logged in snapshot.facts(limit=1_000_000):
            event = logged.fact.body
            if isinstance(event, Event):
                customer = identity.resolve(snapshot, project, event.identifiers[0])
                owners[int(event.id.removeprefix("row-")) - 1] = customer.oldest
        everybody = list(identity.customers(snapshot, project))
    store.close()
    return Loaded(owners, everybody, summary)


def rows_of(path: Path) -> list[Row]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, skipinitialspace=True))


def truth(row: Row) -> str:
    """The true person, which no import is told."""
    return row["rec_id"].split("-")[1] if "rec_id" in row else row["cluster"]


def pairs(
    rows: list[Row], owners: Mapping[int, bytes], left_out: Iterable[int] = ()
) -> Counter[bool]:
    """How many joined pairs of rows are true, and how many false."""
    groups: dict[bytes, list[int]] = defaultdict(list)
    for number, customer in owners.items():
        if number not in left_out:
            groups[customer].append(number)
    return Counter(
        truth(rows[one]) == truth(rows[other])
        for group in groups.values()
        for one, other in combinations(group, 2)
    )


def own_of(file: str) -> str:
    return "email" if file == SPLINK else "soc_sec_id"


def plant(rows: list[Row], own: str, random: Random) -> tuple[list[Row], Planted]:
    """The same rows with what three hundred, three hundred more, and six share: the shop's e-mail
    beside what each is known by, nobody's values in its place, the family's phone beside it. Who
    has nothing of their own, as with a broken address, would be the shop."""
    namespace = load_project(COMPANY).namespaces[own]
    known = [number for number, row in enumerate(rows) if identity.normalise(namespace, row[own])]
    chosen = random.sample(known, 600)
    left = sorted(set(known) - set(chosen))
    family = {rows[number][own]: number for number in random.sample(left, len(left))}
    planted = Planted(
        frozenset(chosen[:300]),
        frozenset(chosen[300:]),
        frozenset(random.sample(sorted(family.values()), 6)),
    )
    return [_planted(number, row, own, planted, random) for number, row in enumerate(rows)], planted


def _planted(number: int, row: Row, own: str, planted: Planted, random: Random) -> Row:
    found = {"soc_sec_id": "", "email": "", "second_email": "", "phone": "", own: row[own]}
    if number in planted.shop:
        found["second_email"] = random.choice(SHOP)
    if number in planted.nobody:
        found[own] = random.choice(NOBODY)
    if number in planted.family:
        found["phone"] = random.choice(PHONE)
    return found


def write(rows: list[Row], path: Path) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize("file", FILES)
def test_exactly_the_true_pairs_are_joined(load: Load, data: Path, file: str) -> None:
    loaded = load(data / file, "splink" if file == SPLINK else "febrl")
    assert pairs(rows_of(data / file), loaded.owners) == {True: FILES[file]}


@pytest.mark.parametrize("tells_apart", [UNIQUE, APART])
@pytest.mark.parametrize("file", FILES)
def test_what_is_shared_or_blocked_joins_nobody(
    load: Load, data: Path, seed: int, file: str, tmp_path: Path, tells_apart: str
) -> None:
    rows = rows_of(data / file)
    changed, planted = plant(rows, own_of(file), Random(seed))
    expected = _joined_by(rows, own_of(file), planted.all)
    loaded = load(write(changed, tmp_path / "planted.csv"), "planted", tells_apart)
    assert loaded.summary["rejected"] == len(rows) - len(loaded.owners)
    assert not planted.nobody & loaded.owners.keys()
    assert pairs(rows, loaded.owners, planted.all) == expected
    assert pairs(rows, loaded.owners)[False] == 0
    for customer in loaded.customers:
        assert len(customer.identifiers) <= 1 + LIMIT
        assert len(customer.identifiers) == 1, "nobody here has two of his own"


def _joined_by(rows: list[Row], own: str, left_out: frozenset[int]) -> Counter[bool]:
    """By the identifier alone, outside the planted rows."""
    owners = {
        number: row[own].strip().lower().encode()
        for number, row in enumerate(rows)
        if row[own].strip()
    }
    return pairs(rows, owners, left_out)
