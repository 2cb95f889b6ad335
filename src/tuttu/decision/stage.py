"""A stage as a record: all that the rest of the house must know of one way to refuse.

Each stage stands in a file of its own in `decision.stages`, which has the tuple of them. A
decision, its receipt, the funnel and `verify` walk that tuple and know no stage by what it reads.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from tuttu.decision.view import Candidate, DecisionView
from tuttu.decision.ways import Alike, Pool, Pools
from tuttu.policy import named_columns
from tuttu.vocabulary import library, project, values, verdicts

ALWAYS = "now"
"""Root of what is there for all customers: time, a constant, a declared amount, a share of them."""
CONTACTS = "\x00contacts"
OUTCOMES = "\x00outcomes"
CHOICES = "\x00choices:"
"""Of a purpose, whose name follows."""
OWN_ZONE = "own_zone"
"""In a receipt's evidence: the customer's time zone, where it is not the project's."""


class NamedExpression(msgspec.Struct, frozen=True):
    """kind: ``conditions``, ``formulas``, ``guards`` or ``owed``. name: unlike any other's of its
    kind. about: the collection whose item it is asked of; None: of the customer. group: of all
    members of this group of theirs as one customer."""

    kind: str
    name: str
    expression: values.Expression
    about: str | None
    group: str | None = None


class StageReads(msgspec.Struct, frozen=True):
    """What a stage's rules for one action by one treatment read.

    roots: what they rest on that is no expression: a column of the wide row, or one of the names
    above.
    """

    expressions: tuple[NamedExpression, ...] = ()
    roots: tuple[str, ...] = ()


Ask = Callable[[Candidate, DecisionView], verdicts.Reason | None]
"""Why a candidate is refused, of one view alone; None: it is not."""


class Stage(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Where a candidate can be refused.

    name: in verdicts, receipts, scenarios and the funnel. reason: why the candidate alone is
    refused; None: it passes. codes: of all its reasons, each with the values that name a rule or a
    rival, by which the funnel tells reasons apart; other values differ from customer to customer.
    alike: what the reason looks at of the action and the treatment: of ways that are the same for
    it one is asked. refuses: of the ways in a pool whose bits are asked, the bits of those for
    which there is a reason, if that is found faster; it must find the same. reads: what its rules
    read. keeps: fields of the receipt's evidence, of what the ways could ask for beside the row; a
    name that is no field of it is kept among `others`. recalls: a view that was made from a
    receipt, with that evidence laid in. of_winner: it is asked of the candidate that has won a
    slot, and of no other. vetoes: it is asked of the customer's shade, too; `reason` is of one row
    alone, `why_not` of both. veto: the reason of the shade; None: as of the customer.
    """

    name: str
    reason: Ask
    codes: Mapping[str, tuple[str, ...]]
    alike: Alike | None = None
    refuses: Callable[[Pool, DecisionView, int], int] | None = None
    reads: Callable[[library.Action, library.Treatment, project.Project], StageReads] = lambda *_: (
        StageReads()
    )
    keeps: Callable[[DecisionView, Pools], Mapping[str, object]] | None = None
    recalls: Callable[[verdicts.ReceiptEvidence, DecisionView], DecisionView] = (
        lambda _evidence, view: view
    )
    of_winner: bool = False
    vetoes: bool = False
    veto: Ask | None = None

    def why_not(self, candidate: Candidate, view: DecisionView) -> verdicts.Reason | None:
        """Why the candidate is refused: by the customer's own row, or else by their shade's."""
        reason = self.reason(candidate, view)
        if reason is None and self.vetoes and view.shade is not None:
            of_shade = (self.veto or self.reason)(candidate, view.shade)
            if of_shade is not None:
                reason = of_shade.of_others()
        return reason

    def refused(self, pool: Pool, view: DecisionView, asked: int) -> int:
        """Of the pool's ways whose bits are asked, the bits of those for which there is a
        reason."""
        bits = self._refused(pool, view, asked, self.reason)
        if self.vetoes and view.shade is not None:
            bits |= self._refused(pool, view.shade, asked & ~bits, self.veto or self.reason)
        return bits

    def _refused(self, pool: Pool, view: DecisionView, asked: int, reason: Ask) -> int:
        """view: the customer's, or their shade's."""
        if self.refuses is not None:
            return self.refuses(pool, view, asked)
        refused = 0
        for bits, candidate in pool.candidates(asked, self.alike):
            if reason(candidate, view) is not None:
                refused |= bits
        return refused


Stages = tuple[Stage, ...]


def first_refusal(
    candidate: Candidate, view: DecisionView, stages: Stages
) -> verdicts.Refusal | None:
    """Where the candidate drops out before it meets the others."""
    for stage in stages:
        reason = None if stage.of_winner else stage.why_not(candidate, view)
        if reason is not None:
            return verdicts.refusal(stage.name, reason)
    return None


def all_refusals(
    candidate: Candidate, view: DecisionView, stages: Stages
) -> tuple[verdicts.Refusal, ...]:
    """Every stage that would refuse the candidate alone, in order."""
    asked = ((stage.name, stage.why_not(candidate, view)) for stage in stages)
    return tuple(verdicts.refusal(name, reason) for name, reason in asked if reason is not None)


REQUIREMENTS = {"not_met": ("condition",), "not_known": ("condition",)}
"""Codes of a stage that `requires`."""


def requires(block: str) -> Ask:
    """The `reason` of a stage that a block of the action's conditions passes: the first that is not
    TRUE; if it is NULL, with the columns that are unknown."""

    def reason(candidate: Candidate, view: DecisionView) -> verdicts.Reason | None:
        conditions: Sequence[values.Condition] = getattr(candidate.action, block)
        if not conditions:
            return None
        row = view.row_of(candidate)
        for condition in conditions:
            found = condition.test(row)
            if found is None:
                unknown = sorted(_unknown(condition.test, row))
                figures: dict[str, values.Figure] = {
                    "condition": condition.name,
                    "unknown": tuple(unknown),
                }
                if view.too_many:
                    figures.update(_too_many(unknown, view))
                return verdicts.Reason("not_known", figures)
            if found is not True:
                return verdicts.Reason("not_met", {"condition": condition.name})
        return None

    return reason


def fails(block: str) -> Callable[[Pool, DecisionView, int], int]:
    """The `refuses` of such a stage."""
    return lambda pool, view, asked: asked & ~pool.meeting(block, view)


def _unknown(test: values.Expression, row: values.Row) -> list[str]:
    """Of the columns that it names; what was never told is known, and `late` reads it."""
    never_told, named = values.fulfilled_column(""), named_columns(test)
    return [name for name in named if row.get(name) is None and not name.startswith(never_told)]


def _too_many(columns: Iterable[str], view: DecisionView) -> dict[str, tuple[str, ...]]:
    """Groups of more members than are read, if some of these columns are of such."""
    traits = view.project.profile.traits
    of_groups = {traits[name].group for name in columns if name in traits}
    found = tuple(name for name in view.too_many if name in of_groups)
    return {"too_many": found} if found else {}


def reads_of(
    block: str,
) -> Callable[[library.Action, library.Treatment, project.Project], StageReads]:
    """The `reads` of such a stage."""
    return lambda action, _treatment, _project: StageReads(conditions_of(action, block))


def conditions_of(action: library.Action, block: str) -> tuple[NamedExpression, ...]:
    conditions: Sequence[values.Condition] = getattr(action, block)
    return tuple(
        NamedExpression(
            "conditions", f"{action.name}, {block}: {each.name}", each.test, action.about
        )
        for each in conditions
    )
