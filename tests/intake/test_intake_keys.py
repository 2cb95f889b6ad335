"""A server key never lands in a dead letter; several gzip members are one body."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuttu.intake.accept import without_keys
from tuttu.intake.unpack import unpack

KEY = "tuttu_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF"
LIMIT = 100_000


def escaped(text: str, places: set[int]) -> str:
    return "".join(
        f"\\u{ord(each):04x}" if place in places else each for place, each in enumerate(text)
    )


@given(
    st.sampled_from(["writeKey", "WriteKey", "write_key", "write-key", "apiKey", "x"]),
    st.sets(st.integers(0, 60)),
    st.sets(st.integers(0, 60)),
    st.sampled_from(['{"a": 1, "%s": "%s"}', "{'%s': '%s'", "%s=%s&a=1", '[{"%s":"%s', "%s: %s"]),
    st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]),
    st.integers(30, 60),
)
def test_no_spelling_of_a_key_is_kept(
    name: str, in_name: set[int], in_key: set[int], form: str, encoding: str, length: int
) -> None:
    """In JSON and what is none, escaped or not, cut short, in UTF-16 unless escaped."""
    if encoding != "utf-8":
        in_name = in_key = set()
    said = form % (escaped(name, in_name), escaped(KEY[:length], in_key))
    kept = without_keys(said.encode(encoding)).decode(encoding, "replace")
    plain = kept.encode().decode("unicode_escape", "replace")
    secret = KEY[6:length]
    assert not [part for part in range(len(secret) - 9) if secret[part : part + 10] in plain]


@pytest.mark.parametrize("name", ["writeKey", "WRITE_KEY", "w\\u0072iteKey"])
def test_the_value_of_a_write_key_is_emptied_whatever_it_is(name: str) -> None:
    kept = without_keys(f'{{"event": "Ord\\u0065r", "{name}": "my own secret"}}'.encode())
    assert json.loads(kept)["event"] == "Order"
    assert b"my own secret" not in kept


def test_what_holds_no_key_is_kept_byte_for_byte() -> None:
    body = b'{"event": "\\u00e4 50% of \\u0041", "properties": {"tuttu_x": "tuttu_segment"}'
    assert without_keys(body) == body


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.integers(0, 9))
def test_members_of_gzip_behind_each_other_are_one_body(parts: list[bytes], zeros: int) -> None:
    packed = b"".join(gzip.compress(part) for part in parts)
    found = unpack(packed + bytes(zeros), "gzip", LIMIT)
    assert (found.content, found.problem) == (b"".join(parts), None)
    for broken in (packed[:-1], packed + b"more", packed + gzip.compress(b"x")[:7]):
        assert unpack(broken, "gzip", LIMIT).problem is not None


def test_a_thousand_members_are_refused_and_a_limit_holds_over_all() -> None:
    assert unpack(gzip.compress(b"") * 1_000, "gzip", LIMIT).problem is not None
    found = unpack(gzip.compress(b"a" * 600) * 2, "gzip", 1_000)
    assert (len(found.content), found.whole) == (1_000, False)
