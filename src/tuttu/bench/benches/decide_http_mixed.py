"""How long decisions wait while one batch of events is taken in, beside when there is none."""

import asyncio
import time
from collections.abc import Iterator
from itertools import count, islice

import uvloop

from tuttu.bench import company, customers
from tuttu.bench.bench import Bench
from tuttu.bench.fixtures import FEW, Fixtures
from tuttu.bench.load import Timed, drive, load, percentile
from tuttu.bench.processes import Server, on_own_core, serving
from tuttu.bench.results import Question, Result, Sample

CONNECTIONS = 16
TARGET = 5.0


def run(ground: Fixtures) -> Iterator[Result]:
    scale, numbers = ground.scale, count()
    events, seconds = scale.of(2_000, 60), scale.seconds
    most = scale.customers // (2 * scale.rounds * scale.repeats)
    question = Question(
        bench="decide.http.mixed",
        size={"actions": FEW, "events": events, "connections": CONNECTIONS},
        unit="ms until the answer, p99",
        target=TARGET,
    )
    folder, requests = ground.project(FEW), ground.decisions()
    with on_own_core(), serving(folder) as ours:
        load(ours, requests, seconds=seconds / 4, most=most)

        def repeat() -> Sample:
            alone = load(ours, requests, seconds=seconds, most=most).percentile(0.99)
            batch, asked = _batch(ground, events, next(numbers)), islice(requests, most)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                mixed = runner.run(_mixed(ours, asked, batch, seconds))
            return Sample(percentile(mixed, 0.99), alone)

        yield ground.measure(question, repeat)


async def _mixed(
    server: Server, asked: Iterator[bytes], batch: bytes, seconds: float
) -> list[float]:
    """Of the decisions that waited at any moment of the batch, how long; in seconds."""
    until = time.monotonic() + seconds
    deciding = asyncio.create_task(drive(server, asked, CONNECTIONS, until))
    await asyncio.sleep(seconds / 10)
    (taken,) = await drive(server, iter([batch]), 1, time.monotonic() + seconds)
    return [each.took for each in await deciding if _meet(each, taken)]


def _meet(one: Timed, other: Timed) -> bool:
    return one.sent < other.sent + other.took and other.sent < one.sent + one.took


def _batch(ground: Fixtures, events: int, number: int) -> bytes:
    """Of customers in turn, none of them sent before."""
    calls = [
        customers.event(
            customers.user(each % ground.scale.customers),
            f"mixed-{number}-{each}",
            company.VIEW,
            ground.now,
            path="/offers/",
        )
        for each in range(events)
    ]
    return ground.request("/v1/batch", customers.body_of(calls))


BENCH = Bench(
    "decide.http.mixed",
    "decisions while a batch of 2,000 events comes: p99 ÷ without it, at most 5",
    run,
)
