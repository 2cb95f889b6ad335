"""Which identifiers a call carries."""

from __future__ import annotations

from collections.abc import Mapping

from tuttu.identity.errors import IdentifierError
from tuttu.identity.normalise import normalise
from tuttu.vocabulary.company import Namespace
from tuttu.vocabulary.events import Identifier

USER_ID = "user_id"
ANONYMOUS_ID = "anonymous_id"
EXTERNAL_IDS = "context.externalIds."
MOST_IDENTIFIERS = 50
"""In one call: each of them is evidence."""


def identifiers_of(
    call: Mapping[str, object], namespaces: Mapping[str, Namespace]
) -> tuple[Identifier, ...]:
    """The identifiers of a decoded Segment call: normalised, each once, highest priority first.

    Of two of the same namespace the one found first comes first: `userId` before `previousId`.
    Blocked and empty ones, and those of undeclared namespaces, are left out. Raises
    IdentifierError for one that is too long, and for more than `MOST_IDENTIFIERS`.
    """
    external = _external_ids(call)
    raw: list[tuple[str, object]] = [(USER_ID, call.get("userId"))]
    if call.get("type") == "alias":
        raw.append((USER_ID, call.get("previousId")))
    raw += [(ANONYMOUS_ID, call.get("anonymousId")), *external]
    for namespace in namespaces.values():
        for path in namespace.fields:
            for value in _at(call, path, external):
                raw.append((namespace.name, value))
    found: dict[Identifier, int] = {}
    for name, value in raw:
        declared = None if value is None else namespaces.get(name)
        text = None if declared is None else normalise(declared, value)
        if declared is not None and text is not None:
            found.setdefault(Identifier(name, text), declared.rank)
    if len(found) > MOST_IDENTIFIERS:
        raise IdentifierError(
            f"found {len(found)} identifiers in one call; expected at most {MOST_IDENTIFIERS}"
        )
    return tuple(sorted(found, key=found.__getitem__))


def _external_ids(call: Mapping[str, object]) -> list[tuple[str, object]]:
    """``context.externalIds`` of people: other collections name other things, and an encoded
    value is not the value."""
    context = call.get("context")
    listed = context.get("externalIds") if isinstance(context, Mapping) else None
    return [
        (entry["type"], entry.get("id"))
        for entry in (listed if isinstance(listed, list) else ())
        if isinstance(entry, Mapping)
        and isinstance(entry.get("type"), str)
        and entry.get("collection", "users") == "users"
        and entry.get("encoding", "none") in {"none", None}
    ]


def _at(call: Mapping[str, object], path: str, external: list[tuple[str, object]]) -> list[object]:
    """What stands at a dotted path. The traits of a group call are the group's: not read."""
    if path.startswith(EXTERNAL_IDS):
        wanted = path.removeprefix(EXTERNAL_IDS)
        return [value for name, value in external if name == wanted]
    if path.startswith("traits.") and call.get("type") == "group":
        return []
    value: object = call
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return [value]
