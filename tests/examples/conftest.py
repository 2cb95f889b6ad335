"""The bank's real rows, taken in through the real door once for all that look at them.

At small scale a drawn sample, with every row that has a date of an earlier contact and every row
that is a copy; at full scale all 41,188.
"""

from __future__ import annotations

import random
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from tuttu import engine as use
from tuttu.api import FunnelQuery
from tuttu.batch.funnel import Funnel
from tuttu.cli import main
from tuttu.engine import Runtime, open_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant, parse_instant

BANK = Path(__file__).parents[2] / "src/tuttu/examples/bank"
CSV = "bank-additional-full.csv"
MOMENT = parse_instant("2010-11-30T12:00:00Z") or 0
ROWS = 41_188
DRAWN = 1_500


@dataclass
class Bank:
    """rows: the table `bank`, the source's columns and `client`. engine: of the same clients."""

    rows: duckdb.DuckDBPyConnection
    engine: Runtime

    @cached_property
    def funnel(self) -> Funnel:
        return use.funnel(self.engine, FunnelQuery(at=format_instant(MOMENT)))


@pytest.fixture(scope="session")
def bank(
    data: Path,
    tmp_path_factory: pytest.TempPathFactory,
    scale: Callable[[int, int], int],
    seed: int,
) -> Iterator[Bank]:
    folder = tmp_path_factory.mktemp("bank") / "project"
    shutil.copytree(BANK, folder)
    with duckdb.connect() as rows:
        _read(rows, data, folder)
        file = folder / "data/bank.parquet"
        if scale(0, 1) == 0:
            file = folder / "data/sample.parquet"
            _draw(rows, seed)
            rows.execute(f"COPY (SELECT * EXCLUDE client FROM bank) TO '{file}' (FORMAT parquet)")
        _import(file, folder)
        with closing(open_engine(folder, clock=ManualClock(MOMENT))) as engine:
            yield Bank(rows, engine)


def _read(rows: duckdb.DuckDBPyConnection, data: Path, folder: Path) -> None:
    with zipfile.ZipFile(data / "bank_marketing" / "bank-additional.zip") as archive:
        source = folder.with_name(CSV)
        source.write_bytes(archive.read(f"bank-additional/{CSV}"))
    rows.execute(
        "CREATE TABLE bank AS SELECT row_number() OVER () AS client, * FROM "
        f"read_csv('{source}', delim = ';', header = true, types = {{'y': 'VARCHAR'}})"
    )


def _draw(rows: duckdb.DuckDBPyConnection, seed: int) -> None:
    """Leaves a sample in `bank`, renumbered."""
    drawn = random.Random(seed).sample(range(1, ROWS + 1), DRAWN)
    columns = rows.execute("SELECT * EXCLUDE client FROM bank").description or []
    names = ", ".join(f'"{column[0]}"' for column in columns)
    rows.execute(
        f"""CREATE TABLE sample AS
            SELECT row_number() OVER (ORDER BY client) AS client, * EXCLUDE (client, copies)
            FROM (SELECT *, count(*) OVER (PARTITION BY {names}) AS copies FROM bank)
            WHERE pdays < 999 OR copies > 1 OR client IN (SELECT unnest(?))""",
        [drawn],
    )
    rows.execute("DROP TABLE bank; ALTER TABLE sample RENAME TO bank")


def _import(file: Path, folder: Path) -> None:
    mapping = str(folder / "imports/bank.yaml")
    command = ["import", str(file), "--mapping", mapping, "--folder", str(folder), "--strict"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
