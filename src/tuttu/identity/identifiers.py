"""Which identifiers a call carries, and the one spelling of each."""

from collections.abc import Iterator, Mapping

from tuttu.identity.errors import IdentifierError
from tuttu.identity.spelling import normalise
from tuttu.vocabulary import company, events

USER_ID = "user_id"
ANONYMOUS_ID = "anonymous_id"
EXTERNAL_IDS = "context.externalIds."
MOST_IDENTIFIERS = 50
"""In one call: each of them is evidence."""


def identifiers_of(
    call: Mapping[str, object], namespaces: Mapping[str, company.Namespace]
) -> tuple[events.Identifier, ...]:
    """The identifiers of a decoded Segment call: normalised, each once, highest priority first.

    Of two of the same namespace the one found first comes first: `userId` before `previousId`.
    Those that name nobody, and those of undeclared namespaces, are left out. Raises
    IdentifierError for one that is too long or rounded, and for more than `MOST_IDENTIFIERS`.
    """
    found: dict[events.Identifier, int] = {}
    for namespace, value in _given(call, namespaces):
        text = normalise(namespace, value)
        if text is not None:
            found.setdefault(events.Identifier(namespace.name, text), namespace.rank)
    if len(found) > MOST_IDENTIFIERS:
        raise IdentifierError(
            f"found {len(found)} identifiers in one call; expected at most {MOST_IDENTIFIERS}"
        )
    return tuple(sorted(found, key=found.__getitem__))


def nobodies_of(
    call: Mapping[str, object], namespaces: Mapping[str, company.Namespace]
) -> tuple[tuple[str, object], ...]:
    """What a call gives for identifiers although it names nobody: namespaces with the values as
    they came, each once. Raises IdentifierError as `identifiers_of` does."""
    given = {
        (namespace.name, repr(value)): value
        for namespace, value in _given(call, namespaces)
        if normalise(namespace, value) is None
    }
    return tuple((name, value) for (name, _), value in given.items())


def _given(
    call: Mapping[str, object], namespaces: Mapping[str, company.Namespace]
) -> Iterator[tuple[company.Namespace, object]]:
    """Every value that stands where a declared identifier can: of a compound, its parts."""
    external = _external_ids(call)
    named: list[tuple[str, object]] = [(USER_ID, call.get("userId"))]
    if call.get("type") == "alias":
        named.append((USER_ID, call.get("previousId")))
    for name, value in (*named, (ANONYMOUS_ID, call.get("anonymousId")), *external):
        if value is not None and name in namespaces:
            yield namespaces[name], value
    for namespace in namespaces.values():
        for path in namespace.fields:
            for value in _at(call, path, external):
                if value is not None:
                    yield namespace, value
        for paths in namespace.compounds:
            found = [_at(call, path, external) for path in paths]
            # Of several external ids of one type, nobody can tell which belongs to the others.
            if all(len(values) == 1 and values[0] is not None for values in found):
                yield namespace, tuple(values[0] for values in found)


def priority(
    namespaces: Mapping[str, company.Namespace], identifier: events.Identifier
) -> tuple[int, events.Identifier]:
    """The order of a customer's identifiers: by their namespaces' priority, then by value."""
    namespace = namespaces.get(identifier.namespace)
    return len(namespaces) if namespace is None else namespace.rank, identifier


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
    """The value at a dotted path. The traits of a group call are the group's: not read."""
    if path.startswith(EXTERNAL_IDS):
        wanted = path.removeprefix(EXTERNAL_IDS)
        return [value for name, value in external if name == wanted]
    if path.startswith("traits.") and call.get("type") == "group":
        return []
    value: object = call
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return [value]
