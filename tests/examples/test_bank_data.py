"""The bank's Parquet file is the source's CSV, made by the command that its attribution names."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

import duckdb
import pytest

from tuttu.storage import read_parquet

SHIPPED = Path(__file__).parents[2] / "src/tuttu/examples/bank/data/bank.parquet"
ATTRIBUTION = SHIPPED.with_name("ATTRIBUTION.md")
CSV = "bank-additional-full.csv"
TEXT = {
    *("job", "marital", "education", "default", "housing", "loan", "contact"),
    *("month", "day_of_week", "poutcome", "y"),
}


@pytest.fixture(scope="module")
def source(data: Path) -> bytes:
    with zipfile.ZipFile(data / "bank_marketing" / "bank-additional.zip") as archive:
        return archive.read(f"bank-additional/{CSV}")


def test_every_value_is_as_in_the_source(source: bytes) -> None:
    rows = csv.DictReader(io.StringIO(source.decode("ascii")), delimiter=";")
    expected = [
        {name: cell if name in TEXT else float(cell) for name, cell in row.items()} for row in rows
    ]
    assert list(read_parquet(SHIPPED)) == expected
    assert len(expected) == 41_188
    assert len({tuple(row.values()) for row in expected}) == 41_188 - 12


def test_the_command_of_the_attribution_makes_the_file(
    source: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(CSV).write_bytes(source)
    command = re.search(r"```sql\n(.*?)```", ATTRIBUTION.read_text("utf-8"), re.DOTALL)
    assert command is not None
    with duckdb.connect() as connection:
        connection.execute(command[1])
        query = "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(?))"
        made = connection.execute(query, ["bank.parquet"]).fetchall()
        assert made == connection.execute(query, [str(SHIPPED)]).fetchall()
    assert list(read_parquet(Path("bank.parquet"))) == list(read_parquet(SHIPPED))


def test_it_is_small_and_names_its_source() -> None:
    assert SHIPPED.stat().st_size < 1_000_000
    text = ATTRIBUTION.read_text("utf-8")
    for name in ("Moro", "10.24432/C5K306", "creativecommons.org/licenses/by/4.0", "changed"):
        assert name in text
