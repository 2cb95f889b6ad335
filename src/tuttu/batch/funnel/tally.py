"""What a funnel counts: verdicts by action, treatment, stage and reason."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from tuttu.api.words import Words
from tuttu.decision import Candidate, Stages
from tuttu.vocabulary.values import Figure, Figures
from tuttu.vocabulary.verdicts import SHARED, Reason, Verdict

Cause = tuple[str, tuple[tuple[str, Figure], ...]]
"""Code of a reason, and those of its values that name a rule or a rival."""
End = tuple[int, Cause]
"""Where a candidate ended: the index of the stage that refused it, and why; the index after the
last stage: it was chosen."""
Feeds = Callable[[Candidate, str], bool]
"""Whether anything that the stage reads for a candidate was known for any customer."""
_CHOSEN: Cause = ("", ())


class RefusalCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many were refused for one cause; values that differ by customer are left out."""

    code: str
    values: Figures
    refused: int


class StageCount(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of one line: entered = refused + passed.

    reasons: of the refused, in words, the most frequent first; figures that differ by customer read
    `…`. by_code: the same as data. no_data: nobody was refused and nobody could be: there is no
    rule here, or nothing that it reads is known for any customer.
    """

    stage: str
    entered: int
    refused: int
    passed: int
    reasons: dict[str, int]
    by_code: tuple[RefusalCount, ...]
    no_data: bool


class FunnelLine(msgspec.Struct, frozen=True, kw_only=True):
    """One action by one treatment, or (treatment None) by the one that gets furthest.

    A customer reached by an action on the web but not by call counts as reached in the whole line.
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

    def stage(self, name: str) -> StageCount:
        """Raises StopIteration if there is none."""
        return next(each for each in self.stages if each.stage == name)


class Funnel(msgspec.Struct, frozen=True, kw_only=True):
    """lines: of each action the whole line, then its treatments; actions in the order of names.

    now: ISO 8601 in UTC, as the API shows it.
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

    def __init__(self, candidates: Sequence[Candidate], stages: Stages) -> None:
        self.customers = 0
        self._candidates = candidates
        self._places = {stage.name: place for place, stage in enumerate(stages)}
        self._identifying = {stage.name: stage.codes for stage in stages}
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
            end = self._end(verdict)
            self._single[verdict.action, verdict.treatment][end] += 1
            judged = (verdict.action, verdict.item)
            if judged not in furthest or furthest[judged][0] < end[0]:
                furthest[judged] = end
        for (action, _), end in furthest.items():
            self._whole[action][end] += 1

    def _end(self, verdict: Verdict) -> End:
        refusal = verdict.refusal
        if refusal is None:
            return len(self._places), _CHOSEN
        names = (*self._identifying[refusal.stage].get(refusal.code, ()), SHARED)
        values = refusal.values
        cause = refusal.code, tuple((name, values[name]) for name in names if name in values)
        return self._places[refusal.stage], cause

    def lines(self, feeds: Feeds, words: Words) -> tuple[FunnelLine, ...]:
        lines: list[FunnelLine] = []
        for action, ends in self._whole.items():
            ways = [each for each in self._candidates if each.action.name == action]
            lines.append(self._line(ways, ends, feeds, words))
            for way in ways:
                ends_here = self._single[action, way.treatment.name]
                lines.append(
                    msgspec.structs.replace(
                        self._line([way], ends_here, feeds, words),
                        treatment=way.treatment.name,
                        surface=way.treatment.surface,
                    )
                )
        return tuple(lines)

    def _line(
        self, ways: Sequence[Candidate], ends: Mapping[End, int], feeds: Feeds, words: Words
    ) -> FunnelLine:
        stages = []
        entered = sum(ends.values())
        for stage, place in self._places.items():
            found = [(cause, count) for (at, cause), count in ends.items() if at == place]
            causes = [(Reason(code, dict(values)), count) for (code, values), count in found]
            reasons: Counter[str] = Counter()
            for reason, count in causes:
                reasons[words.reason(reason)] += count
            refused = reasons.total()
            causes.sort(key=lambda each: (-each[1], words.reason(each[0])))
            stages.append(
                StageCount(
                    stage=stage,
                    entered=entered,
                    refused=refused,
                    passed=entered - refused,
                    reasons=dict(sorted(reasons.items(), key=lambda each: (-each[1], each[0]))),
                    by_code=tuple(
                        RefusalCount(code=each.code, values=each.values, refused=count)
                        for each, count in causes
                    ),
                    no_data=not refused and not any(feeds(way, stage) for way in ways),
                )
            )
            entered -= refused
        action = ways[0].action
        return FunnelLine(
            action=action.name, about=action.about, stages=tuple(stages), chosen=entered
        )
