"""Asking a tuttu server, in bounded time."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any, NoReturn

import httpx
from openfeature.exception import (
    FlagNotFoundError,
    GeneralError,
    InvalidContextError,
    OpenFeatureError,
    ProviderFatalError,
)

Json = dict[str, Any]
MOST_BYTES = 4 * 1024 * 1024


class Asker:
    """One server and one key. Safe to use from several threads and event loops."""

    def __init__(self, url: str, key: str, timeout: float) -> None:
        self._timeout = timeout
        # An async client belongs to one event loop, and a provider serves any: so each call makes
        # its own, and only what is costly to make is shared.
        self._common: Json = {
            "base_url": url,
            "headers": {"Authorization": f"Bearer {key}"},
            "timeout": timeout,
            "verify": httpx.create_ssl_context(),
        }
        self._client: httpx.Client | None = None
        self._opening = threading.Lock()

    def ask(self, method: str, path: str, body: Json | None = None) -> Json:
        """The answer to one request. Raises OpenFeatureError, about the timeout's time later at
        most."""
        deadline = time.monotonic() + self._timeout
        try:
            with self._opened().stream(method, path, json=body) as response:
                content = bytearray()
                for chunk in response.iter_bytes():
                    content += chunk
                    if time.monotonic() > deadline:
                        raise httpx.ReadTimeout("the answer did not end in time")
                    _require_small(content)
        except httpx.HTTPError as error:
            _away(error)
        return _read(response.status_code, bytes(content))

    async def ask_async(self, method: str, path: str, body: Json | None = None) -> Json:
        """The same in an event loop."""
        try:
            async with (
                asyncio.timeout(self._timeout),
                httpx.AsyncClient(**self._common) as client,
                client.stream(method, path, json=body) as response,
            ):
                content = bytearray()
                async for chunk in response.aiter_bytes():
                    content += chunk
                    _require_small(content)
        except (httpx.HTTPError, TimeoutError) as error:
            _away(error)
        return _read(response.status_code, bytes(content))

    def close(self) -> None:
        """Ends its connections; the next question opens new ones."""
        with self._opening:
            if self._client is not None:
                self._client.close()
            self._client = None

    def _opened(self) -> httpx.Client:
        with self._opening:
            if self._client is None:
                self._client = httpx.Client(**self._common)
            return self._client


def _away(error: Exception) -> NoReturn:
    raise GeneralError(f"the server did not answer: {type(error).__name__} {error}") from error


def _require_small(content: bytearray) -> None:
    if len(content) > MOST_BYTES:
        raise GeneralError(f"the server's answer is larger than {MOST_BYTES:,} bytes")


def _read(status: int, content: bytes) -> Json:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise GeneralError(f"the server answered {status}, and no JSON object")
    if status == 200:
        return answer
    raise _refusal(status, str(answer.get("code")), str(answer.get("detail")))


def _refusal(status: int, code: str, detail: str) -> OpenFeatureError:
    """tuttu's refusal as OpenFeature says it."""
    if code == "unknown_surface":
        return FlagNotFoundError(detail)
    if status in {401, 403}:
        return ProviderFatalError(detail)
    if status == 400:
        return InvalidContextError(detail)
    return GeneralError(f"{code}: {detail}")
