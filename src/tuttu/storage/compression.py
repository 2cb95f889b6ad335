"""Long facts are compressed before they are sealed: most of a receipt is the names of its fields.

A dictionary of what facts have in common makes up for their shortness. What is compressed begins
with a byte that no MessagePack begins with, and the number of its dictionary; then raw Deflate
(RFC 1951). Facts from before are as they were, and so are short ones.
"""

import zlib
from importlib.resources import files

from tuttu.storage.errors import StoreCorruptError

LONG = 1_024
"""Bytes from which on a fact is compressed: of shorter ones little would be gained."""

_MARK = b"\xc1"
"""The one byte that MessagePack never uses."""
_WINDOW, _MEMORY, _LEVEL = -zlib.MAX_WBITS, 8, 6

DICTIONARIES = {
    1: files(__package__).joinpath("dictionaries/1.msgpack").read_bytes(),
}
"""By number. The first is what a receipt looks like, as MessagePack. None ever changes: what it has
compressed could not be read any more. One that suits later facts better gets the next number."""
_NEWEST = max(DICTIONARIES)


def compress(plain: bytes) -> bytes:
    """As it is to be sealed; `plain` where it would not get shorter."""
    by = zlib.compressobj(
        _LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_DEFAULT_STRATEGY, DICTIONARIES[_NEWEST]
    )
    shorter = b"".join((_MARK, bytes([_NEWEST]), by.compress(plain), by.flush()))
    return shorter if len(shorter) < len(plain) else plain


def decompress(kept: bytes) -> bytes:
    """What was compressed. Raises StoreCorruptError."""
    if not kept.startswith(_MARK):
        return kept
    dictionary = DICTIONARIES.get(int.from_bytes(kept[1:2]))
    if dictionary is None:
        raise StoreCorruptError(
            f"a fact of the log cannot be read: found one compressed in the way {kept[1:2].hex()},"
            f" expected one of {[*DICTIONARIES]}; start a version of tuttu at least as new as the"
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
