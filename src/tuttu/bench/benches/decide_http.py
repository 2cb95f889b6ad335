"""A decision over HTTP, durable, with its key checked: CPU of the server beside the echo's.

One surface, one slot, exploration 5 %, a message with three values. Each customer is asked in turn.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tuttu.bench.answers import Answers
from tuttu.bench.bench import Bench
from tuttu.bench.fixtures import Fixtures
from tuttu.bench.load import load
from tuttu.bench.processes import Server, echoing, on_own_core, serving
from tuttu.bench.results import Question, Result, Sample

TARGETS = {12: 30.0, 2_500: 40.0}
"""By actions."""
CONNECTIONS = 16


class Sides(NamedTuple):
    """The two servers, and what they are asked. most: requests of one repeat, so that no customer
    is asked twice."""

    ours: Server
    echo: Server
    requests: Iterator[bytes]
    echoed: Iterator[bytes]
    most: int


def run(ground: Fixtures) -> Iterator[Result]:
    for actions in ground.scale.sizes:
        folder, requests = ground.project(actions), ground.decisions()
        most = ground.scale.customers // (2 * ground.scale.rounds * ground.scale.repeats + 2)
        with on_own_core(), serving(folder) as ours:
            warm = Answers()
            load(ours, requests, seconds=ground.scale.seconds, most=most, each=warm)
            with echoing(warm.bytes) as echo:
                sides = Sides(ours, echo, requests, ground.decisions(), most)
                load(echo, sides.echoed, seconds=ground.scale.seconds / 4)
                yield _many(ground, actions, sides)
                yield _one(ground, actions, sides)


def _many(ground: Fixtures, actions: int, sides: Sides) -> Result:
    question = Question(
        bench="decide.http",
        size={"actions": actions, "candidates": 2 * actions, "connections": CONNECTIONS},
        unit="µs CPU of the server",
        target=TARGETS.get(actions),
    )
    answers, seconds = Answers(), ground.scale.seconds

    def repeat() -> Sample:
        ours = load(sides.ours, sides.requests, seconds=seconds, most=sides.most, each=answers)
        echo = load(sides.echo, sides.echoed, seconds=seconds / 2)
        if ours.limited_by_client:
            question.remarks.append("the client, not the server, was the limit")
        return Sample(ours.cpu_us, echo.cpu_us)

    rounds = ground.rounds(question, repeat)
    answers.tell(question)
    return question.answer(rounds)


def _one(ground: Fixtures, actions: int, sides: Sides) -> Result:
    """One connection: what somebody waits for who is alone."""
    question = Question(
        bench="decide.http",
        size={"actions": actions, "candidates": 2 * actions, "connections": 1},
        unit="ms until the answer",
    )

    def repeat() -> Sample:
        seconds, most = ground.scale.seconds / 2, sides.most
        ours = load(sides.ours, sides.requests, connections=1, seconds=seconds, most=most)
        echo = load(sides.echo, sides.echoed, connections=1, seconds=seconds / 2)
        return Sample(ours.percentile(0.5), echo.percentile(0.5))

    return ground.measure(question, repeat)


BENCH = Bench(
    "decide.http",
    "decisions over HTTP, durable: CPU ÷ a raw echo's with bodies as long",
    run,
)
