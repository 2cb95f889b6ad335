"""What a funnel counts: verdicts by action, treatment, stage and reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from tuttu.decision import STAGES, Candidate
from tuttu.vocabulary.verdicts import Stage, Verdict

PLACES = {stage: place for place, (stage, _) in enumerate(STAGES)}
CHOSEN = (len(STAGES), "")

End = tuple[int, str]
"""Where a candidate ended: the place of the stage that refused it, and why; or `CHOSEN`."""
Feeds = Callable[[Candidate, Stage], bool]
"""Whether anything that the stage reads of a candidate was known of anybody."""

_FIGURE = re.compile(r"(?<![\w.-])-?\d[\d.]*(e[+-]?\d+)?(?![\w-])")
_PERSONAL = frozenset({Stage.RESOURCES, Stage.SCORING, Stage.ARBITRATION})
"""Stages whose reasons hold figures that differ from customer to customer."""


class StageCount(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of one line: entered = refused + passed.

    reasons: of the refused, the most frequent first; figures that differ by customer read `…`.
    no_data: nobody was refused and nobody could be: there is no rule here, or nothing that one
    reads is known of anybody.
    """

    stage: Stage
    entered: int
    refused: int
    passed: int
    reasons: dict[str, int]
    no_data: bool


class FunnelLine(msgspec.Struct, frozen=True, kw_only=True):
    """One action by one treatment, or (treatment None) by the one that gets furthest.

    A customer whom an action reaches by web and not by call counts as reached in the whole line.
    stages: all of them, in order. chosen: customers to whom it would be shown. about: the
    collection that the action is about: then each of a customer's items counts by itself, and a
    customer without any counts once, as refused for want of one.
    """

    action: str
    about: str | None = None
    treatment: str | None = None
    surface: str | None = None
    stages: tuple[StageCount, ...]
    chosen: int

    def stage(self, stage: Stage) -> StageCount:
        return self.stages[PLACES[stage]]


class Funnel(msgspec.Struct, frozen=True, kw_only=True):
    """lines: of each action the whole line, then its treatments; actions in the order of names.

    now: ISO 8601 in UTC, as doors show it.
    """

    now: str
    surfaces: tuple[str, ...]
    customers: int
    lines: tuple[FunnelLine, ...]

    @property
    def actions(self) -> tuple[FunnelLine, ...]:
        return tuple(line for line in self.lines if line.treatment is None)

    def line(self, action: str, treatment: str | None = None) -> FunnelLine:
        """Raises StopIteration if there is none."""
        wanted = (action, treatment)
        return next(line for line in self.lines if (line.action, line.treatment) == wanted)


class Tally:
    """Counts the verdicts of one customer after the other, in memory that does not grow with
    their number."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.customers = 0
        self._candidates = candidates
        self._whole: dict[str, Counter[End]] = {}
        self._single: dict[tuple[str, str], Counter[End]] = {}
        for candidate in candidates:
            self._whole.setdefault(candidate.action.name, Counter())
            self._single[candidate.action.name, candidate.treatment.name] = Counter()

    def add(self, verdicts: Iterable[Verdict]) -> None:
        """All verdicts of one customer."""
        self.customers += 1
        furthest: dict[tuple[str, str | None], End] = {}
        for verdict in verdicts:
            end = end_of(verdict)
            self._single[verdict.action, verdict.treatment][end] += 1
            judged = (verdict.action, verdict.item)
            if judged not in furthest or furthest[judged][0] < end[0]:
                furthest[judged] = end
        for (action, _), end in furthest.items():
            self._whole[action][end] += 1

    def lines(self, feeds: Feeds) -> tuple[FunnelLine, ...]:
        lines: list[FunnelLine] = []
        for action, ends in self._whole.items():
            ways = [each for each in self._candidates if each.action.name == action]
            lines.append(_line(action, ways, ends, feeds))
            for way in ways:
                single = _line(action, [way], self._single[action, way.treatment.name], feeds)
                lines.append(
                    msgspec.structs.replace(
                        single, treatment=way.treatment.name, surface=way.treatment.surface
                    )
                )
        return tuple(lines)


def end_of(verdict: Verdict) -> End:
    refusal = verdict.refusal
    if refusal is None:
        return CHOSEN
    personal = refusal.stage in _PERSONAL
    reason = _FIGURE.sub("…", refusal.reason) if personal else refusal.reason
    return PLACES[refusal.stage], reason


def _line(
    action: str, ways: Sequence[Candidate], ends: Mapping[End, int], feeds: Feeds
) -> FunnelLine:
    stages = []
    entered = sum(ends.values())
    for stage, place in PLACES.items():
        reasons = {reason: count for (at, reason), count in ends.items() if at == place}
        refused = sum(reasons.values())
        stages.append(
            StageCount(
                stage=stage,
                entered=entered,
                refused=refused,
                passed=entered - refused,
                reasons=dict(sorted(reasons.items(), key=lambda each: (-each[1], each[0]))),
                no_data=not refused and not any(feeds(way, stage) for way in ways),
            )
        )
        entered -= refused
    about = ways[0].action.about
    return FunnelLine(action=action, about=about, stages=tuple(stages), chosen=entered)
