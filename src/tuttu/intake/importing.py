"""Rows of a file, through a mapping, to units: the same border as calls, without dead letters.

The caller commits the units, shows progress and writes the rejects to a file. Rows keep their
numbers and events their ids, so an import may stop anywhere, go on, or be done again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from tuttu.catalog.findings import nearest, quote
from tuttu.intake.call import read_call
from tuttu.intake.calling import calls_of, line_call
from tuttu.intake.cells import RowError
from tuttu.intake.mapping import ImportMapping, MappingError
from tuttu.intake.records import Context
from tuttu.intake.refusing import RefusedError
from tuttu.intake.rows import Row, RowFile
from tuttu.intake.wire import ANY_CALL
from tuttu.vocabulary.errors import Fault, Where
from tuttu.vocabulary.facts import Unit
from tuttu.vocabulary.project import Project

BATCH_ROWS = 500


class Reject(msgspec.Struct, frozen=True):
    """A row that was not taken. text: as it stands in the file."""

    number: int
    text: str
    reason: str


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a batch of rows. last: number of its last row. dropped: rows that the mapping
    makes no event of."""

    last: int
    units: tuple[Unit, ...]
    rejects: tuple[Reject, ...]
    dropped: int


def import_rows(
    rows: RowFile | Iterable[Row], mapping: ImportMapping | None, context: Context, after: int = 0
) -> Iterator[Imported]:
    """Batches of units and rejects, of the rows behind the row number `after`.

    mapping None: each line is one of Segment's calls. Raises MappingError, before any row is
    taken, if the mapping does not fit the project or the file's columns.
    """
    columns = rows.columns if isinstance(rows, RowFile) else None
    if mapping:
        require_fit(mapping, columns, context.project)
    return _batches(rows, mapping, context, after)


def require_fit(mapping: ImportMapping, columns: Iterable[str] | None, project: Project) -> None:
    """Raises MappingError if it names columns or namespaces that do not exist.

    columns None: they are not known, as in JSON lines.
    """
    faults = _unknown(mapping.namespaces, list(project.namespaces), "namespace", "identity.yaml")
    if columns is not None:
        faults += _unknown(mapping.columns, list(columns), "column", "the file")
    if faults:
        raise MappingError(sorted(faults))


def _unknown(named: Mapping[str, Where], known: list[str], what: str, place: str) -> list[Fault]:
    expected = f"a {what} that {place} has: {', '.join(known)}"
    return [
        Fault(where, f"the {what} {quote(name)}", expected, nearest(name, known))
        for name, where in named.items()
        if name not in known
    ]


def _batches(
    rows: Iterable[Row], mapping: ImportMapping | None, context: Context, after: int
) -> Iterator[Imported]:
    batch: list[Row] = []
    for row in rows:
        if row.number > after:
            batch.append(row)
        if len(batch) == BATCH_ROWS:
            yield _import(batch, mapping, context)
            batch = []
    if batch:
        yield _import(batch, mapping, context)


def _import(batch: list[Row], mapping: ImportMapping | None, context: Context) -> Imported:
    units: list[Unit] = []
    rejects: list[Reject] = []
    dropped = 0
    for row in batch:
        try:
            made = _units(row, mapping, context)
        except (RowError, RefusedError) as error:
            rejects.append(Reject(row.number, row.text, str(error)))
            continue
        units += made
        dropped += not made
    return Imported(
        last=batch[-1].number, units=tuple(units), rejects=tuple(rejects), dropped=dropped
    )


def _units(row: Row, mapping: ImportMapping | None, context: Context) -> list[Unit]:
    """The units of one row: all of them, or RowError or RefusedError."""
    if row.fault:
        raise RowError(row.fault)
    if mapping is None:
        return [read_call(line_call(row), ANY_CALL, context)]
    calls = calls_of(row, mapping)
    return [read_call(msgspec.json.encode(call), ANY_CALL, context) for call in calls]
