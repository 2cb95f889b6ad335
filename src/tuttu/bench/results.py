"""What a bench says: one line for each size, and when it gives a verdict.

A bench is repeated in rounds. A repeat measures ours and what stands beside it one right after the
other; its value is their ratio, or ours where nothing stands beside it, and a round's value that of
its medians. The *repeat spread* is (largest − smallest) ÷ median of a round's repeats, at the
median of the rounds, but at least `LEAST_SPREAD` and at most `MOST_SPREAD`. If the rounds' values
differ by more, in the same measure, the machine was disturbed: there is no verdict.
"""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

import msgspec

LEAST_SPREAD, MOST_SPREAD = 0.05, 0.25
_NO_VERDICT = "no verdict: "


class Sample(NamedTuple):
    """One repeat. beside: of the limit or the peer; None: nothing stands beside it."""

    ours: float
    beside: float | None = None

    @property
    def value(self) -> float:
        return self.ours if self.beside is None else self.ours / self.beside


Rounds = Sequence[Sequence[Sample]]
Size = Mapping[str, int | str]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """beside: of the limit, or of a peer; kind says which. ratio: ours ÷ beside. target: the most
    that the ratio may be, or ours where nothing stands beside it. ok None: there is no target, or
    no verdict, and the note says why."""

    bench: str
    size: Size
    ours: float | None
    beside: float | None
    kind: str = "limit"
    unit: str
    ratio: float | None
    target: float | None
    ok: bool | None
    note: str

    def unjudged(self, why: str) -> "Result":
        """The same without a verdict, whatever it measured."""
        if self.ours is None:
            return self
        others = self.note.removeprefix(_NO_VERDICT)
        between = "" if not self.note else "; " if others == self.note else ", "
        return msgspec.structs.replace(self, ok=None, note=f"{_NO_VERDICT}{why}{between}{others}")

    def line(self) -> dict[str, Any]:
        """As `--json` prints it."""
        fields: dict[str, Any] = msgspec.to_builtins(self)
        kind, beside = fields.pop("kind"), fields.pop("beside")
        named = {"bench": fields.pop("bench"), "size": fields.pop("size")}
        return {**named, "ours": fields.pop("ours"), kind: beside, **fields}


class Measurement(msgspec.Struct, kw_only=True):
    """What is measured. target, kind: as of a result. remarks: go into its note; doubts: too, and
    with any there is no verdict. Both may be added to while it is measured."""

    bench: str
    size: Size
    unit: str
    target: float | None = None
    kind: str = "limit"
    remarks: list[str] = []
    doubts: list[str] = []

    def answer(self, rounds: Rounds) -> Result:
        """The median of the rounds, and a verdict if they agree."""
        every = [each for samples in rounds for each in samples]
        ours, beside = _ours(every), _beside(every)
        value, doubts = median(map(_value, rounds)), [*self.doubts]
        if unsteady := _unsteady(rounds):
            doubts.append(unsteady)
        judged = self.target is not None and not doubts
        reason = [f"{_NO_VERDICT}{', '.join(doubts)}"] if doubts else []
        return Result(
            bench=self.bench,
            size=self.size,
            ours=_short(ours),
            beside=_short(beside),
            kind=self.kind,
            unit=self.unit,
            ratio=None if beside is None else _short(value),
            target=self.target,
            ok=value <= self.target if judged and self.target is not None else None,
            note="; ".join([*reason, *self.remarks]),
        )

    def skipped(self, why: str) -> Result:
        return Result(
            bench=self.bench,
            size=self.size,
            ours=None,
            beside=None,
            kind=self.kind,
            unit=self.unit,
            ratio=None,
            target=self.target,
            ok=None,
            note=f"skipped: {why}",
        )


def in_rounds(rounds: int, repeats: int, repeat: Callable[[], Sample]) -> Rounds:
    return [[repeat() for _ in range(repeats)] for _ in range(rounds)]


def spread(values: Sequence[float]) -> float:
    """(largest − smallest) ÷ median; 0 of one value."""
    middle = median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def _value(samples: Sequence[Sample]) -> float:
    return Sample(_ours(samples), _beside(samples)).value


def _ours(samples: Sequence[Sample]) -> float:
    return median(each.ours for each in samples)


def _beside(samples: Sequence[Sample]) -> float | None:
    """None: nothing stands beside them."""
    found = [each.beside for each in samples if each.beside is not None]
    return median(found) if found else None


def _unsteady(rounds: Rounds) -> str:
    """Why the rounds do not agree; empty if they do."""
    own = median(spread([each.value for each in samples]) for samples in rounds)
    allowed = min(max(own, LEAST_SPREAD), MOST_SPREAD)
    found = spread(list(map(_value, rounds)))
    if found <= allowed:
        return ""
    return f"the rounds differ by {found:.0%}, the repeats of one allow {allowed:.0%}"


def _short(value: float | None) -> float | None:
    """Four digits say all that is known."""
    return None if value is None else float(f"{value:.4g}")
