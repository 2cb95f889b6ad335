"""Records and facts to bytes and back."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from tuttu.vocabulary.facts import Fact, Table

T = TypeVar("T")

_ENCODER = msgspec.msgpack.Encoder()
_FACTS = msgspec.msgpack.Decoder(Fact)


_DECODERS: dict[str, msgspec.msgpack.Decoder[Any]] = {}


def encode(value: object) -> bytes:
    return _ENCODER.encode(value)


def decode_record(table: Table[T], plain: bytes) -> T:
    decoder = _DECODERS.get(table.name)
    if decoder is None:
        decoder = _DECODERS[table.name] = msgspec.msgpack.Decoder(table.type)
    record: T = decoder.decode(plain)
    return record


def decode_fact(plain: bytes) -> Fact:
    return _FACTS.decode(plain)
