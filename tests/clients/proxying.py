"""What networks do to requests, done by a real proxy between a client and a server."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.waiting import HANG_SECONDS

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends a reset, and what was not read or sent is lost."""


@dataclass(frozen=True)
class Answer:
    """The proxy answers by itself, in JSON; the server never hears of it."""

    status: int
    body: str = "{}"
    retry_after: int | None = None


@dataclass(frozen=True)
class Hang:
    """No answer until the client gives up, after the server has done it all or before."""

    committed: bool


@dataclass(frozen=True)
class Drop:
    """The connection is reset. where: ``unread`` before a byte of the request was read,
    ``torn`` after half of its body went on, ``committed`` before the answer, ``halfway`` inside
    that."""

    where: str


Fault = Answer | Hang | Drop
UNHEARD = {Hang(committed=False), Drop("torn")}
"""Faults of requests that were read, and that the server never hears whole."""


@dataclass(frozen=True)
class Seen:
    """One request that came: what was done to it, what the server answered, if it was asked."""

    fault: Fault | None
    headers: dict[str, str] = field(default_factory=dict)
    answer: Any = None


class Proxy:
    """Real TCP and HTTP between a client and a server. Each request meets the next fault of the
    plan, or none; when the plan is done, all go through."""

    def __init__(self, upstream: str, plan: Iterable[Fault | None] = ()) -> None:
        self.upstream = upstream
        self.plan = deque(plan)
        self.seen: list[Seen] = []
        self._lock = threading.Condition()
        self._listening = _Listening(self)
        self.url = f"http://127.0.0.1:{self._listening.server_address[1]}"
        self._thread = threading.Thread(target=self._listening.serve_forever, args=(0.05,))
        self._thread.start()

    def next_fault(self) -> Fault | None:
        with self._lock:
            return self.plan.popleft() if self.plan else None

    def note(self, seen: Seen) -> None:
        with self._lock:
            self.seen.append(seen)
            self._lock.notify_all()

    def wait_for_requests(self, number: int) -> None:
        with self._lock:
            assert self._lock.wait_for(lambda: len(self.seen) >= number, HANG_SECONDS)

    @property
    def answers(self) -> list[Any]:
        """What the server answered, in order."""
        return [each.answer for each in self.seen if each.answer is not None]

    def close(self) -> None:
        self._listening.shutdown()
        self._listening.server_close()
        self._thread.join()


class _Listening(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Exchange)


class _Exchange(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    server: _Listening

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name above
        """Nothing is printed."""

    def handle_one_request(self) -> None:
        if not self._something_came():
            self.close_connection = True
            return
        self._fault = self.server.proxy.next_fault()
        if self._fault == Drop("unread"):
            self.server.proxy.note(Seen(self._fault))
            self._reset()
        else:
            super().handle_one_request()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self._fault == Drop("torn"):
            self._ask_half(body)
        asks = not isinstance(self._fault, Answer) and self._fault not in UNHEARD
        answer = self._ask_on(body) if asks else None
        headers = {name.lower(): value for name, value in self.headers.items()}
        told = json.loads(answer.body) if answer else None
        self.server.proxy.note(Seen(self._fault, headers, told))
        self._reply(answer)

    def do_GET(self) -> None:
        self.do_POST()

    def _reply(self, answer: Answer | None) -> None:
        match self._fault:
            case None if answer:
                self._send(answer)
            case Answer() as own:
                self._send(own)
            case Hang():
                self._something_came()
                self.close_connection = True
            case _:
                if self._fault == Drop("halfway"):
                    self.wfile.write(b"HTTP/1.1 2")
                self._reset()

    def _ask_on(self, body: bytes) -> Answer:
        with self._asking() as connection:
            connection.send(body)
            answer = connection.getresponse()
            wait = answer.headers["Retry-After"]
            return Answer(answer.status, answer.read().decode(), int(wait) if wait else None)

    def _ask_half(self, body: bytes) -> None:
        with self._asking() as connection:
            connection.send(body[: len(body) // 2])

    @contextlib.contextmanager
    def _asking(self) -> Iterator[http.client.HTTPConnection]:
        """The same request to the server, up to its body."""
        upstream = urlsplit(self.server.proxy.upstream)
        connection = http.client.HTTPConnection(upstream.netloc, timeout=HANG_SECONDS)
        with contextlib.closing(connection):
            connection.putrequest(self.command, urlsplit(self.path).path, skip_host=True)
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            yield connection

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response_only(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if answer.retry_after is not None:
            self.send_header("Retry-After", str(answer.retry_after))
        self.end_headers()
        self.wfile.write(body)

    def _something_came(self) -> bool:
        """Waits for a byte; False if the client left."""
        try:
            return bool(self.connection.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.connection.close()
        self.close_connection = True

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()
