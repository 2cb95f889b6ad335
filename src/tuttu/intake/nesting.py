"""How deep JSON is nested, counted on its bytes.

Decoders call themselves for each level, so this comes before any of them. It never recurses, and
is exact for JSON; for anything else, for the part that a decoder reads before it gives up.
"""

from __future__ import annotations

import re
from itertools import accumulate, chain

from tuttu.intake.refusing import Code, RefusedError

EVENT_DEPTH = 64
"""Levels of nesting in one call."""
BODY_DEPTH = 256
"""Levels of nesting in a batch: what lies between the two is refused call by call."""

_QUOTED = re.compile(rb'"[^"]*"')
_SIGNS = b'"[]{},'
_OTHERS = bytes(set(range(256)) - set(_SIGNS))
_SQUARE = bytes.maketrans(b"{}", b"[]")
_STEPS = [(byte == ord("[")) - (byte == ord("]")) for byte in range(256)]
_COMMA = ord(",")


def require_depth(content: bytes, limit: int) -> None:
    """Raises RefusedError where lists and objects are nested more than `limit` levels deep."""
    if content.count(b"{") + content.count(b"[") > limit and _depth(content) > limit:
        raise too_deep(limit)


def too_deep(limit: int) -> RefusedError:
    return RefusedError(
        Code.TOO_DEEP, f"found lists or objects nested more than {limit} levels deep; flatten them"
    )


def second_level(content: bytes) -> int:
    """At least as many as the values on the second level of nesting, as a batch's calls are."""
    structure = _structure(content)
    places = zip(structure, _levels(structure), strict=True)
    return 1 + sum(byte == _COMMA and level == 2 for byte, level in places)


def _depth(content: bytes) -> int:
    """Takes the innermost level away while that is much of it, and counts what is left."""
    brackets = _structure(content).replace(b",", b"")
    levels = 0
    while brackets:
        outer = brackets.replace(b"[]", b"")
        if len(outer) > len(brackets) * 3 // 4:
            break
        brackets = outer
        levels += 1
    return levels + max(chain([0], _levels(brackets)))


def _structure(content: bytes) -> bytes:
    """Commas and brackets of a JSON text, all square, without those inside strings."""
    if b"\\" in content:
        content = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    signs = content.translate(_SQUARE, _OTHERS)
    return _QUOTED.sub(b"", signs)


def _levels(structure: bytes) -> accumulate[int]:
    return accumulate(map(_STEPS.__getitem__, structure))
