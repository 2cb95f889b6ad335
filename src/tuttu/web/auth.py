"""Who asks: the secret in the headers or in the body, and the key that it opens."""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

from tuttu.access import ALL_SCOPES, LOCAL_NAME

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="tuttu", Basic realm="tuttu", charset="UTF-8"'}


class Holder(NamedTuple):
    """Who asks, and what he may do."""

    name: str
    scopes: frozenset[str]


LOCAL = Holder(LOCAL_NAME, ALL_SCOPES)
"""Whoever may open the project's own socket: the file's permission is his key."""

ANYBODY = Holder("anybody", frozenset())
"""Whoever asks what is open to all."""


def secret_in(header: str | None) -> str | None:
    """The secret of an Authorization header: ``Bearer <key>``, or Basic with the key as user.

    None: no header. A header that cannot be read gives ``""``, which opens nothing.
    """
    if header is None:
        return None
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    return _basic_user(rest.strip()) if scheme.lower() == "basic" else ""


def _basic_user(encoded: str) -> str:
    try:
        user, colon, _ = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return ""
    return user if colon else ""
