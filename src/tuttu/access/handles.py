"""Handles: a name for one of several people, for a quarter of an hour, and for one key alone.

A handle says whom it names and until when, and proves with a keyed hash that this store gave it to
this key. Nothing is kept.
"""

import base64
import binascii
import hmac
from collections.abc import Callable

from tuttu.vocabulary import events, values

LASTING = 15 * values.MINUTE
_NAMESPACE = "access.handle"
_INSTANT_BYTES = 8

Pseudonym = Callable[[str, str], events.FragmentId]
"""A keyed hash of a namespace and a value, as the store makes it."""


def handle_of(
    pseudonym: Pseudonym, fragment: events.FragmentId, by: str, now: values.Instant
) -> str:
    """by: name of the key that it is for."""
    until = now + LASTING
    said = until.to_bytes(_INSTANT_BYTES, signed=True) + fragment
    return base64.urlsafe_b64encode(said + _proof(pseudonym, fragment, by, until)).decode()


def fragment_of(
    pseudonym: Pseudonym, handle: str, by: str, now: values.Instant
) -> events.FragmentId | None:
    """None: it was not given to this key, or is over."""
    try:
        said = base64.b64decode(handle, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    until = int.from_bytes(said[:_INSTANT_BYTES], signed=True)
    end = _INSTANT_BYTES + events.FRAGMENT_BYTES
    fragment, proof = said[_INSTANT_BYTES:end], said[end:]
    proven = hmac.compare_digest(proof, _proof(pseudonym, fragment, by, until))
    return fragment if proven and now < until else None


def _proof(
    pseudonym: Pseudonym, fragment: events.FragmentId, by: str, until: values.Instant
) -> bytes:
    return pseudonym(_NAMESPACE, f"{until}:{fragment.hex()}:{by}")
