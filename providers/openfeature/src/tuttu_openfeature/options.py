"""How evaluation contexts become questions, and how long an answer may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import TargetingKeyMissingError

Json = dict[str, Any]
_CALL_FIELDS = {"user_id": "userId", "anonymous_id": "anonymousId"}


@dataclass(frozen=True)
class Options:
    """namespace: tuttu's name of what the targeting key is. who: attributes that name the person
    too, as attribute to namespace. columns: attributes that overlay the customer's row, as
    attribute to declared trait; all others stay here. language: the attribute that holds the
    language of the contents, if one does. timeout: seconds that an evaluation may wait for its
    answer. dry_run: decide without keeping anything, so that nothing counts as shown."""

    namespace: str = "user_id"
    who: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    timeout: float = 1.0
    dry_run: bool = False

    def person(self, context: EvaluationContext | None) -> dict[str, str]:
        """Namespace to value. Raises TargetingKeyMissingError if the context names nobody."""
        key = context.targeting_key if context else None
        attributes = context.attributes if context else {}
        named = {self.namespace: key} if key else {}
        for attribute, namespace in self.who.items():
            if attributes.get(attribute) not in {None, ""}:
                named[namespace] = str(attributes[attribute])
        if not named:
            raise TargetingKeyMissingError(f"no targeting key: expected a {self.namespace}")
        return named

    def question(self, surface: str, context: EvaluationContext | None) -> Json:
        """The body of `POST /v1/decide`. Raises TargetingKeyMissingError."""
        attributes = context.attributes if context else {}
        body: Json = {
            "who": self.person(context),
            "surfaces": [surface],
            "dry_run": self.dry_run,
            "context": {
                column: _plain(attributes[name])
                for name, column in self.columns.items()
                if name in attributes
            },
        }
        if self.language is not None and isinstance(attributes.get(self.language), str):
            body["language"] = attributes[self.language]
        return body

    def address(self, context: EvaluationContext | None) -> Json:
        """The person as one of Segment's calls names them. Raises TargetingKeyMissingError."""
        person = self.person(context)
        call: Json = {
            _CALL_FIELDS[space]: value for space, value in person.items() if space in _CALL_FIELDS
        }
        external = [
            {"id": value, "type": space, "collection": "users", "encoding": "none"}
            for space, value in person.items()
            if space not in _CALL_FIELDS
        ]
        return {**call, "context": {"externalIds": external}} if external else call


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
