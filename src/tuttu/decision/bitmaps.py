"""Sets of ways as a receipt keeps them: all bits, or the numbers of the few, if that is shorter."""

import struct

_ALL, _FEW = b"\x00", b"\x01"


def packed(bits: int) -> bytes:
    """First a byte that says how; then the bits, the lowest byte first, or the numbers of those
    that are set, two bytes each."""
    whole = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    if 2 * bits.bit_count() >= len(whole) or bits.bit_length() > 2**16:
        return _ALL + whole
    numbers = _numbers(bits)
    return _FEW + struct.pack(f"<{len(numbers)}H", *numbers)


def unpacked(kept: bytes) -> int:
    """Raises ValueError: it was packed in a way that is not known."""
    if kept[:1] == _ALL:
        return int.from_bytes(kept[1:], "little")
    if kept[:1] == _FEW:
        numbers = struct.unpack(f"<{(len(kept) - 1) // 2}H", kept[1:])
        return sum(1 << number for number in numbers)
    raise ValueError(f"found a set of ways that begins with {kept[:1]!r}")


def _numbers(bits: int) -> list[int]:
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found
