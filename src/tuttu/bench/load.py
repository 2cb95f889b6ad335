"""The load client: so many connections, each asking again once it is answered."""

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import uvloop

from tuttu.bench import processes

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
BUSY = 0.95
"""Share of a core from which on a process has no more to give."""


class Timed(NamedTuple):
    """One request: when it was sent, by the monotonic clock, and how long it took; seconds."""

    sent: float
    took: float

    def meets(self, other: "Timed") -> bool:
        """Whether both were under way at some moment."""
        return self.sent < other.sent + other.took and other.sent < self.sent + self.took


LONGEST = 600.0
"""Seconds in which what is asked beside something else is done, or never."""


class Load(NamedTuple):
    """seconds: from the first request to the last answer. client, server: CPU seconds."""

    answers: list[Timed]
    seconds: float
    client: float
    server: float

    @property
    def cpu_us(self) -> float:
        """Of the server, for one request."""
        return 1e6 * self.server / len(self.answers)

    @property
    def wall_us(self) -> float:
        return 1e6 * self.seconds / len(self.answers)

    def percentile(self, share: float) -> float:
        """Latency in ms: so many of the answers came as fast."""
        return percentile((each.took for each in self.answers), share)

    @property
    def limited_by_client(self) -> bool:
        return self.client / self.seconds > BUSY > self.server / self.seconds


def percentile(seconds: Iterable[float], share: float) -> float:
    """In ms."""
    ordered = sorted(seconds)
    return 1_000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request(path: str, body: bytes, key: str) -> bytes:
    """A POST as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def load(
    server: processes.Server,
    requests: Iterable[bytes],
    *,
    connections: int = 16,
    seconds: float = 2.0,
    most: int | None = None,
    each: Callable[[bytes], None] | None = None,
) -> Load:
    """Asks until the time is over or the requests are. most: of the requests. each: is given every
    body. Raises BenchError for an answer that is not 200."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        before = time.process_time(), server.cpu()
        sending = islice(requests, most)
        answers = runner.run(drive(server, sending, connections, seconds, each))
        now = time.process_time(), server.cpu()
    if not answers:
        raise processes.BenchError("nothing was answered: there was nothing to ask")
    client, served = (after - first for after, first in zip(now, before, strict=True))
    ends = max(each.sent + each.took for each in answers)
    return Load(answers, ends - min(each.sent for each in answers), client, served)


def waited_beside(
    server: processes.Server,
    requests: Iterable[bytes],
    other: bytes,
    *,
    connections: int = 16,
    seconds: float = 2.0,
) -> list[float]:
    """How long those requests took, in seconds, that were under way while another one was. The
    other is sent a tenth of the time after the first ones, which are sent until it is answered.
    Raises BenchError."""
    answered = False

    def meanwhile() -> Iterator[bytes]:
        for each in requests:
            if answered:
                return
            yield each

    async def both() -> list[float]:
        nonlocal answered
        asked = asyncio.create_task(drive(server, meanwhile(), connections, LONGEST))
        await asyncio.sleep(seconds / 10)
        (beside,) = await drive(server, iter([other]), 1, seconds)
        answered = True
        return [each.took for each in await asked if each.meets(beside)]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(both())


async def drive(
    server: processes.Server,
    requests: Iterator[bytes],
    connections: int,
    seconds: float,
    each: Callable[[bytes], None] | None = None,
) -> list[Timed]:
    """seconds: in which requests are sent; answers are waited for. One at least is sent."""
    loop = asyncio.get_running_loop()
    run = _Run(requests, each)
    opened = [
        await loop.create_connection(lambda: _Connection(run), "127.0.0.1", server.port)
        for _ in range(connections)
    ]
    try:
        run.until = time.monotonic() + seconds
        for _, connection in opened:
            connection.start()
        await asyncio.gather(*(connection.done for _, connection in opened))
    finally:
        for transport, _ in opened:
            transport.close()
    if run.failure:
        raise processes.BenchError(run.failure)
    return run.answers


class _Run:
    """What the connections of one run share."""

    def __init__(self, requests: Iterator[bytes], each: Callable[[bytes], None] | None) -> None:
        self._requests = requests
        self._sent = False
        self.until = 0.0
        self.each = each
        self.answers: list[Timed] = []
        self.failure = ""

    def next(self) -> bytes | None:
        if self._sent and time.monotonic() >= self.until:
            return None
        self._sent = True
        return next(self._requests, None)


class _Connection(asyncio.Protocol):
    """One connection: a request, its answer, the next one."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._buffer = bytearray()
        self._sent = 0.0
        self._starts = self._ends = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def start(self) -> None:
        asked = self._run.next()
        if asked is None:
            self._end()
            return
        self._buffer.clear()
        self._starts = self._ends = 0
        self._sent = time.monotonic()
        self._transport.write(asked)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._ends:
            found = self._buffer.find(b"\r\n\r\n") + 4
            length = _LENGTH.search(self._buffer)
            if found < 4 or length is None:
                return
            self._starts, self._ends = found, found + int(length[1])
        if len(self._buffer) >= self._ends:
            self._answered()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(f"the server closed a connection: {exc or 'it had enough'}")

    def _answered(self) -> None:
        now, body = time.monotonic(), bytes(self._buffer[self._starts : self._ends])
        if not self._buffer.startswith(b"HTTP/1.1 200"):
            self._end(f"not answered: {body[:500]!r}")
            return
        self._run.answers.append(Timed(self._sent, now - self._sent))
        if self._run.each is not None:
            self._run.each(body)
        self.start()

    def _end(self, failure: str = "") -> None:
        if not self.done.done():
            self._run.failure = self._run.failure or failure
            self.done.set_result(None)
