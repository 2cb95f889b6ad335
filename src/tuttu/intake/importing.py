"""Rows of a file, through a mapping, to calls as a sender would send them.

The calls go to the same border as all others. Rows keep their numbers and events their ids, so an
import may stop anywhere, go on, or be done again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from tuttu.catalog.findings import nearest, quote
from tuttu.intake.calling import calls_of, line_call
from tuttu.intake.cells import RowError
from tuttu.intake.mapping import ImportMapping, MappingError
from tuttu.intake.rows import Row
from tuttu.vocabulary.errors import Fault, Where
from tuttu.vocabulary.project import Project


class MappedRow(msgspec.Struct, frozen=True):
    """A row with the calls that it becomes, each one JSON object. fault: why it becomes none; a
    row without calls and fault is one that the mapping drops."""

    row: Row
    calls: tuple[bytes, ...] = ()
    fault: str | None = None


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


def mapped(
    rows: Iterable[Row], mapping: ImportMapping | None, after: int = 0
) -> Iterator[MappedRow]:
    """The rows behind the row number `after`, one at a time, in their order.

    mapping None: each line is one of Segment's calls.
    """
    return (_map(row, mapping) for row in rows if row.number > after)


def _map(row: Row, mapping: ImportMapping | None) -> MappedRow:
    if row.fault:
        return MappedRow(row, fault=row.fault)
    try:
        return MappedRow(row, _calls(row, mapping))
    except RowError as error:
        return MappedRow(row, fault=str(error))


def _calls(row: Row, mapping: ImportMapping | None) -> tuple[bytes, ...]:
    if mapping is None:
        return (line_call(row),)
    return tuple(msgspec.json.encode(call) for call in calls_of(row, mapping))
