"""A server whose disk takes nothing for a while: it says so, and clients bring it all later."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from tests.clients.conftest import proxies, serving
from tests.clients.dialects import PYTHON
from tests.clients.speaking import calls, for_node, ids

if TYPE_CHECKING:
    from tests.clients.conftest import RunNode, Server
    from tests.clients.proxying import Proxy

NODE = "@segment/analytics-node"


def may_write(server: Server, size: int) -> None:
    """Bounds the size of files that the running server may write."""
    _, most = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, most))


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("s") / "corner") as running:
        yield running


def test_taken_up_again_without_a_restart(own_server: Server, run_node: RunNode) -> None:
    """All three clients at once send to a server that cannot write, hear 503 with Retry-After,
    and bring everything when it can write again."""
    people = {name: own_server.person() for name in (*(each.name for each in PYTHON), NODE)}
    with proxies(own_server.url) as making, ThreadPoolExecutor() as pool:
        doors = {name: making() for name in people}
        may_write(own_server, 0)
        event = {"userId": "somebody", "event": "Song Played"}
        refused = own_server.client.post("/v1/track", json=event)
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        senders = [
            pool.submit(say, own_server, run_node, name, people[name], doors[name])
            for name in people
        ]
        for door in doors.values():
            door.wait_for_requests(1)
        may_write(own_server, resource.RLIM_INFINITY)
        assert [sender.result() for sender in senders] == [[], [], []]
    for name, person in people.items():
        assert ids(own_server.heard(person)) == sorted(call.id for call in calls(person))
        first, *_, last = doors[name].answers
        assert first["code"] == "unavailable"
        assert last["success"]


def say(server: Server, run_node: RunNode, name: str, person: str, door: Proxy) -> list[Any]:
    """Failures that the client told of: there must be none."""
    if name == NODE:
        settings = {"writeKey": server.key, "host": door.url, "flushAt": 6, "maxRetries": 10}
        [end] = run_node("stories.mjs", [{"settings": settings, "calls": for_node(calls(person))}])
        failed: list[Any] = end["failed"]
        return failed
    [dialect] = [each for each in PYTHON if each.name == name]
    sender = dialect.sender(server.key, door.url, max_retries=10)
    sender.say(calls(person))
    sender.client.shutdown()
    return sender.failures
