"""The least change that would turn a refusal, as the API shows it: in words and as data."""

from itertools import zip_longest
from typing import Any

from tuttu import counterfactual as c
from tuttu.api.answers import ShownPart
from tuttu.api.words import Words
from tuttu.vocabulary import values
from tuttu.vocabulary.conversion import format_instant, present
from tuttu.vocabulary.values import ITEM, MONEY_SCALE, Kind, Schema, Type, Value, schema_about

_MOMENT = Type(Kind.TIMESTAMP)


def parts_of(change: c.Change, schema: Schema, words: Words) -> list[ShownPart]:
    """schema: of the version that judged."""
    return [
        _column(part, schema, words) if isinstance(part, c.ColumnSet) else _plain(part, words)
        for part in change.parts
    ]


def _plain(part: c.ChangePart, words: Words) -> ShownPart:
    """All parts but columns: kind, name, and both values; in words some of them read otherwise."""
    found: tuple[str, str, Any, Any]
    read: dict[str, str] = {}
    match part:
        case c.Later():
            found = ("time", "time", format_instant(part.now), format_instant(part.would_be))
        case c.Allowed(purpose=purpose, channel=channel):
            found = ("consent", f"{purpose} by {channel}", part.now, part.would_be)
            said = {True: words.change("given"), False: words.change("not_given")}
            read = {
                "name": words.change("consent_to", purpose=purpose, channel=channel),
                "now": said[part.now],
                "would_be": said[part.would_be],
            }
        case c.Units():
            found = ("resource", part.name, part.now, part.would_be)
        case c.Live():
            found = ("status", part.action, part.now, "live")
        case c.Endless():
            found = ("validity", part.action, format_instant(part.now), None)
            read = {"would_be": words.change("no_end")}
        case c.Worth():
            about = "" if part.item is None else f", {ITEM} {part.item}"
            name = f"{part.action} ({part.treatment}{about})"
            known = None if part.now is None else part.now / MONEY_SCALE
            found = ("worth", name, known, part.would_be / MONEY_SCALE)
        case c.HigherLimit():
            found = ("limit", part.name, part.now, part.would_be)
        case c.Arm():
            found = ("arm", "arm", part.now, part.would_be)
        case c.NoExploration():
            found = ("dice", "exploration", part.now, 0.0)
        case c.ColumnSet():
            found = ("column", part.name, part.now, part.would_be)
    kind, name, now, would_be = found
    key = kind if kind in words.translation.changes else "other"
    plain = {"name": name, "now": _value(now, words), "would_be": _value(would_be, words)}
    text = words.change(key, **(plain | read))
    return ShownPart(kind=kind, name=name, now=now, would_be=would_be, words=text)


def _column(part: c.ColumnSet, schema: Schema, words: Words) -> ShownPart:
    """What is not known has to become known: which value would do is no statement about the
    customer, so it is not shown. What the ledger has not seen (no contact, no answer) is known."""
    name, about = part.name, None
    if part.of is not None:
        collection, key = part.of
        about = {"collection": collection, "item": key}
        schema = schema_about(schema, collection)
        name = f"{collection} {key}: {name}"
    if part.group is not None:
        about = {"group": part.group}
        name = f"{part.group}: {name}"
    now, would_be = (_presented(part.name, value, schema) for value in (part.now, part.would_be))
    if part.name in schema.collections:
        about = None if part.group is None else about
        now, would_be = now or [], would_be or []
        text = f"{name}: {_items(now, would_be, words)}"
        would_be = [_known_fields(*pair) for pair in zip_longest(now[: len(would_be)], would_be)]
    else:
        before, after = _value(now, words), _value(would_be, words)
        if now is None and part.name in schema.columns:
            after, would_be = words.change("fitting"), None
        elif now is None:
            before = words.change("never")
        action = part.name.removeprefix(values.fulfilled_column(""))
        if action != part.name:
            name = name.replace(part.name, words.change("told", action=action))
        text = words.change("other", name=name, now=before, would_be=after)
    return ShownPart(
        kind="column", name=part.name, now=now, would_be=would_be, words=text, about=about
    )


def _known_fields(before: dict[str, Any] | None, after: dict[str, Any]) -> dict[str, Any]:
    """An item as it would be, without values for what is not known of it today."""
    if before is None:
        return after
    return {name: None if before.get(name) is None else value for name, value in after.items()}


def _presented(name: str, value: Value, schema: Schema) -> Any:
    """Columns that nobody declared are the ledger's, which are moments."""
    if name in schema.collections and isinstance(value, list):
        fields = schema.collections[name]
        return [
            {field: present(each, fields.get(field)) for field, each in item.items()}
            for item in value
        ]
    return present(value, schema.columns.get(name, _MOMENT))


def _items(now: list[dict[str, Any]], would_be: list[dict[str, Any]], words: Words) -> str:
    """What is not the same: items changed, items more, items less."""

    def item(fields: dict[str, Any]) -> str:
        known = [f"{n} {_value(each, words)}" for n, each in fields.items() if each is not None]
        return words.change("and").join(known) or words.change("nothing_known")

    if len(would_be) < len(now):
        gone = [item(each) for each in now if each not in would_be]
        return words.change("without", items=", ".join(gone))
    listed = [
        words.change(
            "field",
            field=field,
            would_be=(
                words.change("fitting")
                if before.get(field) is None
                else _value(after[field], words)
            ),
            now=_value(before.get(field), words),
        )
        for before, after in zip(now, would_be, strict=False)
        for field in after
        if before.get(field) != after.get(field)
    ]
    listed += [words.change("one_more", item=item(each)) for each in would_be[len(now) :]]
    return ", ".join(listed)


def _value(value: Any, words: Words) -> str:
    if value is None:
        return words.change("unknown")
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, list):
        return f"[{', '.join(_value(each, words) for each in value)}]"
    return repr(value) if isinstance(value, str) and not value.strip() else str(value)
