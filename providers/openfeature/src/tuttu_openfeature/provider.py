"""The provider: each kind of flag, tracking, and how it starts, falters and ends."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEventDetails
from openfeature.exception import ErrorCode, GeneralError, InvalidContextError, OpenFeatureError
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType
from openfeature.provider import AbstractProvider, Metadata
from openfeature.track import TrackingEventDetails

from tuttu_openfeature.asking import Asker, Json
from tuttu_openfeature.options import Options
from tuttu_openfeature.resolving import (
    Decision,
    Reading,
    as_float,
    as_integer,
    as_object,
    as_text,
)

T = TypeVar("T")
Structure = Sequence[FlagValueType] | Mapping[str, FlagValueType]
LOGGER = logging.getLogger("tuttu_openfeature")
DECIDE, TRACK = "/v1/decide", "/v1/track"


class TuttuProvider(AbstractProvider):
    """Serves the decisions of the tuttu server at `url`; a flag key is the name of a surface.

    key: a server key with the scope ``decide``, and ``ingest`` for `track`. Evaluations raise
    OpenFeature's own errors only, which the SDK turns into the caller's default value.
    """

    def __init__(self, url: str, key: str, options: Options | None = None) -> None:
        super().__init__()
        self._options = options or Options()
        self._asker = Asker(url, key, self._options.timeout)
        self._away = False

    def get_metadata(self) -> Metadata:
        return Metadata("tuttu")

    def initialize(self, evaluation_context: EvaluationContext) -> None:  # noqa: ARG002 - SDK's
        """Asks whether the server is ready and the key may decide. Raises OpenFeatureError: fatal
        for the key, and not fatal for a server that may come back."""
        self._asker.ask("GET", "/readyz")
        try:
            # Without a question nothing is decided; but who may not ask is told so first.
            self._asker.ask("POST", DECIDE, {})
        except InvalidContextError:
            return

    def shutdown(self) -> None:
        self._asker.close()

    def resolve_boolean_details(
        self,
        flag_key: str,
        default_value: bool,  # noqa: ARG002 - the SDK's signature
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        """Whether anything was chosen for the surface; where nothing was, that is no, whatever the
        default says."""
        return _any(self._decision(flag_key, evaluation_context))

    async def resolve_boolean_details_async(
        self,
        flag_key: str,
        default_value: bool,  # noqa: ARG002 - the SDK's signature
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        return _any(await self._decision_async(flag_key, evaluation_context))

    def resolve_string_details(
        self,
        flag_key: str,
        default_value: str,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[str]:
        """The content of the first slot."""
        return self._resolve(flag_key, default_value, evaluation_context, as_text)

    async def resolve_string_details_async(
        self,
        flag_key: str,
        default_value: str,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[str]:
        return await self._resolve_async(flag_key, default_value, evaluation_context, as_text)

    def resolve_integer_details(
        self,
        flag_key: str,
        default_value: int,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[int]:
        """The content of the first slot, where that is a whole number."""
        return self._resolve(flag_key, default_value, evaluation_context, as_integer)

    async def resolve_integer_details_async(
        self,
        flag_key: str,
        default_value: int,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[int]:
        return await self._resolve_async(flag_key, default_value, evaluation_context, as_integer)

    def resolve_float_details(
        self,
        flag_key: str,
        default_value: float,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[float]:
        """The content of the first slot, where that is a number."""
        return self._resolve(flag_key, default_value, evaluation_context, as_float)

    async def resolve_float_details_async(
        self,
        flag_key: str,
        default_value: float,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[float]:
        return await self._resolve_async(flag_key, default_value, evaluation_context, as_float)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Structure,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Structure]:
        """The whole decision of the surface: its choices in all slots."""
        return self._resolve(flag_key, default_value, evaluation_context, as_object)

    async def resolve_object_details_async(
        self,
        flag_key: str,
        default_value: Structure,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Structure]:
        return await self._resolve_async(flag_key, default_value, evaluation_context, as_object)

    def track(
        self,
        tracking_event_name: str,
        evaluation_context: EvaluationContext | None = None,
        tracking_event_details: TrackingEventDetails | None = None,
    ) -> None:
        """Sends an event with its attributes as properties; ``contact_id`` among them says which
        choice it answers. Never raises: what could not be sent is lost, and logged."""
        details = tracking_event_details or TrackingEventDetails()
        value = {} if details.value is None else {"value": details.value}
        try:
            call = {
                **self._options.address(evaluation_context),
                "event": tracking_event_name,
                "properties": {**details.attributes, **value},
                "messageId": str(uuid.uuid4()),
                "timestamp": datetime.now(UTC).isoformat(),
            }
            self._asker.ask("POST", TRACK, call)
        except OpenFeatureError as error:
            LOGGER.warning("not tracked: %s: %s", tracking_event_name, error.error_message)

    def _resolve(
        self, surface: str, default: T, context: EvaluationContext | None, read: Reading[T]
    ) -> FlagResolutionDetails[T]:
        return self._decision(surface, context).resolve(default, read)

    async def _resolve_async(
        self, surface: str, default: T, context: EvaluationContext | None, read: Reading[T]
    ) -> FlagResolutionDetails[T]:
        return (await self._decision_async(surface, context)).resolve(default, read)

    def _decision(self, surface: str, context: EvaluationContext | None) -> Decision:
        question = self._options.question(surface, context)
        try:
            answer = self._asker.ask("POST", DECIDE, question)
        except OpenFeatureError as error:
            self._note(error)
            raise
        return self._read(surface, answer)

    async def _decision_async(self, surface: str, context: EvaluationContext | None) -> Decision:
        question = self._options.question(surface, context)
        try:
            answer = await self._asker.ask_async("POST", DECIDE, question)
        except OpenFeatureError as error:
            self._note(error)
            raise
        return self._read(surface, answer)

    def _read(self, surface: str, answer: Json) -> Decision:
        try:
            decision = Decision(surface, answer)
        except (KeyError, TypeError, AttributeError) as error:
            raise GeneralError("the server's answer is no decision") from error
        if self._away:
            self._away = False
            self.emit_provider_ready(ProviderEventDetails(message="the server answers again"))
        return decision

    def _note(self, error: OpenFeatureError) -> None:
        """Tells once that the server is away; evaluations go on asking it."""
        if error.error_code is ErrorCode.GENERAL and not self._away:
            self._away = True
            details = ProviderEventDetails(message=error.error_message, error_code=error.error_code)
            self.emit_provider_error(details)


def _any(decision: Decision) -> FlagResolutionDetails[bool]:
    return decision.resolve(False, lambda each: bool(each.choices))
