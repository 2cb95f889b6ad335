"""From a row, through a mapping, to Segment's calls."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from tuttu.intake.cells import RowError, View, evaluate, moment_of, passes
from tuttu.intake.mapping import Cell, Entry, ImportMapping
from tuttu.intake.rows import Row
from tuttu.vocabulary.conversion import format_instant

ROW_DIGITS = 9
"""Row numbers in ids are padded, so that events of the same time stay in the file's order."""
_FIELDS = {"user_id": "userId", "anonymous_id": "anonymousId"}


def calls_of(row: Row, mapping: ImportMapping) -> list[dict[str, Any]]:
    """The calls that a row becomes, as JSON objects; none if the mapping drops it.

    Raises RowError for what cannot be read as the mapping says.
    """
    calls = []
    for place, entry in enumerate(mapping.entries):
        call = _call(entry, View(row, mapping.format))
        if call is not None:
            call["messageId"] = _id(mapping, row, place)
            calls.append(call)
    return calls


def line_call(row: Row) -> bytes:
    """The call that a line of JSON is, byte for byte; one without a messageId gets one of its
    number and content, so that it is the same when it is imported again."""
    content = row.text.encode()
    if row.values.get("messageId"):
        return content
    digest = blake2b(content, digest_size=8).hexdigest()
    message_id = f'"messageId":"line-{row.number:0{ROW_DIGITS}d}-{digest}"'
    comma = b"," if row.values else b""
    return content[:-1] + comma + message_id.encode() + b"}"


def _id(mapping: ImportMapping, row: Row, place: int) -> str:
    """Prefix and row number or cell; behind a point the event's place, from the second one on."""
    own: object = f"{row.number:0{ROW_DIGITS}d}"
    if mapping.id_column is not None:
        own = View(row, mapping.format).cell(mapping.id_column)
        if own is None:
            raise RowError(f"found no id in {mapping.id_column!r}; expected one in every row")
    return f"{mapping.id_prefix}{own}" + (f".{place + 1}" if place else "")


def _call(entry: Entry, view: View) -> dict[str, Any] | None:
    if not passes(entry.when, view):
        return None
    call: dict[str, Any] = {"type": entry.call, **address(_table(entry.who, view))}
    if entry.time:
        view = msgspec.structs.replace(view, time=moment_of(entry.time, view))
        call["timestamp"] = format_instant(view.time or 0)
    for field, cell in _single(entry).items():
        call[field] = evaluate(cell, view)
    if entry.event and call["event"] is None:
        return None
    call["properties"] = _table(entry.properties, view)
    call["traits"] = _table(entry.traits, view)
    return call


def _single(entry: Entry) -> dict[str, Cell]:
    cells = {
        "event": entry.event,
        "name": entry.name,
        "groupId": entry.group,
        "previousId": entry.previous,
    }
    return {field: cell for field, cell in cells.items() if cell}


def address(said: Mapping[str, Any]) -> dict[str, Any]:
    """Identifiers by namespace, where a call carries them: user and anonymous ids in their own
    fields, all others as Segment's external ids."""
    call: dict[str, Any] = {_FIELDS[name]: value for name, value in said.items() if name in _FIELDS}
    external = [
        {"id": value, "type": name, "collection": "users", "encoding": "none"}
        for name, value in said.items()
        if name not in _FIELDS
    ]
    return {**call, "context": {"externalIds": external}} if external else call


def _table(cells: Mapping[str, Cell], view: View) -> dict[str, Any]:
    """Values by name, without those that are NULL."""
    values = {name: evaluate(cell, view) for name, cell in cells.items()}
    return {name: value for name, value in values.items() if value is not None}
