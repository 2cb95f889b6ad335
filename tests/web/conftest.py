"""A server under test: real sockets and real HTTP over an engine that answers from the hand."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import msgspec
import pytest
import uvloop
from tests import builders
from tests.local import local_client
from tests.waiting import HANG_SECONDS

from tuttu import engine as use
from tuttu.access import ALL_SCOPES
from tuttu.access.keys import KeyHolder
from tuttu.api import CallsAnswer, DigestAnswer, HealthAnswer
from tuttu.engine import Runtime, open_engine
from tuttu.storage.overlay import TransactionOverlay
from tuttu.storage.ticks import OverlayTick
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.company import Company, Limits
from tuttu.vocabulary.conversion import parse_instant
from tuttu.vocabulary.errors import CallRefused
from tuttu.web import ROUTES, bind, openapi_document, socket_path
from tuttu.web.local import listen
from tuttu.web.route import Route
from tuttu.web.server import Doors, url_of

BODY_BYTES = 200_000


def _no_store() -> AbstractContextManager[TransactionOverlay]:
    raise AssertionError("a use case of ours has no store")


def _nowhere(_: OverlayTick | None) -> None:
    """There is no store to be in."""


class StubRuntime:
    """Holds one key for each scope and one for all; records what its use cases are asked.

    What is asked beyond calls, keys and health is answered by `answer`, which a test may replace.
    """

    store = SimpleNamespace(remote=False, tick=lambda: OverlayTick(_no_store, _nowhere, ()))

    def __init__(self) -> None:
        self.project = builders.project(
            company=Company(name="stub", limits=Limits(body_bytes=BODY_BYTES)),
            namespaces=builders.namespaces(user_id={}, email={}),
        )
        self.keyring = self
        self.reset()

    def reset(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.unauthenticated = 0
        self.answer: Callable[[str], object] = lambda _: None

    def holder(self, secret: str) -> KeyHolder | None:
        if secret == "all":
            return KeyHolder("all", ALL_SCOPES)
        return KeyHolder(secret, frozenset({secret})) if secret in ALL_SCOPES else None

    def routes(self) -> list[Route]:
        """The table of routes, each with a use case of ours in the place of its own."""
        return [msgspec.structs.replace(each, use_case=self._use_case(each)) for each in ROUTES]

    def _use_case(self, route: Route) -> Callable[..., object]:
        def asked(runtime: object = None, **arguments: Any) -> object:
            if route.path == "/v1/openapi.json":
                return openapi_document()
            if route.path == "/v1/digest":
                return DigestAnswer(digest="0" * 64)
            if route.storeless:
                return HealthAnswer(status="ok", project="stub", project_digest="0" * 64)
            self.asked.append((route.use_case.__name__, arguments))
            if route.answer is CallsAnswer:
                if len(arguments.get("body", b"")) > BODY_BYTES:
                    raise CallRefused(413, "body_too_large", "too large")
                return CallsAnswer(success=True, accepted=1)
            return self.answer(route.use_case.__name__)

        return asked


class Running:
    """A server that runs in a thread of this process, with clients that are closed with it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.closing = ExitStack()
        self._clients: dict[str | None, httpx.Client] = {}

    @property
    def address(self) -> tuple[str, int]:
        parsed = httpx.URL(self.url)
        return parsed.host, parsed.port or 0

    def client(self, key: str | None = "all") -> httpx.Client:
        if key not in self._clients:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            client = httpx.Client(
                base_url=self.url,
                headers=headers,
                timeout=HANG_SECONDS,
                verify=False,  # noqa: S501 - plain HTTP
            )
            self._clients[key] = self.closing.enter_context(client)
        return self._clients[key]

    def local_client(self) -> httpx.Client:
        return self.closing.enter_context(local_client(self.folder))


@contextmanager
def serving(engine: Runtime, folder: Path, routes: Sequence[Route] = ROUTES) -> Iterator[Running]:
    with listen(socket_path(folder)) as own, closing(bind("127.0.0.1", 0)) as bound:
        doors = Doors(engine, bound, own, routes)
        opened = threading.Event()

        def work() -> None:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(doors.run(opened.set))

        thread = threading.Thread(target=work)
        thread.start()
        running = Running(url_of(bound), folder)
        try:
            assert opened.wait(HANG_SECONDS)
            with running.closing:
                yield running
        finally:
            doors.stop()
            thread.join(HANG_SECONDS)
            assert not thread.is_alive(), "the server does not end"


STUB = StubRuntime()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(cast(Runtime, STUB), tmp_path_factory.mktemp("project"), STUB.routes()) as running:
        yield running


@pytest.fixture
def running(server: Running) -> Running:
    """The running server, its engine asked nothing yet."""
    STUB.reset()
    return server


@pytest.fixture
def stub(running: Running) -> StubRuntime:
    return STUB


class Corner:
    """The little shop of this folder, served over a real engine at a moment of its own."""

    def __init__(self, running: Running, engine: Runtime) -> None:
        self.url = running.url
        self.engine = engine
        self.key = engine.keyring.issue(f"test {len(use.keys(engine))}", tuple(ALL_SCOPES))
        self.client = running.client(self.key)

    def issue(self, name: str, *scopes: str) -> str:
        return self.engine.keyring.issue(name, scopes)

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def timeline(self, who: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.get(f"/v1/customers/{who}/timeline")["entries"]
        return entries

    def decide(self, who: str) -> Any:
        body = {"who": {"user_id": who}, "surfaces": ["front"], "refused": True}
        answer = self.client.post("/v1/decide", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def cornering(folder: Path) -> Iterator[Corner]:
    now = parse_instant("2026-03-05T09:00:00Z")
    assert now is not None
    engine = open_engine(folder, clock=ManualClock(now))
    with closing(engine), serving(engine, folder) as running:
        yield Corner(running, engine)


def corner_in(parent: Path) -> Path:
    return shutil.copytree(Path(__file__).parent / "corner", parent / "corner")


@pytest.fixture
def corner_folder(tmp_path: Path) -> Path:
    return corner_in(tmp_path)


@pytest.fixture
def corner(corner_folder: Path) -> Iterator[Corner]:
    with cornering(corner_folder) as served:
        yield served


@pytest.fixture
def reopened(corner_folder: Path) -> Callable[[], AbstractContextManager[Corner]]:
    """Opens the corner shop again, after `corner` was closed or its folder was changed."""
    return lambda: cornering(corner_folder)


@pytest.fixture(scope="session")
def hardy_corner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corner]:
    """One server for all the input of `test_web_fuzz.py`: it must survive all of it."""
    with cornering(corner_in(tmp_path_factory.mktemp("hardy"))) as served:
        yield served
