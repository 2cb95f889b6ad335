"""Bytes that no honest client sends: each is refused in time, and the next good request works."""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.waiting import HANG_SECONDS, until

from tuttu.web import bind, request
from tuttu.web.protocol import PatientProtocol
from tuttu.web.server import KEEP_ALIVE_SECONDS, Doors

PATIENCE = 0.3
"""Seconds that the server waits where a test is about its patience. In all others it waits on, or a
busy machine would make an honest sender a slow one."""
ENDLESS = 200_000_000
"""Bytes after which nobody may still be reading."""
HEAD = b"HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer all\r\n"
GOOD = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture(autouse=True)
def _long_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    be_patient(monkeypatch)


def be_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "SECONDS", HANG_SECONDS)
    monkeypatch.setattr(PatientProtocol, "head_seconds", HANG_SECONDS)


@pytest.fixture
def short_head(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From the call on, the server soon gives up a head that does not end."""
    return lambda: monkeypatch.setattr(PatientProtocol, "head_seconds", PATIENCE)


@pytest.fixture
def short_body(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server soon gives up a body that does not end."""
    monkeypatch.setattr(request, "SECONDS", PATIENCE)


@pytest.fixture
def connect(running: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], socket.socket]]:
    opened: list[socket.socket] = []

    def connecting() -> socket.socket:
        opened.append(socket.create_connection(running.address, timeout=HANG_SECONDS))
        return opened[-1]

    yield connecting
    for each in opened:
        each.close()
    be_patient(monkeypatch)
    assert running.client().get("/healthz").status_code == 200


Connect = Callable[[], socket.socket]
Shorten = Callable[[], None]


def told(connection: socket.socket) -> bytes:
    """Everything until the server closes; a reset is an end too."""
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /v1/track " + HEAD + b"Content-Length: -1\r\n\r\n",
        b"POST /v1/track " + HEAD + b"Content-Length: many\r\n\r\n",
        b"POST /v1/track " + HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST /v1/track " + HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"POST /v1/track " + HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"POST /v1/track " + HEAD + b"Bad Header: x\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(connect: Connect, stub: Any, request_: bytes) -> None:
    connection = connect()
    connection.sendall(request_)
    assert status(told(connection)) == 400
    assert stub.asked == []


def test_a_head_that_never_ends_is_cut(connect: Connect, short_head: Shorten) -> None:
    """By the server: nothing else would end it."""
    short_head()
    connection = connect()
    send_while_open(connection, b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
    assert told(connection) == b""


@pytest.mark.parametrize("drop", [b"x: y\r\n", b"\r\n"])
def test_a_head_that_drips_is_cut(connect: Connect, short_head: Shorten, drop: bytes) -> None:
    short_head()
    connection = connect()
    send_while_open(connection, b"" if drop == b"\r\n" else b"GET /healthz HTTP/1.1\r\n")
    assert closed_while_dripping(connection, drop)


def test_a_connection_is_not_kept_open_by_dripping_after_an_answer(
    connect: Connect, short_head: Shorten
) -> None:
    connection = connect()
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status(connection.recv(65536)) == 200
    short_head()
    assert closed_while_dripping(connection, b"\r\n")


def send_while_open(connection: socket.socket, piece: bytes) -> None:
    """The server may have lost its patience before we came to it."""
    with contextlib.suppress(ConnectionError):
        connection.sendall(piece)


def closed_while_dripping(connection: socket.socket, drop: bytes) -> bool:
    """Whether the server closes although bytes keep coming, far more often than it must see one."""

    def dripped() -> bool:
        try:
            connection.sendall(drop)
            readable, _, _ = select.select([connection], [], [], PATIENCE / 10)
            return bool(readable) and connection.recv(65536) == b""
        except ConnectionError:
            return True

    return until(dripped, "the server keeps it open")


def test_an_idle_connection_outlives_those_of_proxies_and_clients(stub: Any) -> None:
    """They close theirs after a minute at most, as a rule; if we were first, a question that is
    under way would meet a closed door."""
    with contextlib.closing(bind("127.0.0.1", 0)) as bound:
        [(door, _)] = Doors(stub, bound, None)._doors
    assert door.config.timeout_keep_alive == KEEP_ALIVE_SECONDS > 60


def test_a_head_that_is_too_large_is_refused(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"x: " + b"y" * 2_000_000)
    assert status(told(connection)) == 431


@pytest.mark.usefixtures("short_body")
def test_a_body_that_never_comes_is_refused(connect: Connect, stub: Any) -> None:
    connection = connect()
    connection.sendall(b"POST /v1/track " + HEAD + b"Content-Length: 100\r\n\r\n{")
    answer = told(connection)
    assert status(answer) == 408
    assert b'"code":"too_slow"' in answer
    assert stub.asked == []


@pytest.mark.usefixtures("short_body")
def test_a_body_that_drips_is_refused(connect: Connect, stub: Any) -> None:
    connection = connect()
    connection.sendall(b"POST /v1/track " + HEAD + b"Content-Length: 100000\r\n\r\n")
    assert closed_while_dripping(connection, b" ")
    assert stub.asked == []


def test_a_body_that_ends_too_early_is_nothing(connect: Connect, stub: Any) -> None:
    connection = connect()
    connection.sendall(b"POST /v1/track " + HEAD + b"Content-Length: 100\r\n\r\n{}")
    connection.shutdown(socket.SHUT_WR)
    told(connection)
    assert stub.asked == []


def test_an_endless_question_is_refused(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"POST /v1/decide " + HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    assert status(send_until_answered(connection, b"10000\r\n" + b" " * 65536 + b"\r\n")) == 413


def test_an_endless_call_is_cut_at_the_limit(connect: Connect, stub: Any) -> None:
    connection = connect()
    connection.sendall(b"POST /v1/track " + HEAD + b"Content-Length: 99999999999\r\n\r\n")
    assert status(send_until_answered(connection, b" " * 65536)) == 413
    [(_, asked)] = stub.asked
    assert len(asked["body"]) == stub.project.company.limits.body_bytes + 1


def send_until_answered(connection: socket.socket, piece: bytes) -> bytes:
    """The piece again and again, whole and without a gap, until there is something to read. The
    server may stop reading meanwhile: then the two wait for each other's next move."""
    sent, rest = 0, b""
    while sent < ENDLESS:
        readable, writable, _ = select.select([connection], [connection], [], HANG_SECONDS)
        if readable:
            return connection.recv(65536)
        assert writable, "neither read nor answered"
        rest = rest or piece
        now = connection.send(rest, socket.MSG_DONTWAIT)
        sent, rest = sent + now, rest[now:]
    return b""


def test_a_large_body_without_a_key_is_not_read(connect: Connect, stub: Any) -> None:
    connection = connect()
    connection.sendall(b"POST /v1/decide HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
    assert status(connection.recv(65536)) == 401
    assert stub.asked == []


def test_chunks_are_put_together(connect: Connect, stub: Any) -> None:
    connection = connect()
    connection.sendall(b"POST /v1/track " + HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    for chunk in (b"1\r\n{\r\n", b'8\r\n"a": "b"\r\n', b"1\r\n}\r\n", b"0\r\n\r\n"):
        connection.sendall(chunk)
    assert status(connection.recv(65536)) == 200
    assert [(name, asked["body"]) for name, asked in stub.asked] == [
        ("accept_in_slices", b'{"a": "b"}')
    ]


def test_requests_in_one_piece_are_answered_in_order(connect: Connect, stub: Any) -> None:
    connection = connect()
    track = b"POST /v1/track " + HEAD + b"Content-Length: 2\r\n\r\n{}"
    connection.sendall(track + track + GOOD)
    answer = told(connection)
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert len(stub.asked) == 2


def test_more_than_the_declared_length_is_another_request(connect: Connect, stub: Any) -> None:
    connection = connect()
    connection.sendall(b"POST /v1/track " + HEAD + b"Content-Length: 2\r\n\r\n{}{}")
    assert b"400 Bad Request" in told(connection)
    until(lambda: stub.asked, "the first request was lost")
    assert [asked["body"] for _, asked in stub.asked] == [b"{}"]


def test_whoever_asks_to_go_on_is_told_to(connect: Connect) -> None:
    connection = connect()
    connection.sendall(
        b"POST /v1/track " + HEAD + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    )
    assert status(connection.recv(65536)) == 100
    connection.sendall(b"{}")
    assert status(connection.recv(65536)) == 200


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /healthz HTTP/1.0\r\n\r\n",
        b"GET http://other/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /healthz?x=%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ],
)
def test_old_and_odd_requests(connect: Connect, request_: bytes) -> None:
    connection = connect()
    connection.sendall(request_)
    assert status(told(connection)) in {200, 400}
