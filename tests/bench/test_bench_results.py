"""When a bench gives a verdict, and which."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tuttu.bench.results import MOST_SPREAD, Measurement, Rounds, Sample, spread

TIMES = st.floats(0.001, 1e6)


def measurement(**more: object) -> Measurement:
    fields = {"bench": "b", "size": {"n": 1}, "unit": "ms", **more}
    return Measurement(**fields)  # type: ignore[arg-type]


def rounds_of(values: Sequence[float], beside: float | None = None) -> Rounds:
    return [[Sample(each if beside is None else each * beside, beside)] * 3 for each in values]


@given(TIMES, TIMES, st.floats(0.1, 100))
def test_steady_rounds_are_judged_by_their_ratio(ours: float, beside: float, by: float) -> None:
    ratio = ours / beside
    assume(not 0.999 < by < 1.001)
    found = measurement(target=ratio * by).answer([[Sample(ours, beside)] * 5] * 3)
    assert found.ok is (by > 1)
    assert found.ratio == pytest.approx(ratio, rel=1e-3)
    assert found.ours == pytest.approx(ours, rel=1e-3)


@given(TIMES, st.floats(1.3, 100), st.sampled_from([None, 3.0]))
def test_rounds_that_differ_get_no_verdict(
    value: float, times: float, beside: float | None
) -> None:
    values = [value, value * times, value]
    found = measurement(target=value * 10).answer(rounds_of(values, beside))
    assert found.ok is None
    assert found.note.startswith("no verdict: the rounds differ by")


@given(st.lists(st.floats(1, 1.04), min_size=3, max_size=3))
def test_a_small_difference_is_none(values: list[float]) -> None:
    assert measurement(target=2).answer(rounds_of(values)).ok is True


def test_wide_repeats_allow_rounds_to_differ_but_only_so_far() -> None:
    def rounds(between: float) -> Rounds:
        return [[Sample(each * of) for each in (0.7, 1, 1.3)] for of in (1, 1, 1 + between)]

    assert measurement(target=9).answer(rounds(MOST_SPREAD - 0.02)).ok is True
    assert measurement(target=9).answer(rounds(MOST_SPREAD + 0.02)).ok is None


def test_without_a_target_there_is_no_verdict() -> None:
    found = measurement().answer(rounds_of([1, 1, 1]))
    assert (found.ok, found.target, found.note) == (None, None, "")


def test_a_doubt_takes_the_verdict() -> None:
    asked = measurement(target=9, remarks=["said"])
    asked.doubts.append("it was asked twice")
    found = asked.answer(rounds_of([1, 1, 1]))
    assert (found.ok, found.note) == (None, "no verdict: it was asked twice; said")


@pytest.mark.parametrize(
    ("doubts", "remarks", "note"),
    [
        ([], [], "no verdict: too small"),
        ([], ["said"], "no verdict: too small; said"),
        (["it was asked twice"], ["said"], "no verdict: too small, it was asked twice; said"),
    ],
)
def test_a_verdict_is_taken_back(doubts: list[str], remarks: list[str], note: str) -> None:
    asked = measurement(target=9, doubts=doubts, remarks=remarks)
    found = asked.answer(rounds_of([1, 1, 1])).unjudged("too small")
    assert (found.ok, found.target, found.note) == (None, 9, note)


def test_what_was_skipped_says_only_that() -> None:
    assert measurement().skipped("no peer").unjudged("too small").note == "skipped: no peer"


def test_two_questions_share_no_doubts() -> None:
    measurement().doubts.append("of the first alone")
    assert measurement().doubts == []


@pytest.mark.parametrize("kind", ["limit", "peer"])
def test_a_line_has_its_keys_in_order(kind: str) -> None:
    line = measurement(kind=kind).answer(rounds_of([2, 2, 2], beside=3)).line()
    expected = ["bench", "size", "ours", kind, "unit", "ratio", "target", "ok", "note"]
    assert list(line) == expected
    assert (line["ours"], line[kind], line["ratio"]) == (6, 3, 2)


def test_a_spread_is_of_the_median() -> None:
    assert spread([1, 2, 4]) == 1.5
    assert spread([7]) == spread([0, 0]) == 0
