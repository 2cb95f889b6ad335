"""Questions: what to do now, why, and what was decided then."""

from __future__ import annotations

from tuttu.api.answers import (
    DecideAnswer,
    DecideRequest,
    DecisionAnswer,
    ExplainAnswer,
    ExplainRequest,
)
from tuttu.web.route import Asked
from tuttu.web.shapes import NoQuery


def decide(asked: Asked[DecideRequest, NoQuery]) -> DecideAnswer:
    """The next best actions for a customer on one or more surfaces, with their reasons."""
    return asked.engine.decide(asked.body, idempotency=asked.idempotency)


def explain(asked: Asked[ExplainRequest, NoQuery]) -> ExplainAnswer:
    """Why, why not, and the least change that would turn each refusal: of a question asked now, or
    of an earlier decision by its own rules. Only the look is recorded."""
    return asked.engine.explain(asked.body, asked.by)


def decision(asked: Asked[None, NoQuery]) -> DecisionAnswer:
    """A decision as it was made, and what came of it since."""
    return asked.engine.decision(asked.path["id"], asked.by)
