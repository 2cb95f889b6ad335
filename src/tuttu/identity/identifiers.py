"""Which identifiers a call carries, and the one spelling of each."""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache

from tuttu.identity.errors import IdentifierError
from tuttu.vocabulary import company, events

USER_ID = "user_id"
ANONYMOUS_ID = "anonymous_id"
EXTERNAL_IDS = "context.externalIds."
MOST_IDENTIFIERS = 50
"""In one call: each of them is evidence."""
LONGEST = 512
"""Characters of a normalised identifier."""
LONGEST_NUMBER = 2**2048
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
FORMAT, DASH = "Cf", "Pd"
"""Unicode's names of what is not seen, and of all that looks like a hyphen."""


def identifiers_of(
    call: Mapping[str, object], namespaces: Mapping[str, company.Namespace]
) -> tuple[events.Identifier, ...]:
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
    found: dict[events.Identifier, int] = {}
    for name, value in raw:
        declared = None if value is None else namespaces.get(name)
        text = None if declared is None else normalise(declared, value)
        if declared is not None and text is not None:
            found.setdefault(events.Identifier(name, text), declared.rank)
    if len(found) > MOST_IDENTIFIERS:
        raise IdentifierError(
            f"found {len(found)} identifiers in one call; expected at most {MOST_IDENTIFIERS}"
        )
    return tuple(sorted(found, key=found.__getitem__))


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


def normalise(namespace: company.Namespace, raw: object) -> str | None:
    """The one spelling of an identifier; None if it names nobody.

    Nobody is named by null, a bool, a list, an object, blank text, and what the namespace blocks.
    A number is its text. Raises IdentifierError for what is too long to be kept, or is no text.
    """
    text = raw if isinstance(raw, str) else _text(namespace.name, raw)
    if text is None:
        return None
    value = unicodedata.normalize("NFC", text)
    for step in namespace.normalise:
        # `phone` keeps digits only by itself; with `digits` beside it, what it made would be taken
        # for another number the next time.
        if step != "digits" or "phone" not in namespace.normalise:
            value = _STEPS[step](value)
    if not (value.strip() if value.isascii() else _visible(value).strip()):
        return None
    if (namespace.blocked or namespace.blocked_patterns) and is_blocked(namespace, value):
        return None
    if len(value) > LONGEST or not value.isascii():
        _require_storable(namespace.name, value)
    return value


def is_blocked(namespace: company.Namespace, value: str) -> bool:
    """Whether the namespace says that this value names nobody, however it is written: in any case,
    width or script of digits, with any dash, and with characters in it that nobody sees."""
    plain = _plain(value)
    if plain in _folded(namespace.blocked):
        return True
    return any(_pattern(pattern).fullmatch(plain) for pattern in namespace.blocked_patterns)


def _text(name: str, raw: object) -> str | None:
    if isinstance(raw, float) and math.isfinite(raw):
        return str(int(raw)) if raw.is_integer() else repr(raw)
    if not isinstance(raw, int) or isinstance(raw, bool):
        return None
    if abs(raw) >= LONGEST_NUMBER:
        raise IdentifierError(f"{name}: found a number of over 600 digits; expected a shorter one")
    return str(raw)


def _visible(text: str) -> str:
    """Without format characters: joiners, marks of direction, soft hyphens."""
    return "".join(each for each in text if unicodedata.category(each) != FORMAT)


def _plain(text: str) -> str:
    """What is left of a value if one looks at it only."""
    if text.isascii():
        return text.strip().casefold()
    seen = unicodedata.normalize("NFKC", _visible(text))
    return "".join(map(_plain_character, seen)).strip().casefold()


def _plain_character(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return "-" if unicodedata.category(character) == DASH else character


def _require_storable(name: str, value: str) -> None:
    if len(value) > LONGEST:
        raise IdentifierError(
            f"{name}: found an identifier of {len(value)} characters, starting"
            f" {value[:20]!r}; expected at most {LONGEST}"
        )
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise IdentifierError(f"{name}: found half of a surrogate pair; expected whole characters")


def _trim(text: str) -> str:
    if text.isascii():
        return text.strip()
    before = None
    while before != text:
        before, text = text, text.strip().strip(INVISIBLE)
    return text


def _lower(text: str) -> str:
    """For what people type: case, width and invisible characters make no difference."""
    if text.isascii():
        return text.lower()
    before = None
    while before != text:
        before, text = text, unicodedata.normalize("NFKC", _visible(text).lower())
    return text


def _digits(text: str) -> str:
    """Decimal digits of any script as 0 to 9; nothing else is kept."""
    return "".join(str(unicodedata.decimal(each)) for each in text if each.isdecimal())


def _phone(text: str) -> str:
    """Digits, after ``+`` if the number is written internationally (``+`` or ``00``).

    The trunk zero of ``+44 (0)20 …`` is dropped. No country is guessed for a national number.
    """
    text = _trim(text)
    if text.startswith(("+", "＋")):
        return _international(_digits(text.replace("(0)", "", 1)))
    digits = _digits(text)
    return _international(digits[2:]) if digits.startswith("00") else digits


def _international(digits: str) -> str:
    return f"+{digits}" if digits else ""


_STEPS: dict[str, Callable[[str], str]] = {
    "trim": _trim,
    "lower": _lower,
    "digits": _digits,
    "phone": _phone,
}


@lru_cache(maxsize=256)
def _folded(values: frozenset[str]) -> frozenset[str]:
    return frozenset(map(_plain, values))


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> re.Pattern[str]:
    """``*`` stands for any text, everything else for itself."""
    parts = (re.escape(part) for part in _plain(pattern).split("*"))
    return re.compile(".*".join(parts), re.DOTALL)
