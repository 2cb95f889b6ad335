"""A server of ours and a raw echo of bodies as long, asked in turn by the same client."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tuttu.bench import fixtures, load, processes, results

CONNECTIONS = 16
CLIENT = "the client, not the server, was the limit"
Each = Callable[[bytes], None]


class Sides(NamedTuple):
    """requests: without an end. most: of one repeat, so that none is sent twice. length: of the
    answers, in bytes."""

    ours: processes.Server
    echo: processes.Server
    requests: Iterator[bytes]
    echoed: Iterable[bytes]
    most: int
    length: int

    def ask(self, seconds: float, connections: int, each: Each | None = None) -> load.Load:
        most = self.most
        return load.load(
            self.ours, self.requests, connections=connections, seconds=seconds, most=most, each=each
        )

    def ask_echo(self, seconds: float, connections: int) -> load.Load:
        return load.load(self.echo, self.echoed, connections=connections, seconds=seconds)


@contextmanager
def beside_echo(
    ground: fixtures.Fixtures, folder: Path, requests: Iterator[bytes], most: int
) -> Iterator[Sides]:
    """Both warm, one core for them and one for the client."""
    sent, lengths = list(islice(requests, 2 * CONNECTIONS)), list[int]()
    with processes.on_own_core(), processes.serving(folder) as ours:
        load.load(
            ours, sent, seconds=ground.scale.seconds, each=lambda body: lengths.append(len(body))
        )
        length = sorted(lengths)[len(lengths) // 2]
        with processes.echoing(length) as echo:
            sides = Sides(ours, echo, requests, sent * 10_000, most, length)
            sides.ask_echo(ground.scale.seconds / 4, CONNECTIONS)
            yield sides


def cpu_rounds(
    ground: fixtures.Fixtures,
    measurement: results.Measurement,
    sides: Sides,
    each: Each | None = None,
) -> results.Rounds:
    """CPU of the servers for a request, in µs, under all connections."""
    seconds = ground.scale.seconds

    def repeat() -> results.Sample:
        ours, echo = sides.ask(seconds, CONNECTIONS, each), sides.ask_echo(seconds / 2, CONNECTIONS)
        if ours.limited_by_client and CLIENT not in measurement.remarks:
            measurement.remarks.append(CLIENT)
        return results.Sample(ours.cpu_us, echo.cpu_us)

    rounds = ground.rounds(measurement, repeat)
    measurement.remarks.append(f"answers of {sides.length} bytes")
    return rounds
