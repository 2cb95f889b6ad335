"""What networks and servers do to requests, and three official clients that send again by
themselves: nothing is lost, nothing comes twice, and what a client gives up on it tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import pytest
from tests.clients.conftest import proxies
from tests.clients.dialects import PYTHON, RUDDER, SEGMENT, Dialect, Sender
from tests.clients.proxying import Answer, Drop, Fault, Hang, Proxy
from tests.clients.speaking import Call, calls, for_node, ids, tracks
from tests.waiting import HANG_SECONDS

if TYPE_CHECKING:
    from tests.clients.conftest import MakeProxy, RunNode, Server

Plan = Sequence[Fault | None]
NODE = "@segment/analytics-node"
CLIENTS = (SEGMENT.name, RUDDER.name, NODE)

NO = json.dumps({"status": 0, "code": "made_up", "message": "made up by the proxy"})
"""A refusal in the shape of ours."""


def refusal(status: int, retry_after: int | None = None) -> Answer:
    return Answer(status, NO, retry_after)


FAULTS: dict[str, Plan] = {
    "500": [refusal(500)],
    "503 with Retry-After": [refusal(503, 1)],
    "429 with Retry-After": [refusal(429, 1)],
    "429": [refusal(429)],
    "a hang": [Hang(committed=False)],
    "a hang after the commit": [Hang(committed=True)],
    "dropped unread": [Drop("unread")],
    "dropped inside the request": [Drop("torn")],
    "dropped after the commit": [Drop("committed")],
    "dropped inside the answer": [Drop("halfway")],
    "several": [refusal(500), Drop("committed")],
}
GIVE_UP_SECONDS = 4
"""After which a client that meets a hang gives up its request. All others wait for their answer."""
COMMITTED = {Hang(committed=True), Drop("committed"), Drop("halfway")}
"""Faults that the server knows nothing of: it has taken what the client believes is lost."""

AGAIN = {408, 410, 429, 460, 500, 502, 503, 504}
FINAL = {400, 401, 403, 404, 413, 422, 501, 505, 511}
STATUSES: dict[str, tuple[set[int], set[int]]] = {
    SEGMENT.name: (AGAIN, FINAL),
    NODE: (AGAIN, FINAL),
    RUDDER.name: (
        {429, 500, 501, 502, 503, 504, 505, 511},
        {400, 401, 403, 404, 408, 410, 413, 422, 460},
    ),
}
"""Of each client: after which answers it sends again, and after which it gives up."""


class Story(NamedTuple):
    """What was said through a proxy with a plan, and what came of it."""

    person: str
    said: list[Call]
    proxy: Proxy
    faults: int

    @property
    def patience(self) -> float:
        """Seconds that the client may wait for an answer."""
        hangs = any(isinstance(fault, Hang) for fault in self.proxy.plan)
        return GIVE_UP_SECONDS if hangs else HANG_SECONDS


class Told(NamedTuple):
    """A story's end: ids of the events that the client says it has given up."""

    story: Story
    given_up: list[str]


class Teller(Protocol):
    """Tells stories by one client, all at once."""

    def __call__(self, stories: Sequence[Story], **options: Any) -> list[list[str]]: ...


def in_python(dialect: Dialect, key: str) -> Teller:
    def tell(stories: Sequence[Story], **options: Any) -> list[list[str]]:
        more = {"upload_size": 6, "upload_interval": 0.3, "max_retries": 10, **options}
        senders = [
            dialect.sender(key, story.proxy.url, **{"timeout": story.patience, **more})
            for story in stories
        ]
        for sender, story in zip(senders, stories, strict=True):
            sender.say(story.said)
        with ThreadPoolExecutor(len(senders)) as pool:
            list(pool.map(lambda sender: sender.client.shutdown(), senders))
        return [given_up(sender) for sender in senders]

    return tell


def given_up(sender: Sender) -> list[str]:
    return sorted(call["messageId"] for _, batch in sender.failures for call in batch)


def in_node(run_node: RunNode, key: str) -> Teller:
    def tell(stories: Sequence[Story], **options: Any) -> list[list[str]]:
        settings: dict[str, Any] = {
            "writeKey": key,
            "flushAt": options.get("upload_size", 6),
            "flushInterval": 300,
            "maxRetries": options.get("max_retries", 10),
        }
        jobs: list[dict[str, Any]] = [
            {
                "settings": {
                    **settings,
                    "host": story.proxy.url,
                    "httpRequestTimeout": 1_000 * story.patience,
                },
                "calls": for_node(story.said),
            }
            for story in stories
        ]
        ends = run_node("stories.mjs", jobs)
        for story, end in zip(stories, ends, strict=True):
            told = [*end["delivered"], *(each["id"] for each in end["failed"])]
            assert sorted(told) == sorted(call.id for call in story.said)
        return [sorted(each["id"] for each in end["failed"]) for end in ends]

    return tell


@pytest.fixture(scope="module")
def tellers(server: Server, run_node: RunNode) -> dict[str, Teller]:
    ours = {dialect.name: in_python(dialect, server.key) for dialect in PYTHON}
    return {**ours, NODE: in_node(run_node, server.key)}


@pytest.fixture(scope="module")
def module_proxy(server: Server) -> Iterator[MakeProxy]:
    with proxies(server.url) as making:
        yield making


Begin = Callable[[Plan, int], Story]


@pytest.fixture(scope="module")
def begin(server: Server, module_proxy: MakeProxy) -> Begin:
    """A story of all calls, or of so many track calls."""

    def beginning(plan: Plan, number: int = 0) -> Story:
        person = server.person()
        said = tracks(person, number) if number else calls(person)
        return Story(person, said, module_proxy(*plan), len(plan))

    return beginning


Ends = dict[str, Told]


@pytest.fixture(scope="module", params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def ends(client: str, tellers: dict[str, Teller], begin: Begin) -> Ends:
    """Every fault and every status, told at once: the clients' waits overlap."""
    again, final = STATUSES[client]
    plans = FAULTS | {str(status): [refusal(status)] for status in sorted(again | final)}
    stories = {name: begin(plan, 0) for name, plan in plans.items()}
    told = tellers[client](list(stories.values()))
    pairs = zip(stories.items(), told, strict=True)
    return {name: Told(story, given_up) for (name, story), given_up in pairs}


def assert_all_in_the_log_once(server: Server, story: Story) -> None:
    assert ids(server.heard(story.person)) == sorted(call.id for call in story.said)


@pytest.mark.parametrize("fault", FAULTS)
def test_sent_again_and_taken_once(server: Server, ends: Ends, fault: str) -> None:
    story, given_up = ends[fault]
    assert given_up == []
    assert not story.proxy.plan
    assert_all_in_the_log_once(server, story)
    assert sum(answer.get("accepted", 0) for answer in story.proxy.answers) == len(story.said)


@pytest.mark.parametrize("fault", [name for name, plan in FAULTS.items() if {*plan} & COMMITTED])
def test_the_second_sending_was_known(ends: Ends, fault: str) -> None:
    """The worst case did happen: committed, and never answered. On a slow machine a client that has
    lost its patience with a hang may lose it once more, and say what is known a second time."""
    proxy = ends[fault].story.proxy
    unheard = [each.answer["accepted"] for each in proxy.seen if each.fault in COMMITTED]
    assert sum(unheard) > 0
    assert sum(answer.get("duplicates", 0) for answer in proxy.answers) >= sum(unheard)


@pytest.mark.parametrize("status", sorted(AGAIN | FINAL))
def test_what_each_client_does_at_a_status(
    server: Server, client: str, ends: Ends, status: int
) -> None:
    again, final = STATUSES[client]
    story, given_up = ends[str(status)]
    if status in again:
        assert given_up == []
        assert_all_in_the_log_once(server, story)
    else:
        assert status in final
        refused = [seen for seen in story.proxy.seen if seen.answer is None]
        assert len(refused) == 1
        dropped = {call.id for call in story.said} - set(ids(server.heard(story.person)))
        assert dropped
        assert given_up == sorted(dropped)


@pytest.mark.fuzz
def test_batches_through_a_bad_network(
    server: Server,
    client: str,
    tellers: dict[str, Teller],
    begin: Begin,
    seed: int,
    scale: Callable[[int, int], int],
) -> None:
    """Many batches, a random fault for every second one; events of all batches are there once."""
    chance = Random(f"{seed} {client}")
    faults = [fault for plan in FAULTS.values() for fault in plan]
    stories = []
    for _ in range(scale(2, 40)):
        plan = [each for _ in range(6) for each in (chance.choice(faults), None)]
        stories.append(begin(plan, 60))
    told = tellers[client](stories, upload_size=5)
    assert told == [[] for _ in stories]
    for story in stories:
        assert not story.proxy.plan
        assert_all_in_the_log_once(server, story)


def test_what_was_given_up_can_be_sent_later(
    server: Server, client: str, tellers: dict[str, Teller], begin: Begin, module_proxy: MakeProxy
) -> None:
    """A client whose patience is at its end tells what it gave up; whoever sends it again sends
    it once, though it had been committed at the first try."""
    story = begin([Drop("committed"), refusal(500)], 0)
    [given_up] = tellers[client]([story], max_retries=1)
    assert given_up == sorted(call.id for call in story.said)
    later = story._replace(proxy=module_proxy())
    assert tellers[client]([later]) == [[]]
    assert_all_in_the_log_once(server, story)
    assert [answer.get("duplicates", 0) for answer in later.proxy.answers] == [len(story.said)]


def test_a_key_that_opens_nothing_is_final(
    client: str, begin: Begin, run_node: RunNode, server: Server
) -> None:
    story = begin([], 0)
    dialects = {dialect.name: dialect for dialect in PYTHON}
    wrong = "no key of ours"
    teller = in_node(run_node, wrong) if client == NODE else in_python(dialects[client], wrong)
    [given_up] = teller([story], max_retries=2)
    assert given_up == sorted(call.id for call in story.said)
    assert [seen.answer["code"] for seen in story.proxy.seen] == ["unauthenticated"]
    assert server.heard(story.person) == []
