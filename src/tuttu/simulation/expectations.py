"""Checks one expectation of a scenario on the engine, without an effect on any decision."""

import msgspec

from tuttu import engine as use
from tuttu.api import DecideAnswer, ExplainRequest, ShownChoice, ShownRefusal
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
        who=dict(expectation.who), surfaces=[expectation.surface], changes=False
    )
    answer = use.explain(engine, request, SENDER)
    match expectation.kind:
        case "chosen":
            return _chosen(expectation, answer)
        case "refused":
            return _refused(expectation, answer)
        case "not_chosen":
            return _not_chosen(expectation, answer)
        case _:
            return _empty(expectation, answer)


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
    return Unmet(f"{_named(expectation)} on {expectation.surface}", _why_not(expectation, answer))


def _not_chosen(expectation: Expectation, answer: DecideAnswer) -> Unmet | None:
    if not any(_is_meant(expectation, each) for each in answer.choices):
        return None
    named = _named(expectation)
    return Unmet(f"{named} not on {expectation.surface}", f"{named} chosen")


def _empty(expectation: Expectation, answer: DecideAnswer) -> Unmet | None:
    if answer.choices:
        return Unmet(f"nothing on {expectation.surface}", _shown(answer))
    default = answer.defaults.get(expectation.surface)
    if expectation.value is not None and default != expectation.value:
        return Unmet(f"the default {expectation.value!r}", f"the default {default!r}")
    return None


def _refused(expectation: Expectation, answer: DecideAnswer) -> Unmet | None:
    """At least one candidate of the action was refused, every one of them as expected, and none
    was chosen: of those about the item, if one is named."""
    refusals = [each for each in answer.refused if _is_meant(expectation, each)]
    expected = _refusal_in_words(expectation)
    chosen = [each for each in answer.choices if each.action == expectation.action]
    if any(expectation.item in (None, each.item) for each in chosen):
        return Unmet(expected, _shown(answer))
    if not refusals:
        return Unmet(expected, _why_not(expectation, answer))
    for refusal in refusals:
        if not is_as_expected(expectation, refusal):
            also = "".join(f", also {each.stage}: {each.reason}" for each in refusal.also)
            return Unmet(expected, f"{refusal.stage}: {refusal.reason}{also}")
    return None


def is_as_expected(expectation: Expectation, refusal: ShownRefusal) -> bool:
    stages = {refusal.stage, *(each.stage for each in refusal.also)}
    return (
        expectation.because in (None, refusal.reason, *(refusal.values.get(n) for n in NAMED))
        and expectation.stage in (None, refusal.stage)
        and set(expectation.also) <= stages
    )


def _is_meant(expectation: Expectation, candidate: ShownChoice | ShownRefusal) -> bool:
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
    return f"{names or 'nothing'} chosen"
