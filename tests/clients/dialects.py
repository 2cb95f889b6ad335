"""The two official clients in Python: what each is called, and what each does in its own way."""

from __future__ import annotations

import queue
from collections.abc import Iterable
from types import ModuleType
from typing import Any, NamedTuple

import rudderstack.analytics as rudder  # type: ignore[import-untyped]
import segment.analytics as segment  # type: ignore[import-untyped]
from tests.clients.speaking import Call, expected
from tests.waiting import HANG_SECONDS

PATIENCE = {"upload_interval": 0.05, "timeout": HANG_SECONDS, "max_retries": 3}
"""Options of both: batches go out soon, and an answer that is slow is waited for."""


class Sender(NamedTuple):
    """A client at work, and what it told of failures: pairs of error and dropped batch."""

    client: Any
    failures: list[tuple[Exception, list[dict[str, Any]]]]

    def say(self, calls: Iterable[Call]) -> None:
        for call in calls:
            getattr(self.client, call.method)(**call.fresh())


class Dialect(NamedTuple):
    """name: as pip knows it. traits_in_context: identify says them there, and not beside it.
    integrations: what the client says where its caller says nothing."""

    name: str
    module: ModuleType
    traits_in_context: bool
    integrations: dict[str, bool]

    def sender(self, key: str, host: str, **options: Any) -> Sender:
        failures: list[tuple[Exception, list[dict[str, Any]]]] = []
        client = self.module.Client(
            key,
            host=host,
            on_error=lambda error, batch: failures.append((error, batch)),
            **{**PATIENCE, **options},
        )
        return Sender(client, failures)

    def expected(self, call: Call) -> dict[str, Any]:
        """The entry of a call of this client, as `content` reads it."""
        entry = {**expected(call)}
        entry["integrations"] = entry["integrations"] or self.integrations
        if self.traits_in_context and call.method == "identify":
            entry["traits"] = {}
        return entry

    def context(self, call: Call) -> dict[str, Any]:
        """The context that this client sends: ours, and the library's name."""
        library = {"name": "analytics-python", "version": self.module.__version__}
        said = {**call.arguments.get("context", {}), "library": library}
        if self.traits_in_context and call.method == "identify":
            return {**said, "traits": call.arguments["traits"]}
        return said


SEGMENT = Dialect("segment-analytics-python", segment, traits_in_context=False, integrations={})
RUDDER = Dialect("rudder-sdk-python", rudder, traits_in_context=True, integrations={"All": True})
PYTHON = (SEGMENT, RUDDER)


def drained(sender: Sender) -> bool:
    """Nothing waits in the client any more."""
    waiting: queue.Queue[Any] = sender.client.queue
    return waiting.empty()
