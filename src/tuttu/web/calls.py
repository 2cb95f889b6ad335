"""Segment's seven calls: the body goes to intake as it came."""

from __future__ import annotations

from tuttu.api.answers import CallsAnswer
from tuttu.engine import AcceptOutcome
from tuttu.web.problems import ProblemError
from tuttu.web.route import Asked, Handler
from tuttu.web.shapes import NoQuery

CALLS = ("identify", "track", "page", "screen", "group", "alias", "batch")


def settled(outcome: AcceptOutcome) -> CallsAnswer:
    """What was accepted, or the refusal of the whole body."""
    if outcome.answer is None:
        raise ProblemError(outcome.status, outcome.code, outcome.message)
    return outcome.answer


def taking(call: str) -> Handler:
    """The handler of one call."""

    def take(asked: Asked[bytes, NoQuery]) -> CallsAnswer:
        return settled(asked.engine.accept(call, asked.body, asked.encoding, asked.by))

    take.__name__ = call
    take.__doc__ = f"Segment's {call}: what was accepted, and what was refused and why."
    return take
