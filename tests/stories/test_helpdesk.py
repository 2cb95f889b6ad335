"""A real help desk's log, day by day: while a customer has an open case, nothing is sold to them.

Whom the guard must refuse is computed here from the file alone; tuttu says it over HTTP.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from tests.stories.conftest import Company, Copy, Open
else:
    Company = Copy = Open = Any

pytestmark = [pytest.mark.stories, pytest.mark.import_]

Scale = Callable[[int, int], int]
NOTES = {"RESOLVED", "INVALID", "VERIFIED", "DUPLICATE"}
RESOLVING = {"Resolve ticket", "Closed"}
GUARD = "stopped by: open case stops marketing"
COOLING = timedelta(days=3)
AFTER_ALL = "2015-01-01T00:00:00Z"
GIVEN = {
    datetime(2011, 3, 1, 12, tzinfo=UTC): (31, 38),
    datetime(2012, 3, 1, 12, tzinfo=UTC): (26, 47),
    datetime(2013, 3, 1, 12, tzinfo=UTC): (54, 62),
    datetime(2014, 1, 4, tzinfo=UTC): (12, 12),
}
"""Moments with the number of customers whom the guard refuses, without and with cooling."""
SHIPPED = "helpdesk.yaml"
BY_NUMBER = "by-number.yaml"
LINES = 4
"""Connections that ask at once."""


class Line(NamedTuple):
    """One row of the log, first by time, then by its number in the original file."""

    time: datetime
    number: int
    case: str
    customer: str
    activity: str
    cells: list[str]

    @property
    def id(self) -> str:
        return f"{self.number:09d}"


class Log:
    """The file itself, and what follows from it."""

    def __init__(self, packed: bytes) -> None:
        table = csv.reader(io.StringIO(gzip.decompress(packed).decode()))
        self.header = next(table)
        case, activity, at, customer = (
            self.header.index(name)
            for name in ("Case ID", "Activity", "Complete Timestamp", "customer")
        )
        self.rows = [
            Line(moment_of(row[at]), number, row[case], row[customer], row[activity], row)
            for number, row in enumerate(table, 1)
        ]
        self.in_time = sorted(self.rows)
        self.customers = sorted({row.customer for row in self.rows})

    def until(self, moment: datetime) -> int:
        """How many rows there are by then, the moment itself included."""
        return bisect_right(self.in_time, moment, key=lambda row: row.time)

    def refused(self, moment: datetime, cooling: timedelta | None = None) -> set[str]:
        """Customers with an open case; with cooling also those whose last one was resolved not
        longer ago."""
        is_open: dict[tuple[str, str], bool] = {}
        resolved: dict[tuple[str, str], datetime] = {}
        for row in self.in_time[: self.until(moment)]:
            ticket = (row.case, row.customer)
            if row.activity in NOTES:
                continue
            is_open[ticket] = row.activity not in RESOLVING
            if row.activity == "Resolve ticket":
                resolved[ticket] = row.time
        found = {customer for (_, customer), still in is_open.items() if still}
        if cooling is not None:
            found |= {who for (_, who), time in resolved.items() if moment <= time + cooling}
        return found


def moment_of(text: str) -> datetime:
    """``2012/10/09 14:50:17.000``, in UTC."""
    return datetime.fromisoformat(text.replace("/", "-") + "+00:00")


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


@pytest.fixture(scope="session")
def packed(data: Path) -> bytes:
    return (data / "helpdesk" / "helpdesk.csv.gz").read_bytes()


@pytest.fixture(scope="session")
def log(packed: bytes) -> Log:
    return Log(packed)


@pytest.fixture
def helpdesk(copy: Copy, examples: Path) -> Path:
    """The example, with a second mapping for files that carry a row's number in a column."""
    folder = copy(examples / "helpdesk", "helpdesk")
    rewrite(folder / "imports" / SHIPPED, "row: number", "column: row", BY_NUMBER)
    return folder


def rewrite(path: Path, old: str, new: str, name: str | None = None) -> None:
    """The file with one place changed; with a name, as another file beside it."""
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
    path.with_name(name or path.name).write_text(text.replace(old, new), "utf-8")


class Desk:
    """The running company, and the log that it is told."""

    def __init__(self, company: Company, log: Log) -> None:
        self.company = company
        self.log = log
        self.told = 0

    def tell_until(self, moment: datetime, mapping: str = BY_NUMBER) -> None:
        """Moves the clock to the moment and imports, in time order, what happened by then."""
        until = self.log.until(moment)
        self.company.set_clock(iso(moment))
        file = self.write(self.log.in_time[self.told : until])
        summary = json.loads(self.company.command(*self._import(file, mapping)))
        assert summary["accepted"] == until - self.told
        self.told = until

    def write(self, rows: Iterable[Line]) -> Path:
        """The rows as a file whose first column is their number in the original one."""
        file = self.company.folder / "imports" / "rows.csv"
        numbered = [["row", *self.log.header], *([row.id, *row.cells] for row in rows)]
        file.write_bytes(written(numbered))
        return file

    def take(self, file: Path, mapping: str, *more: str) -> dict[str, int]:
        """`tuttu import` as a process of its own, beside the server."""
        command = [sys.executable, "-m", "tuttu", *self._import(file, mapping), *more]
        done = subprocess.run(
            [*command, "--folder", str(self.company.folder)], capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        summary: dict[str, int] = json.loads(done.stdout)
        return summary

    def _import(self, file: Path, mapping: str) -> list[str]:
        how = self.company.folder / "imports" / mapping
        return ["import", str(file), "--mapping", str(how), "--strict", "--json"]

    def refused(self) -> set[str]:
        """Whom the guard refuses now, of everybody who is in the log anywhere."""
        shares = [self.log.customers[start::LINES] for start in range(LINES)]
        with ThreadPoolExecutor(LINES) as pool:
            return set().union(*pool.map(self._refused_of, shares))

    def _refused_of(self, customers: list[str]) -> set[str]:
        """A customer whom the guard does not refuse gets an offer: nothing else refuses here."""
        refused = set()
        with self.company.connect() as line:
            for who in customers:
                answer = self.company.decide(who, "portal.start", by=line)
                if answer["refused"]:
                    [no] = answer["refused"]
                    assert (no["stage"], no["reason"]) == ("guards", GUARD)
                    refused.add(who)
                assert len(answer["choices"]) == 1 - len(answer["refused"])
        return refused


def written(table: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(table)
    return text.getvalue().encode()


def require_same(found: set[str], expected: set[str], moment: datetime) -> None:
    """Raises AssertionError with the customers who are refused wrongly, or wrongly not."""
    assert found == expected, (
        f"{moment}: refused without cause {sorted(found - expected)}, "
        f"not refused {sorted(expected - found)}"
    )


def drawn(log: Log, count: int, seed: int) -> list[datetime]:
    """Half of them anywhere in the span of the log, half the time of a row, and the given ones."""
    chance = random.Random(seed)
    first, last = log.in_time[0].time, log.in_time[-1].time
    anywhere = [first + (last - first) * chance.random() for _ in range(count // 2)]
    times = sorted({row.time for row in log.rows})
    return sorted([*anywhere, *chance.sample(times, count // 2), *GIVEN])


def test_the_log_is_what_we_think(log: Log) -> None:
    assert len(log.rows) == 21_348
    assert len(log.rows) - len({tuple(row.cells) for row in log.rows}) == 127
    assert len(log.customers) == 397
    for moment, (plain, cooled) in GIVEN.items():
        assert len(log.refused(moment)) == plain
        assert len(log.refused(moment, COOLING)) == cooled


def test_an_open_case_stops_marketing_at_every_moment(
    helpdesk: Path, opened: Open, log: Log, scale: Scale, seed: int
) -> None:
    desk = Desk(opened(helpdesk, iso(log.in_time[0].time)), log)
    moments = drawn(log, scale(6, 200), seed)
    for moment in moments:
        desk.tell_until(moment)
        refused = desk.refused()
        require_same(refused, log.refused(moment), moment)
        if moment in GIVEN:
            assert len(refused) == GIVEN[moment][0]
    assert desk.told == len(log.rows)


def test_and_for_three_days_after_the_last_one_is_resolved(
    helpdesk: Path, opened: Open, log: Log
) -> None:
    through = "blocks: marketing, through: 3d after max(tickets.resolved_at)"
    rewrite(helpdesk / "policy.yaml", "blocks: marketing", through)
    desk = Desk(opened(helpdesk, iso(log.in_time[0].time)), log)
    for moment, (_, cooled) in GIVEN.items():
        desk.tell_until(moment)
        refused = desk.refused()
        require_same(refused, log.refused(moment, COOLING), moment)
        assert len(refused) == cooled


def test_to_ask_changes_nothing(helpdesk: Path, opened: Open, log: Log) -> None:
    """Nor do questions about those whom nobody has seen yet."""
    desk = Desk(opened(helpdesk, iso(log.in_time[0].time)), log)
    desk.tell_until(log.in_time[50].time)
    before = desk.company.digest()
    assert desk.refused()
    assert desk.company.digest() == before


def test_a_mapping_that_resolves_at_closed_alone_is_found_out(
    helpdesk: Path, opened: Open, log: Log
) -> None:
    rewrite(helpdesk / "imports" / BY_NUMBER, "Resolve ticket: resolved", "Resolve ticket: open")
    desk = Desk(opened(helpdesk, iso(log.in_time[0].time)), log)
    moment = min(GIVEN)
    desk.tell_until(moment)
    refused = desk.refused()
    assert refused > log.refused(moment)
    with pytest.raises(AssertionError, match="refused without cause"):
        require_same(refused, log.refused(moment), moment)


def test_the_order_of_the_rows_changes_nothing(
    helpdesk: Path, copy: Copy, opened: Open, log: Log, scale: Scale, seed: int
) -> None:
    """In the file's order as it is, in a shuffled one, and in the order of time."""
    rows = log.rows[: scale(6_000, len(log.rows))]
    packed = helpdesk / "imports" / "start.csv.gz"
    packed.write_bytes(gzip.compress(written([log.header, *(row.cells for row in rows)])))
    orders = {"shuffled": random.Random(seed).sample(rows, len(rows)), "time": sorted(rows)}
    desks = {name: Desk(opened(copy(helpdesk, name), AFTER_ALL), log) for name in ("file", *orders)}
    assert desks["file"].take(packed, SHIPPED)["accepted"] == len(rows)
    for name, order in orders.items():
        desk = desks[name]
        assert desk.take(desk.write(order), BY_NUMBER)["accepted"] == len(rows)
    assert len({desk.company.command("digest") for desk in desks.values()}) == 1
    again = desks["shuffled"].take(packed, SHIPPED, "--after", str(len(rows) - 500))
    assert (again["accepted"], again["duplicates"]) == (0, 500), "the ids are not the same text"
