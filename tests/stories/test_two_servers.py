"""Several servers on one database: what one acknowledged, the next decision of another sees."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tuttu.testing import PrivatePostgres
from tuttu.web import answers, socket_path

if TYPE_CHECKING:
    from tests.stories.conftest import Company, Copy, Open
else:
    Company = Copy = Open = Any

pytestmark = pytest.mark.stories

COUNTER = Path(__file__).parent / "counter"
MOMENT = "2026-03-05T09:00:00Z"


@pytest.fixture(scope="module")
def storage(postgres_server: PrivatePostgres) -> tuple[str, str]:
    return ("--storage", postgres_server.create())


@pytest.fixture(scope="module")
def servers(copy: Copy, shared: Open, storage: tuple[str, str]) -> list[Company]:
    """Two of one folder, and one of another folder with the same secret."""
    folder = copy(COUNTER, "counter")
    first = shared(folder, MOMENT, *storage)
    other = copy(COUNTER, "other")
    (other / ".tuttu").mkdir()
    shutil.copy(folder / ".tuttu" / "secret", other / ".tuttu" / "secret")
    return [first, shared(folder, MOMENT, *storage), shared(other, MOMENT, *storage)]


def test_a_decision_sees_what_another_server_acknowledged(
    servers: list[Company], scale: Callable[[int, int], int]
) -> None:
    turns = scale(12, 300)
    for turn in range(turns):
        teller, asker = servers[turn % 3], servers[(turn + 1) % 3]
        said = {"event": "Seen", "userId": "matti", "messageId": f"m{turn}"}
        teller.send(type="track", **said)
        assert asker.ask("POST", "/v1/track", said) == {"success": True, "duplicates": 1}
        context = {"wanted": turn + 1}
        assert asker.decide("matti", "front", context=context)["choices"]
        assert not asker.decide("matti", "front", context={"wanted": turn + 2})["choices"]
    assert len({server.digest() for server in servers}) == 1


def test_all_of_them_tell_of_one_person_at_once(
    servers: list[Company], scale: Callable[[int, int], int]
) -> None:
    turns = scale(15, 300)

    def tell(number: int) -> None:
        for turn in range(turns):
            servers[number].send(
                type="track", event="Seen", userId="maija", messageId=f"{number}-{turn}"
            )

    with ThreadPoolExecutor(len(servers)) as pool:
        list(pool.map(tell, range(len(servers))))
    for server in servers:
        assert server.customer("maija")["traits"]["times_seen"] == len(servers) * turns


def test_the_socket_is_the_first_ones_while_it_lives(
    servers: list[Company], storage: tuple[str, str]
) -> None:
    """To be run last: it kills the first server.

    The commands of a folder speak to one of its servers, and when that has gone they open the
    database themselves: nobody owns it."""
    first, second, _ = servers
    path = socket_path(first.folder)
    assert answers(path)
    digest = first.command("digest")
    first.process.kill()
    first.process.wait()
    assert not answers(path)
    assert second.command("digest", *storage) == digest
    second.command("keys", "add", "another", "--scope", "decide", *storage)
    assert "another" in second.command("keys", "list", *storage)
