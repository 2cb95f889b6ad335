"""The disk is full: refused with what to do, nothing by half, and taken up again by itself.

A real disk of a few megabytes, where the kernel lets us mount one; and a limit on the size of
files, which every system has.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from tests.kills.books import Books
from tests.kills.senders import DESCRIBED, Diary, Request, Wire, settle
from tests.kills.server import SCOPES, SERVE, Server, project

from tuttu.engine import open_engine
from tuttu.web import SystemClock

if TYPE_CHECKING:
    from tests.kills.conftest import Serving
else:
    Serving = Any

pytestmark = pytest.mark.kills

HERE = Path(__file__).parent
EMBEDDED = "sqlite:.tuttu/store.db"
OWN_MOUNTS = ("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child")
MEGABYTES = "8"
Asked = tuple[str, str, dict[str, Any] | None]
WORKS: tuple[Asked, ...] = (
    ("GET", "/healthz", None),
    ("GET", "/v1/openapi.json", None),
    ("GET", "/v1/resources", None),
    ("GET", "/v1/resources/letters", None),
    ("GET", "/v1/dead-letters", None),
    ("GET", "/v1/keys", None),
    ("GET", "/v1/digest", None),
    ("GET", "/v1/funnel?surfaces=call", None),
    ("POST", "/v1/decide", {"who": {"user_id": "u1"}, "surfaces": ["call"], "dry_run": True}),
)
"""What writes nothing goes on."""
REFUSED: tuple[Asked, ...] = (
    ("GET", "/readyz", None),
    ("GET", "/v1/customers/u1", None),
    ("GET", "/v1/customers/u1/timeline", None),
    ("POST", "/v1/explain", {"who": {"user_id": "u1"}, "surfaces": ["call"]}),
    ("PUT", "/v1/resources/letters", {"amount": 7}),
    ("POST", "/v1/keys", {"name": "another", "scopes": ["ingest"]}),
)
"""What writes, if only that somebody looked at a person."""


FEW = 4


class Disk(Protocol):
    """Where the store lies."""

    server: Server

    def fill(self) -> None: ...

    def free(self) -> None: ...

    def end(self) -> None:
        """The server stops; the store lies in the project's folder then."""


class SmallDisk:
    """A file system in memory, mounted for the server alone."""

    def __init__(self, folder: Path, serving: Serving) -> None:
        runner = (sys.executable, str(HERE / "small_disk.py"), str(folder), MEGABYTES)
        self.server = serving(folder, (*OWN_MOUNTS, *runner, *SERVE))

    def fill(self) -> None:
        self.server.tell("fill")

    def free(self) -> None:
        self.server.tell("free")

    def end(self) -> None:
        self.server.tell("end")


class LimitedFiles:
    """No file of the server may grow any more; the kernel says so to each write."""

    def __init__(self, folder: Path, serving: Serving) -> None:
        self.server = serving(folder)
        self._log = folder / ".tuttu" / "store.db-wal"

    def fill(self) -> None:
        self._limit(self._log.stat().st_size)

    def free(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def end(self) -> None:
        self.server.end()

    def _limit(self, size: int) -> None:
        assert self.server.process is not None
        limits = (size, resource.RLIM_INFINITY)
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, limits)


def mounts_are_allowed() -> bool:
    if shutil.which("unshare") is None:
        return False
    mount = ("mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt")
    return subprocess.run([*OWN_MOUNTS, *mount], check=False, capture_output=True).returncode == 0


WAYS: list[type[Any]] = [LimitedFiles, *([SmallDisk] if mounts_are_allowed() else [])]


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def disk(request: pytest.FixtureRequest, tmp_path: Path, serving: Serving) -> Disk:
    folder = project(tmp_path / "o", EMBEDDED)
    with closing(open_engine(folder, clock=SystemClock())) as engine:
        key = engine.keyring.issue("sender", SCOPES)
    disk: Disk = request.param(folder, serving)
    disk.server.key = key
    disk.server.start()
    return disk


def told(number: int) -> Iterator[Request]:
    """One of each kind of request that writes."""
    who = {"userId": f"u{number % 4}"}
    described = {**who, "type": "identify", "messageId": f"i{number}", "traits": DESCRIBED}
    yield Request("/v1/identify", described, ids=(f"i{number}",))
    seen = {**who, "type": "track", "event": "Usage Report Viewed"}
    yield Request("/v1/track", {**seen, "messageId": f"t{number}"}, ids=(f"t{number}",))
    wrong = {**who, "type": "track", "messageId": f"w{number}"}
    calls = [{**seen, "messageId": f"b{number}.{each}"} for each in range(3)]
    ids = tuple(call["messageId"] for call in calls)
    yield Request("/v1/batch", {"batch": [*calls, wrong]}, ids=ids)
    asked = {"who": {"user_id": who["userId"]}, "surfaces": ["call"]}
    yield Request("/v1/decide", asked, key=f"key-{number}")


def acknowledge(wire: Wire, diary: Diary, requests: Iterator[Request]) -> None:
    for request in requests:
        diary.begins(request)
        status, answer = wire.ask(request)
        assert status == 200, answer
        diary.acknowledged(request, answer)


def refuse(wire: Wire, diary: Diary, requests: Iterator[Request]) -> None:
    """Each is refused with what is wrong, what to do, and when to come again."""
    for request in requests:
        diary.begins(request)
        assert_unavailable(wire, *wire.ask(request))


def assert_unavailable(wire: Wire, status: int, answer: Any) -> None:
    assert (status, answer.get("code")) == (503, "unavailable"), answer
    assert answer["detail"].startswith("the store cannot be used now: its disk ")
    assert answer["message"] == answer["detail"]
    assert 1 <= int(wire.headers["retry-after"]) <= 60
    assert wire.headers["content-type"] == "application/problem+json"


def test_refused_with_what_to_do_and_taken_up_again(
    disk: Disk, scale: Callable[[int, int], int]
) -> None:
    server, diary, turns = disk.server, Diary(), scale(4, 40)
    with closing(Wire(server.url, server.key)) as wire:
        # So few that the log only grows: after a checkpoint it is written again from its
        # beginning, where there is room however full the disk is.
        for number in range(FEW):
            acknowledge(wire, diary, told(number))
        disk.fill()
        for number in range(FEW, FEW + turns):
            refuse(wire, diary, told(number))
        for asked in WORKS:
            assert wire.say(*asked)[0] == 200, asked
        for asked in REFUSED:
            assert_unavailable(wire, *wire.say(*asked))
        disk.free()
        settle(diary, server.url, server.key)
        acknowledge(wire, diary, told(FEW + turns))
        assert wire.say("GET", "/readyz")[0] == 200
        views = {
            who: wire.get(f"/v1/customers/{who}")["traits"]["report_views_30d"]
            for who in diary.views
        }
    assert views == diary.views
    disk.end()
    as_told(server.folder, diary)


def as_told(folder: Path, diary: Diary) -> None:
    """The store holds what was acknowledged, each of it once, and nothing else."""
    with closing(Books(folder / ".tuttu" / "secret")) as books:
        books.read(EMBEDDED, folder)
        assert not books.broken()
        events = books.ask("SELECT id FROM facts WHERE kind = 'event'")
        assert sorted(events) == sorted((name,) for name in diary.events)
        receipts = books.ask("SELECT id FROM facts WHERE kind = 'receipt'")
        answered = {answer["decision_id"] for answer in diary.decisions.values()}
        assert sorted(receipts) == sorted((name,) for name in answered)
        letters = books.ask("SELECT id FROM facts WHERE kind = 'dead_letter'")
        assert sorted(letters) == sorted((name,) for name in diary.letters)


def test_a_store_that_was_deleted_acknowledges_nothing(tmp_path: Path, serving: Serving) -> None:
    """What is written to a deleted file would be acknowledged and lost with the process."""
    folder = project(tmp_path / "o", EMBEDDED)
    server, diary = serving(folder), Diary()
    server.start()
    server.issue_key()
    with closing(Wire(server.url, server.key)) as wire:
        acknowledge(wire, diary, told(0))
        for name in ("store.db-wal", "store.db"):
            kept = (folder / ".tuttu" / name).rename(tmp_path / name)
            for number, method in enumerate(("track", "track")):
                call = {"event": "Seen", "userId": "u", "messageId": f"{name}{number}"}
                status, answer = wire.say("POST", f"/v1/{method}", call)
                assert (status, answer.get("code")) == (503, "unavailable")
                assert "deleted or replaced" in answer["detail"]
            assert wire.say("GET", "/v1/resources")[0] == 503
            kept.rename(folder / ".tuttu" / name)
            acknowledge(wire, diary, told(len(name)))
    server.end()
    as_told(folder, diary)
