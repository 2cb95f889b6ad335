"""One expectation of a story, asked of the engine; asking changes nothing that is decided."""

from __future__ import annotations

import msgspec

from tuttu.catalog import Expectation
from tuttu.engine import Engine
from tuttu.engine.answers import DecideAnswer, DecideRequest, ShownRefusal
from tuttu.simulation.telling import TELLER


class Unmet(msgspec.Struct, frozen=True):
    """What was expected and what came."""

    expected: str
    found: str


def unmet(engine: Engine, expectation: Expectation) -> Unmet | None:
    """None if it holds."""
    if expectation.kind == "trait":
        return _trait(engine, expectation)
    request = DecideRequest(who=dict(expectation.who), surfaces=[expectation.surface])
    answer = engine.explain(request, TELLER)
    match expectation.kind:
        case "chosen":
            return _chosen(expectation, answer)
        case "refused":
            return _refused(expectation, answer)
        case "not_chosen":
            return _not_chosen(expectation, answer)
        case _:
            return _empty(expectation, answer)


def _trait(engine: Engine, expectation: Expectation) -> Unmet | None:
    picture = engine.customer(dict(expectation.who), TELLER)
    found = {**picture.traits, **picture.sources}.get(expectation.action)
    if found == expectation.value and isinstance(found, bool) == isinstance(
        expectation.value, bool
    ):
        return None
    name = expectation.action
    return Unmet(f"{name} {expectation.value!r}", f"{name} {found!r}")


def _chosen(expectation: Expectation, answer: DecideAnswer) -> Unmet | None:
    for choice in answer.choices:
        if choice.action == expectation.action and _fits(expectation, choice.treatment):
            return None
    return Unmet(f"{_named(expectation)} on {expectation.surface}", _why_not(expectation, answer))


def _not_chosen(expectation: Expectation, answer: DecideAnswer) -> Unmet | None:
    if expectation.action not in {choice.action for choice in answer.choices}:
        return None
    surface = expectation.surface
    return Unmet(f"{expectation.action} not on {surface}", f"{expectation.action} chosen")


def _empty(expectation: Expectation, answer: DecideAnswer) -> Unmet | None:
    if answer.choices:
        return Unmet(f"nothing on {expectation.surface}", _shown(answer))
    default = answer.defaults.get(expectation.surface)
    if expectation.value is not None and default != expectation.value:
        return Unmet(f"the default {expectation.value!r}", f"the default {default!r}")
    return None


def _refused(expectation: Expectation, answer: DecideAnswer) -> Unmet | None:
    """At least one treatment of the action was refused, and every one of them as expected."""
    refusals = [
        each
        for each in answer.refused
        if each.action == expectation.action and _fits(expectation, each.treatment)
    ]
    expected = _refusal_in_words(expectation)
    if expectation.action in {choice.action for choice in answer.choices}:
        return Unmet(expected, _shown(answer))
    if not refusals:
        return Unmet(expected, _why_not(expectation, answer))
    for refusal in refusals:
        if not _as_expected(expectation, refusal):
            also = "".join(f", also {each['stage']}: {each['reason']}" for each in refusal.also)
            return Unmet(expected, f"{refusal.stage}: {refusal.reason}{also}")
    return None


def _as_expected(expectation: Expectation, refusal: ShownRefusal) -> bool:
    stages = {refusal.stage, *(each["stage"] for each in refusal.also)}
    return (
        expectation.because in (None, refusal.reason)
        and expectation.stage in (None, refusal.stage)
        and set(expectation.also) <= stages
    )


def _fits(expectation: Expectation, treatment: str) -> bool:
    return expectation.treatment in (None, treatment)


def _named(expectation: Expectation) -> str:
    way = f" by {expectation.treatment}" if expectation.treatment else ""
    return f"{expectation.action}{way}"


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
        if refusal.action == expectation.action and _fits(expectation, refusal.treatment):
            return f"{refusal.stage}: {refusal.reason}; {_shown(answer)}"
    return f"it is no candidate there; {_shown(answer)}"


def _shown(answer: DecideAnswer) -> str:
    names = ", ".join(choice.action for choice in answer.choices)
    return f"{names or 'nothing'} chosen"
