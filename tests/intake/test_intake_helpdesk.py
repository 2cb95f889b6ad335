"""A real help desk's log through its mapping, against what the file itself says."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tuttu.catalog import check, load
from tuttu.intake import Context, ImportMapping, Row, load_mapping, read_rows
from tuttu.storage import Store
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.facts import Unit

if TYPE_CHECKING:
    from tests.intake.conftest import Take

pytestmark = pytest.mark.import_
EXAMPLE = Path(__file__).parents[2] / "src/tuttu/examples/helpdesk"
NOTES = {"RESOLVED", "INVALID", "VERIFIED", "DUPLICATE"}
MOMENTS = [
    (datetime(2011, 3, 1, 12, tzinfo=UTC), 31, 38),
    (datetime(2012, 3, 1, 12, tzinfo=UTC), 26, 47),
    (datetime(2013, 3, 1, 12, tzinfo=UTC), 54, 62),
    (datetime(2014, 1, 4, tzinfo=UTC), 12, 12),
]
COOLING = timedelta(days=3)


@pytest.fixture(scope="session")
def log(data: Path) -> bytes:
    return (data / "helpdesk" / "helpdesk.csv.gz").read_bytes()


@pytest.fixture(scope="session")
def text() -> str:
    return (EXAMPLE / "imports/helpdesk.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def later(store: Store) -> Context:
    """The example's project, at a present after the whole log."""
    return Context(
        project=load(EXAMPLE),
        now=_micros(datetime(2015, 1, 1, tzinfo=UTC)),
        sender="import",
        pseudonym=store.pseudonym,
        new_id=str,
    )


@pytest.fixture(scope="module")
def events(take: Take, log: bytes, text: str, later: Context) -> list[Event]:
    """The whole log, imported."""
    return imported(take, log, load_mapping(text), later)


def _micros(moment: datetime) -> int:
    return round(moment.timestamp()) * 1_000_000


def rows_of(log: bytes, mapping: ImportMapping) -> list[Row]:
    return list(read_rows(io.BytesIO(log), mapping.format))


def imported(take: Take, log: bytes, mapping: ImportMapping, context: Context) -> list[Event]:
    taken = take(rows_of(log, mapping), mapping, context)
    assert (taken.rejects, taken.dropped) == ((), 0)
    return taken.events


def tickets_at(events: list[Event], moment: datetime) -> dict[tuple[str, str], dict[str, Any]]:
    """Items of the collection, as traits.yaml of the example declares it."""
    items: dict[tuple[str, str], dict[str, Any]] = {}
    for event in sorted(events, key=lambda event: (event.time, event.id)):
        if event.time <= _micros(moment) and event.name != "Ticket Noted":
            said = json.loads(event.properties)
            key = (event.identifiers[0].value, said["ticket_id"])
            items.setdefault(key, {}).update(said)
    return items


def blocked_at(events: list[Event], moment: datetime, cooling: timedelta | None) -> set[str]:
    """Customers whom the guard refuses."""
    items = tickets_at(events, moment)
    open_now = {who for (who, _), item in items.items() if item["status"] != "resolved"}
    if cooling is None:
        return open_now
    solved: dict[str, datetime] = {}
    for (who, _), item in items.items():
        if "resolved_at" in item:
            at = datetime.fromisoformat(item["resolved_at"])
            solved[who] = max(at, solved.get(who, at))
    return open_now | {who for who, at in solved.items() if moment <= at + cooling}


def expected_at(log: bytes, moment: datetime, cooling: timedelta | None) -> set[str]:
    """The same from the file alone."""
    table = list(csv.reader(io.StringIO(gzip.decompress(log).decode())))
    header, records = table[0], table[1:]
    case, activity, at, who = (
        header.index(name) for name in ("Case ID", "Activity", "Complete Timestamp", "customer")
    )
    dated = [
        (datetime.strptime(row[at] + "+0000", "%Y/%m/%d %H:%M:%S.%f%z"), number, row)
        for number, row in enumerate(records)
    ]
    is_open: dict[tuple[str, str], bool] = {}
    solved: dict[tuple[str, str], datetime] = {}
    for time, _, row in sorted(dated, key=lambda each: each[:2]):
        ticket = (row[case], row[who])
        if time > moment or row[activity] in NOTES:
            continue
        is_open[ticket] = row[activity] not in {"Resolve ticket", "Closed"}
        if row[activity] == "Resolve ticket":
            solved[ticket] = time
    found = {who for (_, who), still in is_open.items() if still}
    if cooling is not None:
        found |= {who for (_, who), time in solved.items() if moment <= time + cooling}
    return found


def test_the_example_has_no_fault_and_one_guard() -> None:
    assert check(EXAMPLE) == []
    project = load(EXAMPLE)
    assert [guard.name for guard in project.policy.guards] == ["open case stops marketing"]
    assert project.profile.collections["tickets"].events == {
        "Ticket Updated",
        "Ticket Resolved",
        "Ticket Closed",
    }


def test_every_row_is_one_event(log: bytes, text: str, events: list[Event]) -> None:
    rows = rows_of(log, load_mapping(text))
    assert "Variant.2" in rows[0].values
    assert len(rows) == len(events) == 21_348
    assert len({row.text for row in rows}) == 21_348 - 127
    assert [event.id for event in events[:2]] == ["helpdesk-000000001", "helpdesk-000000002"]
    assert len({event.identifiers for event in events}) == 397
    assert events[0].time == _micros(datetime(2012, 10, 9, 14, 50, 17, tzinfo=UTC))
    tickets = {json.loads(event.properties)["ticket_id"] for event in events}
    assert len(tickets) >= 4_580


@pytest.mark.parametrize("cooling", [None, COOLING])
def test_open_customers_at_the_given_moments(
    log: bytes, events: list[Event], cooling: timedelta | None
) -> None:
    for moment, open_now, with_cooling in MOMENTS:
        found = blocked_at(events, moment, cooling)
        assert len(found) == (open_now if cooling is None else with_cooling)
        assert found == expected_at(log, moment, cooling)


def test_a_mapping_that_resolves_at_closed_alone_is_wrong(
    take: Take, log: bytes, text: str, later: Context
) -> None:
    wrong = text.replace("      Resolve ticket: resolved\n", "")
    assert wrong != text
    events = imported(take, log, load_mapping(wrong), later)
    assert any(len(blocked_at(events, moment, None)) != count for moment, count, _ in MOMENTS)


def test_row_order_resuming_and_repeating_change_nothing(
    take: Take, log: bytes, text: str, later: Context
) -> None:
    """The same units, with the same keys under which they are taken once."""
    mapping = load_mapping(text)
    rows = rows_of(log, mapping)[:2_000]

    def units(given: Iterable[Row], after: int = 0) -> list[Unit]:
        return list(take(given, mapping, later, after).units)

    by_id: Callable[[Unit], str] = lambda unit: unit.facts[0].id  # noqa: E731
    whole = units(rows)
    assert sorted(units(reversed(rows)), key=by_id) == whole
    assert whole[:700] + units(rows, after=700) == whole
    assert units(rows, after=2_000) == []
