"""The least change that would turn a refusal, as the doors show it: in words and as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuttu.api.answers import ShownPart
from tuttu.counterfactual import (
    MOST_PARTS,
    Allowed,
    Arm,
    Change,
    ColumnSet,
    Endless,
    Later,
    Live,
    NoDice,
    Part,
    Room,
    Units,
    Worth,
)
from tuttu.vocabulary.conversion import format_instant, present
from tuttu.vocabulary.values import ITEM, MONEY_SCALE, Kind, Schema, Type, Value, schema_about

NOT_FOUND = f"no change of at most {MOST_PARTS} parts was found that would"
NOT_LOOKED_FOR = "not looked for: too many refusals in one question; ask for fewer surfaces"

_MOMENT = Type(Kind.TIMESTAMP)
_UNKNOWN = "unknown"


def parts_of(change: Change, schema: Schema) -> list[ShownPart]:
    """schema: of the version that judged."""
    return [_part(part, schema) for part in change.parts]


def _part(part: Part, schema: Schema) -> ShownPart:
    if isinstance(part, ColumnSet):
        return _column(part, schema)
    kind, name, now, would_be = _plain(part)
    return _shown(kind, name, now, would_be)


def _plain(part: Part) -> tuple[str, str, Any, Any]:
    """Kind, name, and both values, of all parts but columns."""
    found: tuple[str, str, Any, Any]
    match part:
        case Later():
            found = ("time", "time", format_instant(part.now), format_instant(part.would_be))
        case Allowed():
            found = ("consent", f"{part.purpose} by {part.channel}", part.now, part.would_be)
        case Units():
            found = ("resource", part.name, part.now, part.would_be)
        case Live():
            found = ("status", part.action, part.now, "live")
        case Endless():
            found = ("validity", part.action, format_instant(part.now), None)
        case Worth():
            found = ("worth", _candidate(part), _money(part.now), _money(part.would_be))
        case Room():
            found = ("limit", part.name, part.now, part.would_be)
        case Arm():
            found = ("arm", "arm", part.now, part.would_be)
        case NoDice():
            found = ("dice", "exploration", part.now, 0.0)
        case ColumnSet():
            found = ("column", part.name, part.now, part.would_be)
    return found


_WORDS = {
    "consent": "consent to {name}: {would_be} instead of {now}",
    "resource": "{name} free: {would_be} instead of {now}",
    "status": "status of {name}: {would_be} instead of {now}",
    "validity": "end of {name}: {would_be} instead of {now}",
    "worth": "worth of {name}: {would_be} instead of {now}",
    "limit": "contact limit '{name}': at most {would_be} instead of {now}",
}
_ELSE = "{name}: {would_be} instead of {now}"
_SAID: Mapping[str, Mapping[Any, str]] = {
    "consent": {True: "given", False: "not given"},
    "validity": {None: "none"},
}


def _shown(
    kind: str, name: str, now: Any, would_be: Any, item: dict[str, str] | None = None
) -> ShownPart:
    words = _WORDS.get(kind, _ELSE).format(
        name=name if item is None else f"{item['collection']} {item['item']}: {name}",
        now=_said(kind, now),
        would_be=_said(kind, would_be),
    )
    return ShownPart(kind=kind, name=name, now=now, would_be=would_be, words=words, about=item)


def _said(kind: str, value: Any) -> str:
    return _SAID[kind].get(value, _in_words(value)) if kind in _SAID else _in_words(value)


def _column(part: ColumnSet, schema: Schema) -> ShownPart:
    about = None
    if part.of is not None:
        collection, key = part.of
        about = {"collection": collection, "item": key}
        schema = schema_about(schema, collection)
    now, would_be = (_presented(part.name, value, schema) for value in (part.now, part.would_be))
    shown = _shown("column", part.name, now, would_be, about)
    if part.name not in schema.collections:
        return shown
    return ShownPart(
        kind="column",
        name=part.name,
        now=now,
        would_be=would_be,
        words=f"{part.name}: {_items_in_words(now or [], would_be or [])}",
    )


def _presented(name: str, value: Value, schema: Schema) -> Any:
    """Columns that nobody declared are the ledger's, which are moments."""
    if name in schema.collections and isinstance(value, list):
        fields = schema.collections[name]
        return [
            {field: present(each, fields.get(field)) for field, each in item.items()}
            for item in value
        ]
    return present(value, schema.columns.get(name, _MOMENT))


def _items_in_words(now: list[dict[str, Any]], would_be: list[dict[str, Any]]) -> str:
    """What is not the same: items changed, items more, items less."""
    if len(would_be) < len(now):
        gone = [_item(item) for item in now if item not in would_be]
        return f"without {', '.join(gone)}"
    told = []
    for before, after in zip(now, would_be, strict=False):
        changed = [field for field in after if before.get(field) != after.get(field)]
        told += [
            f"{field} {_in_words(after[field])} instead of {_in_words(before.get(field))}"
            for field in changed
        ]
    told += [f"one more with {_item(item)}" for item in would_be[len(now) :]]
    return ", ".join(told)


def _item(item: dict[str, Any]) -> str:
    known = [f"{name} {_in_words(value)}" for name, value in item.items() if value is not None]
    return " and ".join(known) or "nothing known of it"


def _in_words(value: Any) -> str:
    if value is None:
        return _UNKNOWN
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, list):
        return f"[{', '.join(map(_in_words, value))}]"
    return repr(value) if isinstance(value, str) and not value.strip() else str(value)


def _candidate(part: Worth) -> str:
    about = "" if part.item is None else f", {ITEM} {part.item}"
    return f"{part.action} ({part.treatment}{about})"


def _money(worth: int | None) -> float | None:
    return None if worth is None else worth / MONEY_SCALE
