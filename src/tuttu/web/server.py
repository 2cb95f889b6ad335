"""One process: the application on a TCP address and on the project's own socket."""

import asyncio
import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn
import uvloop
from starlette.types import ASGIApp

from tuttu import engine
from tuttu.engine import Runtime
from tuttu.vocabulary.errors import FinalError, ProjectError, TuttuError
from tuttu.web import local, log
from tuttu.web.app import create_app
from tuttu.web.garbage import out_of_collections
from tuttu.web.protocol import PatientProtocol
from tuttu.web.route import Route
from tuttu.web.routes import ROUTES
from tuttu.web.turns import Turns

GRACE_SECONDS = 5
KEEP_ALIVE_SECONDS = 75
"""How long an idle connection is kept. Longer than clients and proxies keep theirs, usually at most
60 seconds: so they close first, and no request is lost on a connection being closed."""


class AddressError(FinalError):
    """The address cannot be listened on."""


class _Server(uvicorn.Server):
    """uvicorn's server without its signal handlers, since two of them share this process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def bind(host: str, port: int) -> socket.socket:
    """A TCP socket on the address; port 0 takes a free one. Raises AddressError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise AddressError(f"{host}:{port}: {error.strerror}; choose another --port") from error
    return bound


def url_of(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Doors:
    """The sockets of one engine: a TCP address, and the project's own socket unless another server
    has it."""

    def __init__(
        self,
        runtime: Runtime,
        bound: socket.socket,
        own: socket.socket | None,
        routes: Sequence[Route] = ROUTES,
    ) -> None:
        turns = Turns(runtime.store)
        outer = create_app(runtime, routes=routes, turns=turns)
        self._doors = [(_server(outer), bound)]
        if own is not None:
            inner = create_app(runtime, local=True, routes=routes, turns=turns)
            self._doors.append((_server(inner), own))

    async def run(self, announce: Callable[[], None]) -> None:
        """Serves until `stop`; calls `announce` once every socket accepts requests."""
        async with asyncio.TaskGroup() as tasks:
            for server, door in self._doors:
                tasks.create_task(server.serve(sockets=[door]))
            tasks.create_task(self._announce(announce))

    async def _announce(self, announce: Callable[[], None]) -> None:
        while not all(server.started for server, _ in self._doors):
            await asyncio.sleep(0.01)
        announce()

    def stop(self) -> None:
        """Waits for the requests in flight, then ends `run`; called twice, it does not wait."""
        for server, _ in self._doors:
            server.force_exit = server.should_exit
            server.should_exit = True


def serve(
    runtime: Runtime, bound: socket.socket, folder: Path, announce: Callable[[str], None]
) -> None:
    """Serves until SIGTERM or SIGINT; SIGHUP reloads the project folder. `announce` is called with
    the address. Raises LocalSocketError."""
    with (
        out_of_collections() as keep_out,
        local.listen(local.socket_path(folder)) as own,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        if runtime.reloads is not None:
            runtime.reloads.versions.note_newest = keep_out
        doors = Doors(runtime, bound, own)
        runner.run(_until_signalled(runtime, doors, lambda: announce(url_of(bound))))


async def _until_signalled(runtime: Runtime, doors: Doors, announce: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        doors.stop()
        runtime.interrupt()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, lambda: loop.run_in_executor(None, _reload, runtime))
    await doors.run(announce)


def _reload(runtime: Runtime) -> None:
    """A signal has no reply, so the result goes to the log."""
    try:
        log.reloaded(engine.reload(runtime, "signal"))
    except ProjectError as error:
        log.faulty(error.faults)
    except TuttuError as error:
        log.not_reloaded(error)


def _server(app: ASGIApp) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            http=PatientProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
