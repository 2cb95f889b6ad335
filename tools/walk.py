"""How far one request goes through our own code: calls, files, rooms, depth.

Four requests go through the real ASGI application in this process, over a copy of the operator
example with its demonstration events, in an embedded store on disk, with `local` rights (no key):

    event     POST /v1/track: an opened ticket, the first of a customer of whom little is known
    decision  POST /v1/decide for the same customer, not for the first time: 7 candidates
    explain   POST /v1/explain of the same question
    reload    POST /v1/project/reload after one message was changed

Each is made `ROUNDS` times, every round for a customer of its own with the same history; the last
is counted. Counted is what `sys.setprofile` reports as "call" in any thread for code of a file
below `src/tuttu`, from the first such frame to the answer:

    calls     each beginning of a function, method, property, lambda, coroutine or generator, and
              each time that one of them goes on after it waited or yielded; comprehensions and
              generator expressions are functions too (Python 3.11 makes frames for them; from 3.12
              only generator expressions have one, so fewer calls are found there). Not counted:
              what no Python frame stands for (C, msgspec) or whose code has no file (what
              `dataclass` writes), and libraries, also where they call us back
    files     different files of the counted calls
    rooms     different first-level packages of tuttu among them
    depth     the most frames of ours on one thread's stack at a counted call; frames of libraries
              between them do not count. Slow requests work in a thread, whose stack begins again

    python -m tools.walk [--report | --list WALK | --tree WALK]

Ends with 1 when a gate is exceeded, unless asked for a report, a list or a tree.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType

import httpx

import tuttu
from tuttu.engine import open_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import parse_instant
from tuttu.web import create_app

SOURCE = Path(tuttu.__file__).parent
EXAMPLE = SOURCE / "examples" / "operator"
ROUNDS = 3
MOMENT = "2026-03-02T09:15:00+02:00"
SURFACE = "front.hero"
CANDIDATES = 7


@dataclass(frozen=True)
class Most:
    """The most that a walk may have."""

    calls: int
    files: int
    depth: int

    def __str__(self) -> str:
        return f"{self.calls:,} / {self.files} / {self.depth}"


GATES = {"event": Most(350, 35, 20), "decision": Most(1_130, 82, 22)}
GOALS = {"decision": Most(600, 45, 18)}
NAMES = ("event", "decision", "explain", "reload")

Way = tuple[int, ...]
"""Our frames from the outermost to the one that was called, each as the id of its code."""


@dataclass
class Walk:
    """What was called during one request, by the way that led there, in the order first met."""

    codes: dict[int, CodeType]
    ways: Counter[Way] = field(default_factory=Counter)

    @property
    def calls(self) -> int:
        return self.ways.total()

    @property
    def files(self) -> int:
        return len({self.codes[way[-1]].co_filename for way in self.ways})

    @property
    def rooms(self) -> int:
        return len({_place(self.codes[way[-1]]).parts[0] for way in self.ways})

    @property
    def depth(self) -> int:
        return max(map(len, self.ways), default=0)

    def within(self, most: Most) -> bool:
        found = (self.calls, self.files, self.depth)
        return all(map(int.__le__, found, (most.calls, most.files, most.depth)))


Walks = Mapping[str, Walk]
"""By name."""


class Counting:
    """Counts in every thread that was started under `profiled`, while there is a `walk`."""

    def __init__(self) -> None:
        self.codes: dict[int, CodeType] = {}
        self.walk: Walk | None = None
        self._strange: dict[int, CodeType] = {}

    @contextmanager
    def profiled(self) -> Iterator[None]:
        before = sys.getprofile(), threading.getprofile()
        threading.setprofile(self._met)
        sys.setprofile(self._met)
        try:
            yield
        finally:
            sys.setprofile(before[0])
            threading.setprofile(before[1])

    def _met(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call" and self._ours(frame.f_code) and self.walk is not None:
            self.walk.ways[self._way(frame)] += 1

    def _way(self, frame: FrameType) -> Way:
        way = []
        outer: FrameType | None = frame
        while outer is not None:
            identity = id(outer.f_code)
            if identity in self.codes:
                way.append(identity)
            outer = outer.f_back
        return tuple(reversed(way))

    def _ours(self, code: CodeType) -> bool:
        """Both kinds are kept, so that no other code takes over an id."""
        if id(code) in self.codes:
            return True
        if id(code) in self._strange:
            return False
        ours = Path(code.co_filename).is_relative_to(SOURCE)
        (self.codes if ours else self._strange)[id(code)] = code
        return ours


class CountedClient:
    """A client of the application. walks: what is counted, by name; what is not there is not."""

    def __init__(self, client: httpx.AsyncClient, counting: Counting) -> None:
        self._client = client
        self._counting = counting

    async def post(
        self, path: str, body: object = None, walk: Walk | None = None
    ) -> httpx.Response:
        self._counting.walk = walk
        response = await self._client.post(path, json=body)
        self._counting.walk = None
        return response.raise_for_status()

    async def demonstrate(self, folder: Path) -> None:
        """The example's own events go in."""
        lines = (folder / "demo" / "events.jsonl").read_bytes().splitlines()
        body = b'{"batch":[' + b",".join(line for line in lines if line.strip()) + b"]}"
        (await self._client.post("/v1/batch", content=body)).raise_for_status()

    async def ask(self, number: int, walks: Walks) -> None:
        """One round, for a customer of its own."""
        who = f"walk-{number}"
        said = {"has_broadband": True, "has_tv": False, "churn_risk": 0.1}
        identified = {
            "messageId": f"{who}-told",
            "userId": who,
            "timestamp": MOMENT,
            "traits": said,
        }
        ticket = {"ticket_id": f"T-{number}", "status": "open", "topic": "no connection"}
        opened = {
            "messageId": f"{who}-opened",
            "userId": who,
            "timestamp": MOMENT,
            "event": "Ticket Opened",
            "properties": ticket,
        }
        question = {"who": {"user_id": who}, "surfaces": [SURFACE]}
        asked = {**question, "refused": False}  # as with a key: on the socket it is told
        await self.post("/v1/identify", identified)
        await self.post("/v1/track", opened, walks.get("event"))
        await self.post("/v1/decide", asked)
        await self.post("/v1/decide", asked, walks.get("decision"))
        explained = await self.post("/v1/explain", question, walks.get("explain"))
        _expect_candidates(explained)

    async def reload(self, folder: Path, number: int, walks: Walks) -> None:
        (folder / "content" / "welcome.web.en.liquid").write_text(f"Welcome {number}\n")
        await self.post("/v1/project/reload", walk=walks.get("reload"))


def _expect_candidates(response: httpx.Response) -> None:
    answer = response.json()
    found = len({each["action"] for each in [*answer["choices"], *answer["refused"]]})
    if found != CANDIDATES:
        raise ValueError(f"{SURFACE}: found {found} candidates; expected {CANDIDATES}")


async def _walked(folder: Path, counting: Counting) -> Walks:
    clock = ManualClock(parse_instant(MOMENT) or 0)
    walks = {name: Walk(counting.codes) for name in NAMES}
    rounds = [*({} for _ in range(ROUNDS - 1)), walks]
    with closing(open_engine(folder, clock=clock, storage="sqlite:.tuttu/store.db")) as engine:
        transport = httpx.ASGITransport(app=create_app(engine, local=True))
        async with httpx.AsyncClient(transport=transport, base_url="http://tuttu") as client:
            counted_client = CountedClient(client, counting)
            await counted_client.demonstrate(folder)
            for number, counted in enumerate(rounds):
                await counted_client.ask(number, counted)
            for number, counted in enumerate(rounds):
                await counted_client.reload(folder, number, counted)
    return walks


def walked() -> Walks:
    """The four walks, by name."""
    counting = Counting()
    with tempfile.TemporaryDirectory(prefix="tuttu-walk-") as parent, counting.profiled():
        folder = Path(parent) / EXAMPLE.name
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".tuttu"))
        return asyncio.run(_walked(folder, counting))


def table(walks: Walks) -> Iterator[str]:
    yield f"{'':10}{'calls':>9}{'files':>7}{'rooms':>7}{'depth':>7}"
    for name in NAMES:
        walk = walks[name]
        row = f"{name:10}{walk.calls:>9,}{walk.files:>7}{walk.rooms:>7}{walk.depth:>7}"
        yield f"{row}   {_judged(name, walk)}".rstrip()


def _judged(name: str, walk: Walk) -> str:
    """Of calls, files and depth: the gate, whether it holds, the goal."""
    said = []
    if name in GATES:
        verdict = "within" if walk.within(GATES[name]) else "EXCEEDS"
        said.append(f"{verdict} {GATES[name]}")
    if name in GOALS:
        said.append(f"goal {GOALS[name]}")
    return ", ".join(said)


def listed(walk: Walk) -> Iterator[str]:
    """Files by their calls, and below each its functions."""
    functions: Counter[int] = Counter()
    files: Counter[Path] = Counter()
    for way, count in walk.ways.items():
        functions[way[-1]] += count
        files[_place(walk.codes[way[-1]])] += count
    for place, total in files.most_common():
        yield f"{total:>7,}  {place}"
        for identity, count in functions.most_common():
            code = walk.codes[identity]
            if _place(code) == place:
                yield f"{count:>15,}  {code.co_firstlineno}: {code.co_qualname}"


def tree(walk: Walk) -> Iterator[str]:
    """Who called whom, indented; calls that came the same way are one line with their number.

    What only went on after a wait was called by what woke it, and stands there once more.
    """
    children: dict[Way, list[Way]] = {}
    for way in walk.ways:
        children.setdefault(way[:-1], []).append(way)
    waiting = list(reversed(children.get((), [])))
    while waiting:
        way = waiting.pop()
        code = walk.codes[way[-1]]
        place = f"{_place(code)}:{code.co_firstlineno}"
        yield f"{walk.ways[way]:>7,}  {'  ' * (len(way) - 1)}{code.co_qualname}  {place}"
        waiting.extend(reversed(children.get(way, [])))


def _place(code: CodeType) -> Path:
    return Path(code.co_filename).relative_to(SOURCE)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--report", action="store_true", help="tell, and let pass what exceeds")
    shown.add_argument("--list", choices=NAMES, help="the calls of one walk by file and function")
    shown.add_argument("--tree", choices=NAMES, help="who called whom in one walk")
    given = parser.parse_args(arguments)
    walks = walked()
    if given.list or given.tree:
        found = listed(walks[given.list]) if given.list else tree(walks[given.tree])
        print(*found, sep="\n")
        return 0
    print(*table(walks), sep="\n")
    return 0 if given.report or all(walks[name].within(GATES[name]) for name in GATES) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
