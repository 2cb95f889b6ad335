"""Segment's and RudderStack's official Python clients against a running server: each method of
their public face, each parameter and each option; every event is in the log once."""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from tests.clients.dialects import PYTHON, SEGMENT, Dialect
from tests.clients.proxying import Answer
from tests.clients.speaking import Call, calls, content, ids, tracks
from tests.waiting import HANG_SECONDS

if TYPE_CHECKING:
    from tests.clients.conftest import MakeProxy, Server

CALLS = {call.method for call in calls("nobody")}
ENDINGS = {"flush", "join", "shutdown"}
FIGURES = {"log", "DefaultConfig"}
"""Public names of the class `Client` that are no methods: its logger, and the options' defaults."""

OPTIONS: dict[str, Any] = {
    "debug": True,
    "max_queue_size": 50,
    "send": True,
    "gzip": True,
    "max_retries": 2,
    "sync_mode": False,
    "timeout": HANG_SECONDS,
    "thread": 1,
    "upload_size": 2,
    "upload_interval": 0.05,
}
"""Options of both clients, beside key, host, on_error and proxies; `sync_mode` and `send` are
asked once more below."""

ONLY_SEGMENT: dict[str, Any] = {
    "log_handler": logging.NullHandler(),
    "max_total_backoff_duration": HANG_SECONDS,
    "max_rate_limit_duration": HANG_SECONDS,
}
OAUTH = {"oauth_client_id", "oauth_client_key", "oauth_key_id", "oauth_auth_server", "oauth_scope"}

dialects = pytest.mark.parametrize("dialect", PYTHON, ids=lambda each: each.name)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """`debug` changes a logger that all clients of a kind share."""
    loggers = [logging.getLogger(name) for name in ("segment", "rudderstack")]
    before = [(each.level, list(each.handlers)) for each in loggers]
    yield
    for logger, (level, handlers) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.handlers = handlers


def assert_in_the_log_once(
    server: Server, person: str, dialect: Dialect, said: Iterable[Call]
) -> None:
    heard = server.heard(person)
    assert ids(heard) == sorted(call.id for call in said)
    entries = {entry["id"]: entry for entry in heard}
    for call in said:
        entry = entries[call.id]
        assert content(entry) == dialect.expected(call)
        assert entry["context"] == dialect.context(call)
        assert entry["time"].startswith("2026-03-01T10:30:")


# The public face is the one that these tests exercise


@dialects
def test_these_are_all_methods(dialect: Dialect) -> None:
    public = {name for name in vars(dialect.module.Client) if not name.startswith("_")}
    assert public == CALLS | ENDINGS | FIGURES


@dialects
def test_these_are_all_parameters(dialect: Dialect) -> None:
    for call in calls("nobody"):
        method = getattr(dialect.module.Client, call.method)
        assert set(inspect.signature(method).parameters) - {"self"} == set(call.arguments)


@dialects
def test_these_are_all_functions_and_settings(dialect: Dialect) -> None:
    found = {name for name in vars(dialect.module) if not name.startswith("_")}
    found = {name for name in found if not isinstance(vars(dialect.module)[name], ModuleType)}
    ours = CALLS | ENDINGS | set(settings("", "", dialect))
    assert found == ours | {"Client", "VERSION", "default_client"}


@dialects
def test_these_are_all_options(dialect: Dialect) -> None:
    options = set(inspect.signature(dialect.module.Client.__init__).parameters) - {"self"}
    ours = {"write_key", "host", "on_error", "proxies", *OPTIONS}
    assert options == ours | (set(ONLY_SEGMENT) | OAUTH if dialect is SEGMENT else set())


# Every call arrives


@dialects
@pytest.mark.parametrize("gzip", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("ending", ["shutdown", "flush and join"])
def test_every_call_arrives_once(server: Server, dialect: Dialect, gzip: bool, ending: str) -> None:
    person = server.person()
    sender = dialect.sender(server.key, server.url, gzip=gzip)
    said = calls(person)
    sender.say(said)
    sender.say(said)
    for name in ending.split(" and "):
        getattr(sender.client, name)()
    assert sender.failures == []
    assert_in_the_log_once(server, person, dialect, said)
    assert server.get(f"/v1/customers/{person}")["traits"]["has_tv"] is False


@dialects
def test_what_the_client_fills_in_itself(server: Server, dialect: Dialect) -> None:
    """Message ids and times of its own making, and a person known by an anonymous id only."""
    person = server.person()
    sender = dialect.sender(server.key, server.url)
    for _ in range(2):
        sender.client.track(anonymous_id=person, event="Song Played")
    sender.client.identify(person, {"city": "Turku"})
    sender.client.shutdown()
    assert sender.failures == []
    heard = [*server.heard(f"anonymous_id:{person}"), *server.heard(person)]
    assert [entry["kind"] for entry in heard] == ["track", "track", "identify"]
    assert len(set(ids(heard))) == 3


@dialects
def test_the_functions_of_the_module(
    server: Server, dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = dialect.module
    for name, value in settings(server.key, server.url, dialect).items():
        monkeypatch.setattr(module, name, value)
    for ending in ("shutdown", "flush and join"):
        monkeypatch.setattr(module, "default_client", None)
        person = server.person()
        said = calls(person)
        for call in said:
            getattr(module, call.method)(**call.fresh())
        for name in ending.split(" and "):
            getattr(module, name)()
        assert_in_the_log_once(server, person, dialect, said)


def settings(key: str, host: str, dialect: Dialect) -> dict[str, Any]:
    """The settings of the module: the options that it passes to a client of its own."""
    passed = ("debug", "send", "sync_mode", "max_queue_size", "gzip", "timeout", "max_retries")
    common = {"write_key": key, "host": host, "on_error": None}
    common |= {name: OPTIONS[name] for name in passed}
    if dialect is SEGMENT:
        return {**common, "log_handler": None, **dict.fromkeys(OAUTH)}
    paces = {name: OPTIONS[name] for name in ("upload_interval", "upload_size")}
    return {**common, "dataPlaneUrl": host, **paces}


# Every option


@dialects
def test_every_option_at_once(server: Server, dialect: Dialect, proxy: MakeProxy) -> None:
    """`proxies` is the proxy of the test itself: the host behind it is one that is not there."""
    through = proxy()
    person = server.person()
    sender = dialect.sender(
        server.key,
        "http://tuttu.invalid",
        **OPTIONS,
        proxies={"http": through.url},
        **(ONLY_SEGMENT if dialect is SEGMENT else {}),
    )
    said = calls(person)
    sender.say(said)
    sender.client.shutdown()
    assert sender.failures == []
    assert sum(answer["accepted"] for answer in through.answers) == len(said)
    assert len(through.seen) >= len(said) / OPTIONS["upload_size"]
    assert {seen.headers["content-encoding"] for seen in through.seen} == {"gzip"}
    assert_in_the_log_once(server, person, dialect, said)


@dialects
def test_a_client_that_does_not_send(server: Server, dialect: Dialect) -> None:
    person = server.person()
    sender = dialect.sender(server.key, server.url, send=False)
    taken, message = sender.client.track(person, "Song Played")
    sender.client.join()
    assert taken
    assert message["userId"] == person
    assert server.heard(person) == []


@dialects
def test_one_request_for_each_call(server: Server, dialect: Dialect) -> None:
    """`sync_mode`: sent when the method returns, and a refusal is raised to the caller."""
    person = server.person()
    sender = dialect.sender(server.key, server.url, sync_mode=True)
    for call in calls(person):
        sender.say([call])
        assert call.id in ids(server.heard(person))
    assert_in_the_log_once(server, person, dialect, calls(person))
    unknown = dialect.sender("no key of ours", server.url, sync_mode=True)
    with pytest.raises(Exception, match="expected a server key") as refused:
        unknown.say(calls(person))
    assert (refused.value.status, refused.value.code) == (401, "unauthenticated")  # type: ignore[attr-defined]


@dialects
def test_more_than_one_batch(server: Server, dialect: Dialect, proxy: MakeProxy) -> None:
    through = proxy()
    person = server.person()
    sender = dialect.sender(server.key, through.url, upload_size=10)
    said = tracks(person, 95)
    sender.say(said)
    sender.client.shutdown()
    assert len(through.seen) >= 10
    assert_in_the_log_once(server, person, dialect, said)


def test_a_token_instead_of_the_key(server: Server, proxy: MakeProxy, private_key: str) -> None:
    """Segment's OAuth options: a token endpoint of the company's hands out the server key."""
    token = json.dumps({"access_token": server.key, "expires_in": 3_600})
    endpoint, through = proxy(Answer(200, token)), proxy()
    person = server.person()
    sender = SEGMENT.sender(
        "no key of ours",
        through.url,
        oauth_client_id="client",
        oauth_client_key=private_key,
        oauth_key_id="kid",
        oauth_auth_server=endpoint.url,
        oauth_scope="tracking_api:write",
    )
    said = calls(person)
    sender.say(said)
    sender.client.shutdown()
    sender.client.oauth_manager.thread.cancel()
    assert sender.failures == []
    assert {seen.headers["authorization"] for seen in through.seen} == {f"Bearer {server.key}"}
    assert_in_the_log_once(server, person, SEGMENT, said)
