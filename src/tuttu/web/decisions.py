"""Questions: what to do now, why, and what was decided then."""

from __future__ import annotations

from tuttu.engine.answers import DecideAnswer, DecideRequest, DecisionAnswer
from tuttu.web.route import Asked
from tuttu.web.shapes import NoQuery


def decide(asked: Asked[DecideRequest, NoQuery]) -> DecideAnswer:
    """The next best actions for a customer on one or more surfaces, with their reasons."""
    return asked.engine.decide(asked.body, idempotency=asked.idempotency)


def explain(asked: Asked[DecideRequest, NoQuery]) -> DecideAnswer:
    """The same question, with every stage that would refuse; only the look is recorded."""
    return asked.engine.explain(asked.body, asked.by)


def decision(asked: Asked[None, NoQuery]) -> DecisionAnswer:
    """A decision as it was made, and what came of it since."""
    return asked.engine.decision(asked.path["id"], asked.by)
