"""A client of a project folder's application, wherever it runs: in its server, or in this process.

A command calls the server over the project's own socket if one answers there; otherwise it becomes
the owner of the store and calls the same application in this process. Either way the same routes
answer.
"""

import asyncio
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec

from tuttu import api, engine
from tuttu.cli.options import chosen_language, chosen_storage
from tuttu.engine import Runtime, open_engine
from tuttu.storage import OwnedElsewhereError
from tuttu.vocabulary.errors import Fault, FinalError, ProjectError, RetryError, Where
from tuttu.web import SystemClock, answers, catch_up, create_app, reachable, socket_path

A = TypeVar("A")
TIMEOUT = httpx.Timeout(None)
"""No timeout: an import or a digest may take long, and the user can interrupt it."""
PATIENCE = 60.0
"""Seconds that a command waits for its turn to own the store: several others may be before it, and
each takes as long as the machine is slow."""


PAGE = 1_000
"""Entries that are asked for at once, where an answer comes in pages."""


class RefusedError(FinalError):
    """The application refused: what it said."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


class ServerGoneError(RetryError):
    """The server ended, or was killed, before it answered."""


class Client:
    """Calls the application, one request at a time. runtime: of this process, if it owns the store:
    for long work that reports progress."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        runner: asyncio.Runner,
        runtime: Runtime | None = None,
    ) -> None:
        self.runtime = runtime
        self._runner = runner
        self._http = httpx.AsyncClient(
            transport=transport,
            base_url="http://tuttu",
            timeout=TIMEOUT,
            trust_env=False,
            headers={"Accept-Language": chosen_language() or api.ENGLISH},
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
        """The decoded answer. `body` is sent as JSON, bytes as they are.

        Raises RefusedError, and ServerGoneError if the outcome of the request is not known.
        """
        content = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
        said = {name: str(value) for name, value in (query or {}).items() if value is not None}
        request = self._http.request(method, path, content=content, params=said)
        try:
            return _decoded(self._runner.run(request), answer)
        except httpx.TransportError as error:
            raise ServerGoneError(
                "the server went away before it answered; start it and do this again:"
                " an event that it kept counts once"
            ) from error

    def close(self) -> None:
        self._runner.run(self._http.aclose())


def _decoded(response: httpx.Response, answer: type[A]) -> A:
    if response.is_success:
        return msgspec.json.decode(response.content or b"null", type=answer)
    try:
        problem = msgspec.json.decode(response.content, type=_Problem)
    except msgspec.DecodeError:
        problem = _Problem(detail=f"the server answered {response.status_code}")
    if problem.faults:
        raise ProjectError([_fault(each) for each in problem.faults])
    raise RefusedError(response.status_code, problem.code, problem.detail)


class _Problem(msgspec.Struct):
    """What a refusal says, as far as a command repeats it."""

    code: str = ""
    detail: str = ""
    faults: list[api.ShownFault] = []


def _fault(shown: api.ShownFault) -> Fault:
    return Fault(Where(shown.file, shown.line), shown.found, shown.expected, shown.nearest)


@contextmanager
def open_client(folder: Path, removes: Collection[str] = ()) -> Iterator[Client]:
    """The running server's client, or our own. removes: as of `open_engine`, of which it
    raises what that raises."""
    path, clock = socket_path(folder), SystemClock()
    runtime = _runtime_of(folder, path, clock, removes)
    if runtime is None:
        with _client_of_server(path) as client:
            yield client
        return
    with closing(runtime):
        catch_up(clock, runtime)
        app = create_app(runtime, local=True)
        with _client(httpx.ASGITransport(app), runtime) as client:
            yield client


def rehearse_reload(folder: Path) -> api.ReloadRehearsal:
    """What a reload would do, without a server: what opening the store would. Raises what
    `open_engine` raises."""
    path = socket_path(folder)
    if not answers(path):
        return engine.rehearse_opening(folder, clock=SystemClock(), storage=chosen_storage())
    with _client_of_server(path) as client:
        return client.ask(api.ReloadRehearsal, "GET", "/v1/project/reload")


@contextmanager
def _client_of_server(path: Path) -> Iterator[Client]:
    with reachable(path) as address, _client(httpx.AsyncHTTPTransport(uds=address)) as client:
        yield client


def _runtime_of(
    folder: Path, path: Path, clock: SystemClock, removes: Collection[str]
) -> Runtime | None:
    """None: a server answers at `path`. Somebody who owns the store without serving it is another
    command, or a server that comes or goes: it is waited for."""
    deadline = time.monotonic() + PATIENCE
    while not answers(path):
        try:
            return open_engine(folder, clock=clock, storage=chosen_storage(), removes=removes)
        except OwnedElsewhereError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    return None


@contextmanager
def _client(
    transport: httpx.AsyncBaseTransport, runtime: Runtime | None = None
) -> Iterator[Client]:
    with asyncio.Runner() as runner, closing(Client(transport, runner, runtime)) as client:
        yield client


def part(text: str) -> str:
    """Text as one part of a path."""
    return quote(text, safe="")
