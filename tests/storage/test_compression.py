"""What is compressed comes back, also from bytes that an earlier version wrote."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.storage.conftest import EMBEDDED

from tuttu.storage import StoreCorruptError, open_store
from tuttu.storage.compression import LONG, compress, decompress
from tuttu.testing.stores import handling as h
from tuttu.vocabulary import facts as f

WRITTEN_BY_THE_FIRST = bytes.fromhex("c1016b1dcdc1a3397834070fe11c0c00")
"""Its whole dictionary, which it needs a few references for."""
FIRST = "17bc3ff420b7f9b8dcf427b8783d138d219e10ed3afd238a5a4c79a154ac0aa4"
"""SHA-256 of the dictionary."""
_LIMIT: dict[str, object] = {"at_most": 1, "counted": 1, "opens": None, "shown": []}
NAMES = msgspec.msgpack.encode(
    [{"contact_id": str(each % 9), "rendered": "", **_LIMIT} for each in range(40)]
)


@given(st.binary(max_size=40), st.integers(0, 200))
def test_what_is_compressed_comes_back(piece: bytes, times: int) -> None:
    plain = msgspec.msgpack.encode(piece * times)
    assert decompress(compress(plain)) == plain


def test_names_of_fields_take_little() -> None:
    assert len(compress(NAMES)) < len(NAMES) / 4


@given(st.randoms(use_true_random=False))
def test_nothing_gets_longer(random: Random) -> None:
    plain = b"\x00" + random.randbytes(2 * LONG)
    assert len(compress(plain)) <= len(plain)
    assert decompress(compress(plain)) == plain


def test_what_was_compressed_once_is_read_for_ever() -> None:
    assert hashlib.sha256(decompress(WRITTEN_BY_THE_FIRST)).hexdigest() == FIRST


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (b"\xc1\x63" + bytes(9), "in the way 63, expected one of [1]; start a version of tuttu"),
        (b"\xc1", "in the way , expected"),
        (WRITTEN_BY_THE_FIRST[:-4], "it ends too early"),
        (b"\xc1\x01\xff\xff\xff", "none (Error"),
    ],
    ids=["unknown", "mark", "cut", "altered"],
)
def test_what_cannot_be_read_is_said(kept: bytes, said: str) -> None:
    with pytest.raises(StoreCorruptError) as refused:
        decompress(kept)
    assert said in str(refused.value)


def test_a_long_fact_takes_little_room_in_the_log(tmp_path: Path) -> None:
    long = h.fact_of(None, "long", [h.put(b"key", hashlib.sha256().hexdigest() * 1_000)])
    with closing(open_store(EMBEDDED, tmp_path)) as store:
        store.register([h.SUITE])
        store.commit([f.Unit(facts=(long,))])
    with closing(sqlite3.connect(tmp_path / ".tuttu" / "store.db")) as connection:
        (length,) = connection.execute("SELECT max(length(sealed)) FROM log").fetchone()
    assert length < LONG
