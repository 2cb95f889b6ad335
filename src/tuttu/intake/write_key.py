"""The key that Segment's older clients put into the body."""

from __future__ import annotations

from typing import Any

import msgspec

from tuttu.intake.body import unpack
from tuttu.intake.decoding import decode
from tuttu.intake.nesting import BODY_DEPTH, require_depth
from tuttu.intake.refusing import RefusedError
from tuttu.vocabulary.company import Limits

LENGTH = 1_024
_DEFAULT = Limits()


class _Keyed(msgspec.Struct, frozen=True, rename="camel"):
    write_key: Any = None


_keyed = msgspec.json.Decoder(_Keyed)


def write_key_of(body: bytes, encoding: str | None = None, limits: Limits = _DEFAULT) -> str | None:
    """The `writeKey` of a call or batch; None if there is none or the body cannot be read.

    It is for requests that nobody has authenticated yet: never raises, decodes nothing else.
    """
    unpacked = unpack(body, encoding, limits.body_bytes)
    if unpacked.problem or b"writeKey" not in unpacked.content:
        return None
    try:
        require_depth(unpacked.content, BODY_DEPTH)
        key = decode(_keyed, unpacked.content).write_key
    except RefusedError:
        return None
    return key if isinstance(key, str) and 0 < len(key) <= LENGTH else None
