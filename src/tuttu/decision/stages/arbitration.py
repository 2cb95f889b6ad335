"""Is it worth more than nothing, unless its legal basis lets the company say it anyway; of what is
owed, was it told already.

Who lost to whom is worked out in `decision.arbitration`, and which treatment tells what is owed in
`decision.owed`, both under this stage's name.
"""

from tuttu.decision.stage import ALWAYS, NamedExpression, Stage, StageReads
from tuttu.decision.stages import consent
from tuttu.decision.view import Candidate, DecisionView
from tuttu.decision.ways import Pool, bits_of, by_action
from tuttu.decision.worths import figures_of, worths_of
from tuttu.vocabulary import library
from tuttu.vocabulary.company import BASES
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import Reason

_RIVALS = ("action", "treatment", "winner", "winner_treatment", "other_item")


def _reason(candidate: Candidate, view: DecisionView) -> Reason | None:
    if view.is_owed(candidate):
        told = candidate.action.fulfilled
        is_told = told is not None and told(view.row_of(candidate)) is True
        return Reason("fulfilled", {"action": candidate.action.name}) if is_told else None
    found = figures_of(candidate, view)
    if isinstance(found, Reason) or found.worth > 0:
        return None
    return Reason("worth_not_positive") if _is_wanted(candidate, view) else None


def _is_wanted(candidate: Candidate, view: DecisionView) -> bool:
    """By its legal basis the company may say it only because it is worth something."""
    basis = BASES.get(consent.terms(candidate, view).basis)
    return basis is not None and basis.wanted


def _refuses(pool: Pool, view: DecisionView, asked: int) -> int:
    refused, owed = 0, asked & pool.ways.owed
    for bits, each in pool.candidates(owed, by_action):
        if _reason(each, view) is not None:
            refused |= bits & owed
    ranked = asked & ~owed
    found = worths_of(pool, view, ranked)
    worthless = bits_of(found.worth <= 0) & ranked & ~found.refused
    for bits, each in pool.candidates(worthless, consent.cell):
        if _is_wanted(each, view):
            refused |= bits
    return refused


def _reads(action: library.Action, _treatment: library.Treatment, _project: Project) -> StageReads:
    owed = {"due": action.due, "fulfilled": action.fulfilled}
    return StageReads(
        tuple(
            NamedExpression("owed", f"{action.name}, {key}", each, action.about)
            for key, each in owed.items()
            if each is not None
        ),
        roots=(ALWAYS,),
    )


ARBITRATION = Stage(
    name="arbitration",
    reason=_reason,
    refuses=_refuses,
    codes={
        "worth_not_positive": (),
        "no_slot_left": (),
        "fulfilled": ("action",),
        "underway": ("action", "treatment"),
        "owed_beyond": ("at_most", "surface"),
        "placed_elsewhere": ("action", "surface"),
        "variety": ("at_most", "issue_group", "surface"),
        "limit_with_slots_before": ("limit",),
        "resource_with_slots_before": ("resource",),
        "content": ("error",),
        "lost": (*_RIVALS, "currency"),
        "lost_by_propensity": _RIVALS,
        "lost_to_kept_offer": _RIVALS,
        "lost_to_substitute": _RIVALS,
        "lost_in_draw": _RIVALS,
        "tied": _RIVALS,
    },
    reads=_reads,
)
