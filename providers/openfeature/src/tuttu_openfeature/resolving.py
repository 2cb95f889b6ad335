"""From an answer of `POST /v1/decide` to a flag's value of the asked type.

What reads a decision (`as_text` and the others) is asked only where something was chosen.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from openfeature.exception import TypeMismatchError
from openfeature.flag_evaluation import FlagMetadata, FlagResolutionDetails, Reason

T = TypeVar("T")
Json = dict[str, Any]
Reading = Callable[["Decision"], T]

SHOWN = ("slot", "action", "treatment", "contact_id", "content", "worth", "propensity", "item")
"""What the object form tells of each choice, where the server says it."""


class Decision:
    """The answer about one surface. Raises KeyError or TypeError if it is none."""

    def __init__(self, surface: str, answer: Json) -> None:
        self.surface = surface
        self.id: str | None = answer["decision_id"]
        self.choices: list[Json] = sorted(answer["choices"], key=lambda choice: choice["slot"])
        self.default: str | None = answer["defaults"].get(surface)
        """The message that the surface shows where nothing was chosen, by name."""

    def metadata(self) -> FlagMetadata:
        named = {"decision_id": self.id, "default": self.default}
        if self.choices:
            first = self.choices[0]
            named |= {name: first[name] for name in ("contact_id", "treatment", "worth")}
        return {name: value for name, value in named.items() if value is not None}

    def resolve(self, default: T, read: Reading[T]) -> FlagResolutionDetails[T]:
        """`read`, or the default where nothing was chosen. Raises TypeMismatchError."""
        return FlagResolutionDetails(
            value=read(self) if self.choices else default,
            reason=Reason.TARGETING_MATCH if self.choices else Reason.DEFAULT,
            variant=self.choices[0]["action"] if self.choices else None,
            flag_metadata=self.metadata(),
        )


def as_text(decision: Decision) -> str:
    """What the first slot shows."""
    return str(decision.choices[0]["content"])


def as_integer(decision: Decision) -> int:
    value = _number(decision)
    if not isinstance(value, int):
        raise TypeMismatchError(f"{decision.surface}: found {value}; expected a whole number")
    return value


def as_float(decision: Decision) -> float:
    return float(_number(decision))


def as_object(decision: Decision) -> Json:
    """The whole decision of the surface."""
    choices = [{name: each[name] for name in SHOWN if name in each} for each in decision.choices]
    return {"decision_id": decision.id, "choices": choices}


def _number(decision: Decision) -> int | float:
    """A content that is a JSON number and nothing else."""
    try:
        value = json.loads(as_text(decision))
    except ValueError:
        value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeMismatchError(f"{decision.surface}: expected a content that is a number")
    return value
