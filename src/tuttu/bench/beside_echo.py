"""A server of ours and a raw echo of bodies as long, asked in turn by the same client."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tuttu.bench.fixtures import Fixtures
from tuttu.bench.load import Load, load
from tuttu.bench.processes import Server, echoing, on_own_core, serving
from tuttu.bench.results import Question, Rounds, Sample

CONNECTIONS = 16
Each = Callable[[bytes], None]


class Sides(NamedTuple):
    """requests: without an end. most: of one repeat, so that none is sent twice. length: of the
    answers, in bytes."""

    ours: Server
    echo: Server
    requests: Iterator[bytes]
    echoed: Iterable[bytes]
    most: int
    length: int

    def ask(self, seconds: float, connections: int, each: Each | None = None) -> Load:
        most = self.most
        return load(
            self.ours, self.requests, connections=connections, seconds=seconds, most=most, each=each
        )

    def ask_echo(self, seconds: float, connections: int) -> Load:
        return load(self.echo, self.echoed, connections=connections, seconds=seconds)


@contextmanager
def beside_echo(
    ground: Fixtures, folder: Path, requests: Iterator[bytes], most: int
) -> Iterator[Sides]:
    """Both warm, one core for them and one for the client."""
    sent, lengths = list(islice(requests, 2 * CONNECTIONS)), list[int]()
    with on_own_core(), serving(folder) as ours:
        load(ours, sent, seconds=ground.scale.seconds, each=lambda body: lengths.append(len(body)))
        length = sorted(lengths)[len(lengths) // 2]
        with echoing(length) as echo:
            sides = Sides(ours, echo, requests, sent * 10_000, most, length)
            sides.ask_echo(ground.scale.seconds / 4, CONNECTIONS)
            yield sides


def cpu_rounds(
    ground: Fixtures, question: Question, sides: Sides, each: Each | None = None
) -> Rounds:
    """CPU of the servers for a request, in µs, under all connections."""
    seconds = ground.scale.seconds

    def repeat() -> Sample:
        ours, echo = sides.ask(seconds, CONNECTIONS, each), sides.ask_echo(seconds / 2, CONNECTIONS)
        if ours.limited_by_client:
            question.remarks.append("the client, not the server, was the limit")
        return Sample(ours.cpu_us, echo.cpu_us)

    rounds = ground.rounds(question, repeat)
    question.remarks.append(f"answers of {sides.length} bytes")
    return rounds
