"""What an import mapping says, as records: from a file's row to Segment's calls.

In YAML, with everything that may be said::

    format:                          # how the file is written; each key may be absent
      kind: csv                      # or jsonl; both may be gzipped
      delimiter: ";"
      quote: '"'
      encoding: iso-8859-1           # default utf-8
      decimal: ","
      thousands: "."
      nulls: [unknown]               # mean nothing is known, as the empty text does
      rename: {".": "_"}             # in column names; a second `Variant` becomes `Variant.2`
    id: {row: number, prefix: crm-}  # copies of a row are events of their own; or {column: key}
    time: {column: date, format: "%d.%m.%Y %H:%M", zone: Europe/Rome}
    who: {user_id: {column: customer}, email: {column: mail}}
    call: track                      # or identify, page, screen, group, alias
    event: {column: activity, map: {Opened: Ticket Opened}, otherwise: null}
    properties:
      ticket_id: {columns: [case, customer], join: " of "}
      amount: {column: amount, type: money}
      solved_at: {row: time, when: {column: activity, equals: Solved}}
    events:                          # several of one row: each inherits what stands above
      - {event: Ticket Seen, when: [{column: kind, in: [a, b]}, {column: days, below: 999}]}
      - call: identify
        time: {constant: 2026-03-01T00:00:00Z, minus: {column: days, unit: days}}
        traits: {vip: {column: vip, map: {"yes": true, "no": false}}}

A value is a constant, or one of ``column``, ``columns``, ``row: number``, ``row: time``. NULL is
left out of properties and traits; an event whose name is NULL is dropped. What a `map` does not
name, and what cannot be read as its `type`, rejects the row. Ids are padded row numbers, so that
events of the same time stay in the file's order; the second event of a row has ``.2`` behind them.
"""

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, UnsetType

from tuttu.intake.call import Call
from tuttu.intake.rows import Format
from tuttu.vocabulary.errors import Fault, FinalError, Where
from tuttu.vocabulary.values import Duration, Instant, Kind, Scalar


class MappingError(FinalError):
    """A mapping with faults, or one that does not fit its file or project: all of them at once."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class ColumnTest(msgspec.Struct, frozen=True, kw_only=True):
    """A simple test of one column. NULL passes none of them but `known: false`.

    among: equal to one of these texts. none_of: to none of them. known: not NULL, or NULL.
    """

    column: str
    among: frozenset[str] | None = None
    none_of: frozenset[str] | None = None
    below: float | None = None
    above: float | None = None
    known: bool | None = None


class Constant(msgspec.Struct, frozen=True):
    """The same in every row."""

    value: Scalar


class SourceColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A cell. type None: as it is. format: of dates and times, as strptime's. zone: of those
    that name none. map: from texts to constants; `otherwise` for all others, else a fault."""

    name: str
    type: Kind | None = None
    format: str | None = None
    zone: str = "UTC"
    map: Mapping[str, Scalar] | None = None
    otherwise: Scalar | UnsetType = UNSET


class Joined(msgspec.Struct, frozen=True):
    """Several cells as one text; NULL if one of them is."""

    names: tuple[str, ...]
    by: str


class RowNumber(msgspec.Struct, frozen=True):
    """The number of the row in its file, from 1."""


class RowTime(msgspec.Struct, frozen=True):
    """The time that the mapping gives to the row's event."""


Source = Constant | SourceColumn | Joined | RowNumber | RowTime


class Cell(msgspec.Struct, frozen=True):
    """A value of an event; NULL, and so left out, unless every test passes."""

    source: Source
    when: tuple[ColumnTest, ...] = ()


class Timing(msgspec.Struct, frozen=True):
    """An event's time: a moment, less so many units (µs) as a column says."""

    moment: Instant | SourceColumn
    minus: str | None = None
    unit: Duration = 0


class MappedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event that a row can become. who: namespace to value. time None: when it is imported."""

    call: Call
    who: Mapping[str, Cell]
    time: Timing | None = None
    event: Cell | None = None
    name: Cell | None = None
    group: Cell | None = None
    previous: Cell | None = None
    properties: Mapping[str, Cell] = {}
    traits: Mapping[str, Cell] = {}
    when: tuple[ColumnTest, ...] = ()


class ImportMapping(msgspec.Struct, frozen=True, kw_only=True):
    """A whole mapping. id_column None: an event's id is its row's number behind the prefix.

    columns, namespaces: every one that is named, with the first place that names it.
    """

    format: Format
    id_prefix: str
    id_column: str | None
    entries: tuple[MappedEvent, ...]
    columns: Mapping[str, Where]
    namespaces: Mapping[str, Where]
