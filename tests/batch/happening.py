"""What happened in an invented company: calls by chance, late, repeated and hostile ones too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st
from tests.batch.inventing import HARD, KINDS, NOW, SUBJECT, WINDOWS, Value
from tests.policy.conftest import OWN_ZONES

from tuttu.vocabulary.conversion import convert, format_instant
from tuttu.vocabulary.values import DAY, HOUR, MINUTE, Kind, Type

PEOPLE = ("maija", "ville", "aino", "anon-1", "anon-2")
MOMENTS = [
    NOW - offset
    for offset in (
        *(0, 1, MINUTE, HOUR - 1, HOUR, HOUR + 1, 90 * MINUTE, DAY, DAY + 1),
        *(7 * DAY - 1, 7 * DAY, 7 * DAY + 1, 40 * DAY),
    )
]
EDGES = [NOW - window for window in WINDOWS.values()]
RIGHT: Mapping[Kind, Sequence[Any]] = {
    Kind.BOOL: [True, False, "true", " FALSE "],
    Kind.INTEGER: [0, 1, -1, 7, 2**53 + 1, 2**63 - 1, -(2**63), "42", 3.0, -7],
    Kind.MONEY: [0, 1, 9.9, -1.5, "12.34", 0.00005, 922_337_203_685_477, -922_337_203_685_477],
    Kind.REAL: [0.0, -0.0, 0.5, 1e308, -1e308, 5e-324, 0.1, 2.5, "1e-7", 3],
    Kind.TEXT: ["", "a", "A", "ab", "é", "e\u0301", "ß", "İ", "😀", "a\0b", "%", "it's", "日本"],
    Kind.DATE: ["2026-03-29", "2024-02-29", "0001-01-01", "9999-12-31", "2026-03-01T10:00:00Z"],
    Kind.TIMESTAMP: [
        "2026-03-29T05:00:00Z",
        "2026-03-22T05:00:00.000001Z",
        "2026-03-29T03:59:59.999999+02:00",
        "1900-01-01",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59.999999-12:00",
    ],
}
WRONG: Sequence[Any] = [
    *(None, "", "x", [], {}, [None], "NaN", "1e999", 2**70, -(2**64), 1e300, True),
    *("2026-02-30", "24:00", {"a": 1}, "99999-01-01", "９"),
]


def _right(kind: Kind) -> st.SearchStrategy[Any]:
    """What the tracking plan takes as this kind."""
    return st.sampled_from(
        [each for each in RIGHT[kind] if convert(each, Type(kind), "UTC") is not None]
    )


def _value(kind: Kind) -> st.SearchStrategy[Any]:
    """What a sender may send where nobody planned anything."""
    right = st.sampled_from(RIGHT[kind])
    return st.one_of(right, right, right, st.sampled_from(WRONG))


def _some(values: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict(values))


def _one(value: Value) -> dict[str, st.SearchStrategy[Any]]:
    return {f"a_{kind}": value(kind) for kind in KINDS}


def _lists(value: Value) -> dict[str, st.SearchStrategy[Any]]:
    return {f"list_{kind}": st.lists(value(kind), max_size=2) for kind in KINDS}


def _of_item(value: Value) -> dict[str, st.SearchStrategy[Any]]:
    return {f"{kind}_field": value(kind) for kind in KINDS}


def _lines(value: Value) -> dict[str, st.SearchStrategy[Any]]:
    return {"lines": st.lists(_some(_of_item(value)), max_size=2)}


_PROPERTIES: Mapping[str, st.SearchStrategy[dict[str, Any]]] = {
    "Thing Done": _some({**_one(_right), **_lists(_right), **_lines(_right)}),
    "Anything": _some({**_one(_value), **_lists(_value), **_lines(_value)}),
    "Bought": _some(
        {**_one(_right), **_lines(_right), "deep": _some({"size": _value(Kind.INTEGER)})}
    ),
    "Ticket Touched": st.builds(
        dict,
        _some(_of_item(_value)),
        ticket_id=st.sampled_from(["A", "B", "B", "", " C", 7, None]),
    ),
    "Order Touched": st.builds(
        dict, _some(_of_item(_right)), order_no=st.sampled_from([1, 2, "02", 10])
    ),
    "Called": st.fixed_dictionaries(
        {
            "what": st.sampled_from([SUBJECT, "news", "ticket-help"]),
            "came": st.sampled_from(["yes", "no", "?"]),
        }
    ),
}
_TRAITS = _some(
    {
        **{f"{letter}_{kind}": _value(kind) for kind in KINDS for letter in "ab"},
        **{name: _value(kind) for kind, name in zip(KINDS, HARD, strict=True)},
        "size": _value(Kind.INTEGER),
        "group_id": st.sampled_from(["home", "flat", None]),
        "zone": st.sampled_from([*OWN_ZONES, None, 7]),
        "email": st.sampled_from(["m@example.com", "v@example.com"]),
    }
)


@st.composite
def _call(draw: st.DrawFn, moments: Sequence[int]) -> tuple[str, dict[str, Any]]:
    who = draw(st.sampled_from(("maija", "maija", "maija", *PEOPLE)))
    said: dict[str, Any] = {
        "timestamp": format_instant(draw(st.sampled_from(moments))),
        "messageId": f"m{draw(st.integers(0, 99))}",
    }
    said["anonymousId" if who.startswith("anon") else "userId"] = who
    if draw(st.booleans()) and "userId" in said:
        said["anonymousId"] = draw(st.sampled_from(PEOPLE[3:]))
    if draw(st.integers(0, 4)) == 0:
        said["context"] = {"traits": draw(_TRAITS)}
    kind = draw(st.sampled_from(["track"] * 5 + ["identify", "identify", "page", "group", "alias"]))
    if kind == "track":
        said["event"] = draw(st.sampled_from(sorted(_PROPERTIES)))
        said["properties"] = draw(_PROPERTIES[said["event"]])
    elif kind == "identify":
        said["traits"] = draw(_TRAITS)
    elif kind == "group":
        said["groupId"] = draw(st.sampled_from(["home", "flat"]))
    elif kind == "alias":
        said["previousId"] = draw(st.sampled_from(PEOPLE))
    return kind, said


class Deed(NamedTuple):
    """Something else than a call. what: ``unmerge``, ``refuse``, ``allow``, ``decide``."""

    what: str
    who: str
    other: str


_DEED = st.builds(
    Deed,
    st.sampled_from(["unmerge", "refuse", "allow", "decide", "decide"]),
    st.sampled_from(PEOPLE),
    st.sampled_from(PEOPLE),
)

History = list[tuple[str, dict[str, Any]] | Deed]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Few moments, so that much happens in the same microsecond; often at a window's very edge."""
    moments = draw(st.lists(st.sampled_from([*EDGES, *MOMENTS]), min_size=2, max_size=5))
    call = _call(moments)
    history: History = draw(
        st.lists(st.one_of(call, call, call, call, call, call, _DEED), min_size=15, max_size=60)
    )
    return history
