"""The application of a project folder, wherever it runs: in its server, or in this process.

A command speaks to the server over the project's own socket if one answers there; otherwise it
becomes the owner of the store and asks the same application in this very process. Either way the
same routes answer, so there is one way to do a thing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec

from tuttu.engine import open_engine
from tuttu.vocabulary.errors import FinalError
from tuttu.web import SystemClock, address_of, answers, catch_up, create_app, socket_path

A = TypeVar("A")
TIMEOUT = httpx.Timeout(None, connect=5.0)
"""Whoever asks from a command line waits: an import or a digest takes what it takes."""


class RefusedError(FinalError):
    """The application refused: what it said."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


class Door:
    """Asks the application, one question at a time."""

    def __init__(self, transport: httpx.AsyncBaseTransport, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._client = httpx.AsyncClient(
            transport=transport, base_url="http://tuttu", timeout=TIMEOUT, trust_env=False
        )

    def ask(
        self,
        answer: type[A],
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, object] | None = None,
    ) -> A:
        """The decoded answer. `body` is sent as JSON, bytes as they are. Raises RefusedError."""
        content = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
        said = {name: str(value) for name, value in (query or {}).items() if value is not None}
        request = self._client.request(method, path, content=content, params=said)
        return _decoded(self._runner.run(request), answer)

    def close(self) -> None:
        self._runner.run(self._client.aclose())


def _decoded(response: httpx.Response, answer: type[A]) -> A:
    if response.is_success:
        return msgspec.json.decode(response.content or b"null", type=answer)
    try:
        problem = msgspec.json.decode(response.content, type=dict[str, object])
    except msgspec.DecodeError:
        problem = {"detail": f"the server answered {response.status_code}"}
    raise RefusedError(
        response.status_code, str(problem.get("code", "")), str(problem.get("detail", ""))
    )


@contextmanager
def open_door(folder: Path) -> Iterator[Door]:
    """The running server's door, or our own. Raises what `open_engine` raises."""
    path = socket_path(folder)
    if answers(path):
        with _door(httpx.AsyncHTTPTransport(uds=address_of(path))) as door:
            yield door
        return
    clock = SystemClock()
    with closing(open_engine(folder, clock=clock)) as engine:
        catch_up(clock, engine)
        app = create_app(engine, local=True)
        with _door(httpx.ASGITransport(app)) as door:
            yield door


@contextmanager
def _door(transport: httpx.AsyncBaseTransport) -> Iterator[Door]:
    with asyncio.Runner() as runner, closing(Door(transport, runner)) as door:
        yield door


def part(text: str) -> str:
    """Text as one part of a path."""
    return quote(text, safe="")
