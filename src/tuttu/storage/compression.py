"""Long facts are compressed before they are sealed: most of a receipt is the names of its fields.

A dictionary of what facts have in common makes up for their shortness. What is compressed begins
with a byte that no MessagePack begins with, and the number of its dictionary; then raw Deflate
(RFC 1951). Facts from before are as they were, and so are short ones.
"""

import zlib
from typing import Any

import msgspec

from tuttu.storage.errors import StoreCorruptError

LONG = 1_024
"""Bytes from which on a fact is compressed: of shorter ones little would be gained."""

_MARK = b"\xc1"
"""The one byte that MessagePack never uses."""
_WINDOW, _MEMORY, _LEVEL = -zlib.MAX_WBITS, 8, 6

_RECEIPT: Any = {
    "id": "",
    "fragment": b"",
    "time": 0,
    "received": 0,
    "body": {
        "type": "receipt",
        "id": "",
        "now": 0,
        "customer": b"",
        "position": 0,
        "surfaces": [""],
        "choices": [
            {
                "contact_id": "",
                "action": "",
                "treatment": "",
                "surface": "",
                "slot": 0,
                "item": None,
                "probability": 1.0,
                "score": {
                    "propensity": 0.0,
                    "value": 0,
                    "relevance": 1.0,
                    "lever": 1.0,
                    "effort": 0,
                    "cost": 0,
                    "worth": 0,
                    "exact": 1.0,
                },
                "rendered": "",
                "reused": False,
                "held_until": 0,
                "why": [""],
                "address": None,
                "basis": "contract",
                "kind": "",
                "language": "en",
                "subject": None,
            }
        ],
        "verdicts": [],
        "refused": [
            {
                "about": None,
                "item": None,
                "stages": {
                    "consent": b"",
                    "reachable": b"",
                    "guards": b"",
                    "suppressions": b"",
                    "contact_limits": b"",
                    "resources": b"",
                    "eligibility": b"",
                    "applicability": b"",
                    "suitability": b"",
                },
            }
        ],
        "failed": [],
        "defaults": {},
        "withheld": [],
        "owed": [],
        "arm": "policy",
        "seed": 0,
        "read": {},
        "read_of_items": {},
        "project_digest": "",
        "contacts": [
            {
                "id": "",
                "fragment": b"",
                "action": "",
                "treatment": "",
                "issue_group": "",
                "owner": "",
                "purpose": "",
                "channel": "",
                "surface": "",
                "state": "held",
                "time": 0,
                "held_until": 0,
                "answer_within": 0,
                "decision_id": "",
                "uses": {},
                "cost": 0,
                "item": None,
                "due": None,
            }
        ],
        "idempotency": b"",
        "asked": "user_id:",
        "who": ["user_id", ""],
        "fragments": [b""],
        "grounds": {
            "consents": {},
            "free": {},
            "silences": [],
            "limits": [
                {"rule": "marketing", "at_most": 1, "counted": 1, "opens": None, "shown": []},
            ],
            "offers": [],
            "slots": {},
            "others": {},
        },
    },
}
"""What a receipt looks like. Never changed: what it has compressed could not be read any more. One
that suits later receipts better gets a number of its own."""

_DICTIONARIES = {1: msgspec.msgpack.encode(_RECEIPT)}
_NEWEST = max(_DICTIONARIES)


def compress(plain: bytes) -> bytes:
    """As it is to be sealed; `plain` where it would not get shorter."""
    by = zlib.compressobj(
        _LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_DEFAULT_STRATEGY, _DICTIONARIES[_NEWEST]
    )
    shorter = b"".join((_MARK, bytes([_NEWEST]), by.compress(plain), by.flush()))
    return shorter if len(shorter) < len(plain) else plain


def decompress(kept: bytes) -> bytes:
    """What was compressed. Raises StoreCorruptError."""
    if not kept.startswith(_MARK):
        return kept
    dictionary = _DICTIONARIES.get(int.from_bytes(kept[1:2]))
    if dictionary is None:
        raise StoreCorruptError(
            f"a fact of the log cannot be read: found one compressed in the way {kept[1:2].hex()},"
            f" expected one of {[*_DICTIONARIES]}; start a version of tuttu at least as new as the"
            " one that wrote it"
        )
    by = zlib.decompressobj(_WINDOW, dictionary)
    try:
        plain = by.decompress(kept[2:]) + by.flush()
    except zlib.error as error:
        raise StoreCorruptError(_altered(str(error))) from error
    if not by.eof:
        raise StoreCorruptError(_altered("it ends too early"))
    return plain


def _altered(why: str) -> str:
    return (
        f"a fact of the log cannot be read: found compressed bytes that are none ({why}), expected"
        " those that tuttu wrote; restore the store from your backup, and report this"
    )
