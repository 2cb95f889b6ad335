"""A server under test: real sockets and real HTTP over an engine that answers from the hand."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import uvloop
from tests import builders
from tests.local import local_client

from tuttu.access.keys import KeyHolder
from tuttu.api.answers import CallsAnswer, HealthAnswer
from tuttu.engine import Engine, open_engine
from tuttu.engine.calls import AcceptOutcome
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.company import Company, Limits
from tuttu.vocabulary.conversion import parse_instant
from tuttu.web import ALL_SCOPES, bind, socket_path
from tuttu.web.local import listen
from tuttu.web.server import Doors, url_of

BODY_BYTES = 200_000


class StubEngine:
    """Holds one key for each scope and one for all; records what it is asked.

    Whatever is asked beyond calls and keys is answered by `answer`, which a test may replace.
    """

    remote = False

    def __init__(self) -> None:
        self.project = builders.project(
            company=Company(name="stub", limits=Limits(body_bytes=BODY_BYTES)),
            namespaces=builders.namespaces(user_id={}, email={}),
        )
        self.reset()

    def reset(self) -> None:
        self.asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.unauthenticated = 0
        self.answer: Callable[[str], object] = lambda _: None

    def key(self, secret: str) -> KeyHolder | None:
        if secret == "all":
            return KeyHolder("all", ALL_SCOPES)
        return KeyHolder(secret, frozenset({secret})) if secret in ALL_SCOPES else None

    def note_unauthenticated(self) -> None:
        self.unauthenticated += 1

    def accept(self, route: str, body: bytes, encoding: str | None, sender: str) -> AcceptOutcome:
        self.asked.append(("accept", (route, body, encoding, sender), {}))
        if len(body) > BODY_BYTES:
            return AcceptOutcome(status=413, code="body_too_large", message="too large")
        return AcceptOutcome(status=200, answer=CallsAnswer(success=True, accepted=1))

    def repair(self, letter_id: str, body: bytes, by: str) -> AcceptOutcome:
        return self.accept(f"repair {letter_id}", body, None, by)

    def send_again(self, letter_id: str, by: str) -> AcceptOutcome:
        return self.accept(f"send {letter_id}", b"", None, by)

    def health(self) -> HealthAnswer:
        return HealthAnswer(status="ok", project="stub", project_digest="0" * 64)

    def keys(self) -> list[tuple[str, tuple[str, ...]]]:
        return [("all", tuple(sorted(ALL_SCOPES)))]

    def digest(self) -> str:
        return "0" * 64

    def __getattr__(self, name: str) -> Callable[..., object]:
        def answering(*args: Any, **kwargs: Any) -> object:
            self.asked.append((name, args, kwargs))
            return self.answer(name)

        return answering


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
            client = httpx.Client(base_url=self.url, headers=headers, verify=False)  # noqa: S501
            self._clients[key] = self.closing.enter_context(client)
        return self._clients[key]

    def local_client(self) -> httpx.Client:
        return self.closing.enter_context(local_client(self.folder))


@contextmanager
def serving(engine: Engine, folder: Path) -> Iterator[Running]:
    with listen(socket_path(folder)) as own, closing(bind("127.0.0.1", 0)) as bound:
        doors = Doors(engine, bound, own)
        opened = threading.Event()

        def work() -> None:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(doors.run(opened.set))

        thread = threading.Thread(target=work)
        thread.start()
        running = Running(url_of(bound), folder)
        try:
            assert opened.wait(10)
            with running.closing:
                yield running
        finally:
            doors.stop()
            thread.join(10)


STUB = StubEngine()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(cast(Engine, STUB), tmp_path_factory.mktemp("project")) as running:
        yield running


@pytest.fixture
def running(server: Running) -> Running:
    """The running server, its engine asked nothing yet."""
    STUB.reset()
    return server


@pytest.fixture
def stub(running: Running) -> StubEngine:
    return STUB


class Corner:
    """The little shop of this folder, served over a real engine at a moment of its own."""

    def __init__(self, running: Running, engine: Engine) -> None:
        self.url = running.url
        self.engine = engine
        self.key = engine.issue_key(f"test {len(engine.keys())}", tuple(ALL_SCOPES))
        self.client = running.client(self.key)

    def issue(self, name: str, *scopes: str) -> str:
        return self.engine.issue_key(name, scopes)

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def timeline(self, who: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.get(f"/v1/customers/{who}/timeline")["entries"]
        return entries

    def decide(self, who: str) -> Any:
        body = {"who": {"user_id": who}, "surfaces": ["front"]}
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
    """One server for all the input of `test_web_fuzz.py`: it must bear all of it."""
    with cornering(corner_in(tmp_path_factory.mktemp("hardy"))) as served:
        yield served
