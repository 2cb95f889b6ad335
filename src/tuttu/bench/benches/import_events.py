"""A file of events through `tuttu import`, beside DuckDB on one thread sorting it into Parquet."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb

from tuttu.bench import company, customers, fixtures, processes, results, timing

TARGET = 25.0
MAPPING = """\
id: {column: id}
time: {column: time}
who: {user_id: {column: customer}}
event: %s
properties:
  path: {column: path}
  title: {column: title}
"""


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    rows = ground.scale.of(50_000, 200)
    measurement = results.Measurement(
        bench="import.events",
        size={"rows": rows},
        unit="µs CPU a row",
        target=TARGET,
        remarks=["ours with the start of the command"],
    )
    file, mapping = _file(ground, rows), ground.folder / "mapping.yaml"
    mapping.write_text(MAPPING % company.VIEW, encoding="utf-8")

    def repeat() -> results.Sample:
        folder = ground.empty()
        asked = [
            "import",
            str(file),
            "--mapping",
            str(mapping),
            "--folder",
            str(folder),
            "--strict",
        ]
        return results.Sample(
            1e6 * processes.cpu_of(asked) / rows, 1e6 * timing.cpu(lambda: _sort(file), 5) / rows
        )

    yield ground.measure(measurement, repeat, most=1)


def _file(ground: fixtures.Fixtures, rows: int) -> Path:
    """Rows in the order of customers, not of time."""
    file = ground.folder / "events.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("id", "time", "customer", "path", "title"))
        for number in range(rows):
            when = ground.now - timedelta(seconds=number * 7_919 % (86_400 * 60))
            who = customers.user(number // 10)
            writer.writerow((f"r{number}", when.isoformat(), who, "/offers/", "What we offer"))
    return file


def _sort(file: Path) -> None:
    with duckdb.connect(config={"threads": 1}) as connection:
        table = connection.read_csv(str(file)).order("time")
        table.write_parquet(str(file.with_suffix(".parquet")))


BENCH = fixtures.Bench(
    "import.events", "rows of a file taken in ÷ sorted into Parquet by DuckDB, at most 25", run
)
