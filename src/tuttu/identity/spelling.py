"""The one spelling of an identifier, and what names nobody."""

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from tuttu.identity.errors import IdentifierError
from tuttu.vocabulary import company

LONGEST = 512
"""Characters of a normalised identifier."""
LONGEST_NUMBER = 2**2048
INEXACT = 2.0**53
"""From here on, several whole numbers are the same number once they are written with a point."""
NUL = "\0"
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
FORMAT, DASH, MINUS = "Cf", "Pd", "\u2212"
"""Unicode's names of what is not seen, and of all that looks like a hyphen."""
NATIONAL_DIGITS = range(4, 18)
"""Of a phone number without its country: no country has shorter numbers, `phonenumbers` knows none
that are longer."""
CACHED = 4096
"""Addresses and numbers whose spelling is remembered: working one out takes 40 to 160 µs."""
POINT_ZERO = re.compile(r"\+?[0-9]{5,}\.0")
"""How tables write a number in a column that has empty cells."""
MAILTO = re.compile(r"mailto:\s*", re.IGNORECASE)


def normalise(namespace: company.Namespace, raw: object) -> str | None:
    """The one spelling of an identifier; None if it names nobody.

    Nobody is named by null, a bool, a list, an object, blank text, the words of `company.NOBODY`,
    what the namespace blocks, and what is no address or number where it should be one. A number is
    its text. A tuple is the parts of a compound, each of which is spelled by itself; so are those
    of its text. Raises IdentifierError for what is too long to be kept, is no text, or is a number
    that JSON has rounded.
    """
    if isinstance(raw, tuple):
        return _compound(namespace, [_text(namespace.name, part) for part in raw])
    text = _text(namespace.name, raw)
    if text is None:
        return None
    if not namespace.compounds:
        return _spelled(namespace, text)
    parts = text.split(company.COMPOUND_SIGN)
    if len(parts) > 1 or not namespace.fields:
        return _compound(namespace, parts)
    return _part(namespace, text)


def _compound(namespace: company.Namespace, parts: Sequence[str | None]) -> str | None:
    """None unless it has all its parts, and each of them could name somebody."""
    if all(len(parts) != len(paths) for paths in namespace.compounds):
        return None
    spelled = [_part(namespace, part) for part in parts]
    whole = company.COMPOUND_SIGN.join(part for part in spelled if part is not None)
    if None in spelled or _is_blocked(namespace, _plain(whole)):
        return None
    _require_storable(namespace.name, whole)
    return whole


def _part(namespace: company.Namespace, text: str | None) -> str | None:
    """A part with the sign between parts in it could be taken for two."""
    value = None if text is None else _spelled(namespace, text)
    return None if value is None or company.COMPOUND_SIGN in value else value


def _spelled(namespace: company.Namespace, text: str) -> str | None:
    given = unicodedata.normalize("NFC", text)
    plain = _plain(given)
    if _is_word_for_nobody(namespace, plain):
        return None
    value = _after_steps(given, namespace.normalise, namespace.country)
    if value != given:
        plain = _plain(value)
        if _is_word_for_nobody(namespace, plain):
            return None
    if not plain or _is_blocked(namespace, plain):
        return None
    if len(value) > LONGEST or not value.isascii() or NUL in value:
        _require_storable(namespace.name, value)
    return value


def _is_word_for_nobody(namespace: company.Namespace, plain: str) -> bool:
    """What programs and spreadsheets leave where an identifier should stand."""
    if plain in company.NOBODY or ("e+" in plain and company.ROUNDED.fullmatch(plain)):
        return plain not in _folded(namespace.allowed)
    return False


def _is_blocked(namespace: company.Namespace, plain: str) -> bool:
    """Whether the namespace says that this value names nobody, however it is written: in any case,
    width or script of digits, with any dash, and with characters in it that nobody sees."""
    if namespace.blocked and plain in _blocked(
        namespace.blocked, namespace.normalise, namespace.country
    ):
        return True
    return any(_pattern(pattern).fullmatch(plain) for pattern in namespace.blocked_patterns)


def _text(name: str, raw: object) -> str | None:
    if isinstance(raw, str):
        return raw
    if isinstance(raw, float) and math.isfinite(raw):
        require_exact(name, raw)
        return str(int(raw)) if raw.is_integer() else repr(raw)
    if not isinstance(raw, int) or isinstance(raw, bool):
        return None
    if abs(raw) >= LONGEST_NUMBER:
        raise IdentifierError(f"{name}: found a number of over 600 digits; expected a shorter one")
    return str(raw)


def require_exact(name: str, number: float) -> None:
    """Raises IdentifierError for a number that stands for several: two people would be one."""
    if abs(number) >= INEXACT:
        raise IdentifierError(
            f"{name}: found the number {number!r}, which is rounded: beyond 2^53, JSON's numbers"
            " with a point or an exponent are; send it as text"
        )


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
    return "-" if unicodedata.category(character) == DASH or character == MINUS else character


def _require_storable(name: str, value: str) -> None:
    if len(value) > LONGEST:
        raise IdentifierError(
            f"{name}: found an identifier of {len(value)} characters, starting"
            f" {value[:20]!r}; expected at most {LONGEST}"
        )
    if NUL in value:
        raise IdentifierError(f"{name}: found the character U+0000; expected text without it")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise IdentifierError(f"{name}: found half of a surrogate pair; expected whole characters")


def _trim(text: str, _country: str | None) -> str:
    if text.isascii():
        return text.strip()
    before = None
    while before != text:
        before, text = text, text.strip().strip(INVISIBLE)
    return text


def _lower(text: str, _country: str | None) -> str:
    """For what people type: case, width and invisible characters make no difference."""
    if text.isascii():
        return text.lower()
    before = None
    while before != text:
        before, text = text, unicodedata.normalize("NFKC", _visible(text).lower())
    return text


def _digits(text: str, _country: str | None) -> str:
    """Decimal digits of any script as 0 to 9; nothing else is kept."""
    return "".join(str(unicodedata.decimal(each)) for each in text if each.isdecimal())


@lru_cache(maxsize=CACHED)
def _email(text: str, _country: str | None) -> str:
    """The address alone, in small letters, its domain in letters; empty if it is no address.

    What stands before a ``+`` in it, and points, are the mailbox's own affair: they stay.
    """
    before, text = text, _address(_lower(text, None).strip())
    while before != text and not text.isascii():  # its domain may be written by what `lower` drops
        before, text = text, _address(_lower(text, None).strip())
    return text


def _address(text: str) -> str:
    if len(text) > LONGEST:
        return ""
    written = MAILTO.sub("", text, count=1) if MAILTO.match(text) else text
    try:
        # Shape only: no look-up. Addresses of tests, as `a@shop.test`, are addresses in tests.
        found = validate_email(
            written.removesuffix("."),
            check_deliverability=False,
            allow_quoted_local=True,
            allow_display_name=True,
            test_environment=True,
        )
    except EmailNotValidError:
        return ""
    return found.normalized


@lru_cache(maxsize=CACHED)
def _phone(text: str, country: str | None) -> str:
    """ITU-T E.164, ``+358401234567``, with ``;ext=12`` behind it (RFC 3966) if there is one.

    A number without its country is the project's country's; if the project names none, it stays
    what it is, in digits. Empty if it is no possible number of its country.
    """
    spelled = _as_number(unicodedata.normalize("NFKC", _visible(text)).strip(), country)
    # With zeros in front that nobody dials, `phonenumbers` makes another number of its own one.
    return spelled if _as_number(spelled, country) == spelled else ""


def _as_number(text: str, country: str | None) -> str:
    if POINT_ZERO.fullmatch(text):
        text = text[:-2]
    abroad = text.startswith("00")
    number = _number(text, country) or (_number(f"+{text[2:]}", country) if abroad else None)
    if number and number.extension:
        return f"{_e164(number)};ext={number.extension}"
    if _has_words(text):
        return ""
    if number:
        return _e164(number)
    return "" if country or abroad or text.startswith("+") else _national(text)


def _number(text: str, country: str | None) -> phonenumbers.PhoneNumber | None:
    """As its country writes it. A number that lacks its area, and one of zeros, is nobody's."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(number)
    possible = reason == phonenumbers.ValidationResult.IS_POSSIBLE
    return number if possible and number.national_number else None


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _has_words(text: str) -> bool:
    """Behind the first digit; the library would read them as the letters of a telephone's keys."""
    number = text.partition(";")[0]
    start = next((place for place, each in enumerate(number) if each.isdecimal()), len(number))
    return any(each.isalpha() for each in number[start:])


def _national(text: str) -> str:
    """The digits of a number whose country nobody knows."""
    digits = _digits(text, None)
    return digits if len(digits) in NATIONAL_DIGITS and digits.strip("0") else ""


Step = Callable[[str, str | None], str]
_STEPS: dict[str, Step] = {
    "trim": _trim,
    "lower": _lower,
    "digits": _digits,
    "email": _email,
    "phone": _phone,
}


def _after_steps(value: str, names: tuple[str, ...], country: str | None) -> str:
    for step in _steps(names):
        value = step(value, country)
    return value


@lru_cache(maxsize=256)
def _steps(names: tuple[str, ...]) -> tuple[Step, ...]:
    """An address or number knows by itself what to keep: with `digits` beside it, what it made
    would be taken for another one the next time."""
    shaped = "email" in names or "phone" in names
    return tuple(_STEPS[name] for name in names if name != "digits" or not shaped)


@lru_cache(maxsize=256)
def _folded(values: frozenset[str]) -> frozenset[str]:
    return frozenset(map(_plain, values))


@lru_cache(maxsize=256)
def _blocked(values: frozenset[str], steps: tuple[str, ...], country: str | None) -> frozenset[str]:
    """As they are written, and in the one spelling that they get."""
    spelled = {_after_steps(value, steps, country) for value in values}
    return _folded(values | spelled) - {""}


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> re.Pattern[str]:
    """``*`` stands for any text, everything else for itself."""
    parts = (re.escape(part) for part in _plain(pattern).split("*"))
    return re.compile(".*".join(parts), re.DOTALL)
