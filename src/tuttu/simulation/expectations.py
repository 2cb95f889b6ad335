"""Checks one expectation of a scenario on the engine, without an effect on any decision."""

from collections.abc import Callable, Mapping

import msgspec

from tuttu import engine as use
from tuttu.api import DecideAnswer, ExplainRequest, ShownChoice, ShownOwed, ShownRefusal
from tuttu.catalog import Expectation
from tuttu.engine import Runtime
from tuttu.simulation.steps import SENDER

NAMED = ("condition", "guard", "limit", "suppression", "resource")
"""Values of a reason that a `because` may name."""


class Unmet(msgspec.Struct, frozen=True):
    """What was expected and what came."""

    expected: str
    found: str


def unmet(engine: Runtime, expectation: Expectation) -> Unmet | None:
    """None if it holds."""
    if expectation.kind == "trait":
        return _trait(engine, expectation)
    request = ExplainRequest(
        who=dict(expectation.who), surfaces=list(expectation.surfaces), changes=False
    )
    answer = use.explain(engine, request, SENDER)
    return _CHECKS[expectation.kind](expectation, answer)


def _trait(engine: Runtime, expectation: Expectation) -> Unmet | None:
    picture = use.customer(engine, dict(expectation.who), SENDER)
    found = {**picture.traits, **picture.sources}.get(expectation.action)
    if found == expectation.value and isinstance(found, bool) == isinstance(
        expectation.value, bool
    ):
        return None
    name = expectation.action
    return Unmet(f"{name} {expectation.value!r}", f"{name} {found!r}")


def _chosen(expectation: Expectation, answer: DecideAnswer) -> Unmet | None:
    if any(_is_meant(expectation, each) for each in answer.choices):
        return None
    return Unmet(f"{_named(expectation)} on {_where(expectation)}", _why_not(expectation, answer))


def _not_chosen(expectation: Expectation, answer: DecideAnswer) -> Unmet | None:
    if not any(_is_meant(expectation, each) for each in answer.choices):
        return None
    named = _named(expectation)
    return Unmet(f"{named} not on {_where(expectation)}", f"{named} chosen")


def _owed(expectation: Expectation, answer: DecideAnswer) -> Unmet | None:
    meant = [each for each in answer.owed if _is_meant(expectation, each)]
    expected = f"{_named(expectation)} owed on {_where(expectation)}"
    if not meant:
        return Unmet(expected, _why_not(expectation, answer))
    if expectation.late not in (None, meant[0].late):
        late = "late" if expectation.late else "not late"
        return Unmet(f"{expected}, {late}", f"due {meant[0].due}, now {answer.now}")
    return None


def _not_owed(expectation: Expectation, answer: DecideAnswer) -> Unmet | None:
    if not any(_is_meant(expectation, each) for each in answer.owed):
        return None
    named = _named(expectation)
    return Unmet(f"{named} not owed on {_where(expectation)}", f"{named} owed")


def _empty(expectation: Expectation, answer: DecideAnswer) -> Unmet | None:
    if answer.choices or answer.owed:
        return Unmet(f"nothing on {_where(expectation)}", _shown(answer))
    defaults = [answer.defaults.get(each) for each in expectation.surfaces]
    default = defaults[0]
    if expectation.value is not None and expectation.value not in defaults:
        return Unmet(f"the default {expectation.value!r}", f"the default {default!r}")
    return None


def _refused(expectation: Expectation, answer: DecideAnswer) -> Unmet | None:
    """At least one candidate of the action was refused, every one of them as expected, and none
    was chosen: of those about the item, if one is named."""
    refusals = [each for each in answer.refused if _is_meant(expectation, each)]
    expected = _refusal_in_words(expectation)
    chosen = [each for each in answer.choices if each.action == expectation.action]
    owed = any(_is_meant(expectation, each) for each in answer.owed)
    if owed or any(expectation.item in (None, each.item) for each in chosen):
        return Unmet(expected, _shown(answer))
    if not refusals:
        return Unmet(expected, _why_not(expectation, answer))
    for refusal in refusals:
        if not is_as_expected(expectation, refusal):
            also = "".join(f", also {each.stage}: {each.reason}" for each in refusal.also)
            return Unmet(expected, f"{refusal.stage}: {refusal.reason}{also}")
    return None


_CHECKS: Mapping[str, Callable[[Expectation, DecideAnswer], Unmet | None]] = {
    "chosen": _chosen,
    "refused": _refused,
    "not_chosen": _not_chosen,
    "owed": _owed,
    "not_owed": _not_owed,
    "empty": _empty,
}


def is_as_expected(expectation: Expectation, refusal: ShownRefusal) -> bool:
    stages = {refusal.stage, *(each.stage for each in refusal.also)}
    return (
        expectation.because in (None, refusal.reason, *(refusal.values.get(n) for n in NAMED))
        and expectation.stage in (None, refusal.stage)
        and set(expectation.also) <= stages
    )


def _is_meant(expectation: Expectation, candidate: ShownChoice | ShownOwed | ShownRefusal) -> bool:
    return (
        candidate.action == expectation.action
        and expectation.treatment in (None, candidate.treatment)
        and expectation.item in (None, candidate.item)
    )


def _named(expectation: Expectation) -> str:
    item = f" about {expectation.item}" if expectation.item else ""
    way = f" by {expectation.treatment}" if expectation.treatment else ""
    return f"{expectation.action}{item}{way}"


def _refusal_in_words(expectation: Expectation) -> str:
    words = f"{_named(expectation)} refused"
    if expectation.stage:
        words += f" in {expectation.stage}"
    if expectation.because:
        words += f" because {expectation.because}"
    if expectation.also:
        words += f", also in {', '.join(expectation.also)}"
    return words


def _why_not(expectation: Expectation, answer: DecideAnswer) -> str:
    for refusal in answer.refused:
        if _is_meant(expectation, refusal):
            return f"{refusal.stage}: {refusal.reason}; {_shown(answer)}"
    return f"it is no candidate there; {_shown(answer)}"


def _shown(answer: DecideAnswer) -> str:
    names = ", ".join(
        f"{each.action} about {each.item}" if each.item else each.action for each in answer.choices
    )
    owed = ", ".join(each.action for each in answer.owed)
    return f"{names or 'nothing'} chosen" + (f", {owed} owed" if owed else "")


def _where(expectation: Expectation) -> str:
    return ", ".join(expectation.surfaces)
