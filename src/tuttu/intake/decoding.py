"""JSON bytes to values, with refusals that say where and what."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from tuttu.intake.nesting import EVENT_DEPTH, too_deep
from tuttu.intake.refusing import Code, RefusedError

T = TypeVar("T")

_PLACE = re.compile(r"\(byte (\d+)\)")
_NOT_A_NUMBER = re.compile(rb"-?(?:NaN|Infinity)")


def decode(decoder: msgspec.json.Decoder[T], content: bytes | msgspec.Raw) -> T:
    """Decoded as the decoder's type. Raises RefusedError."""
    try:
        return decoder.decode(content)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    except msgspec.DecodeError as error:
        raise _malformed(str(error), bytes(content)) from None
    except UnicodeDecodeError:
        raise RefusedError(
            Code.NOT_UTF8, "found bytes that are not UTF-8; send JSON in UTF-8"
        ) from None
    except RecursionError:
        raise too_deep(EVENT_DEPTH) from None


_anything: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def decode_any(content: bytes | msgspec.Raw) -> Any:
    return decode(_anything, content)


def _invalid(why: str) -> RefusedError:
    if "out of range" in why:
        return RefusedError(
            Code.BAD_NUMBER, f"found a number that is too large to keep ({why}); send it as text"
        )
    return RefusedError(Code.WRONG_TYPE, f"found JSON of another shape: {why[0].lower()}{why[1:]}")


def _malformed(why: str, content: bytes) -> RefusedError:
    place = _PLACE.search(why)
    number = _NOT_A_NUMBER.match(content, int(place[1])) if place else None
    if number:
        why = f"{number[0].decode()} at byte {number.start()} is no JSON number"
    return RefusedError(Code.NOT_JSON, f"found a body that is not JSON: {why}; send valid JSON")
