"""What a sender is answered to Segment's calls."""

from collections.abc import Collection, Iterable, Sequence

from tuttu.api.answers import CallsAnswer, DifferentCall, RefusedCall
from tuttu.api.slips import RefusedTrait
from tuttu.intake import Accepted, AcceptedCall, CallRefusal
from tuttu.vocabulary import facts


def calls_answer(
    accepted: Accepted,
    results: Sequence[facts.Result],
    fallen: Collection[AcceptedCall],
    different: Iterable[tuple[AcceptedCall, str]],
) -> CallsAnswer:
    """fallen: calls that their commit refused, which are among the refused, too. different: each
    with the id under which it would be taken."""
    committed = sum(isinstance(result, facts.Committed) for result in results)
    gone = {each.index for each in fallen}
    return CallsAnswer(
        success=True,
        accepted=committed,
        duplicates=len(results) - committed - len(fallen),
        refused=[_refused_call(each) for each in accepted.refused],
        different=[
            DifferentCall(
                index=call.index, message_id=call.unit.facts[0].id, replace_as=replacement
            )
            for call, replacement in different
            if call.index not in gone
        ],
        refused_traits=[
            RefusedTrait(
                index=each.index,
                trait=each.trait,
                source=each.source,
                message=each.message,
                kept=each.kept,
            )
            for each in accepted.slips
            if each.index not in gone
        ],
    )


def one_answer(slices: Sequence[CallsAnswer]) -> CallsAnswer:
    """Of a batch that was taken in slices."""
    if len(slices) == 1:
        return slices[0]
    return CallsAnswer(
        success=True,
        accepted=sum(each.accepted for each in slices),
        duplicates=sum(each.duplicates for each in slices),
        refused=[refused for each in slices for refused in each.refused],
        different=[other for each in slices for other in each.different],
        refused_traits=[trait for each in slices for trait in each.refused_traits],
    )


def _refused_call(refusal: CallRefusal) -> RefusedCall:
    return RefusedCall(
        index=refusal.index or 0,
        code=refusal.code,
        message=refusal.message,
        dead_letter=refusal.letter.id if refusal.letter else None,
    )
