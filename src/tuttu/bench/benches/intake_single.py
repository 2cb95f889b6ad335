"""Single track calls over HTTP, durable, with their key checked: CPU beside the echo's."""

from collections.abc import Iterator
from itertools import count

import msgspec

from tuttu.bench import company, customers
from tuttu.bench.bench import Bench
from tuttu.bench.beside_echo import CONNECTIONS, beside_echo, cpu_rounds
from tuttu.bench.fixtures import FEW, Fixtures
from tuttu.bench.results import Question, Result

TARGET = 4.5


def run(ground: Fixtures) -> Iterator[Result]:
    question = Question(
        bench="intake.single",
        size={"actions": FEW, "connections": CONNECTIONS},
        unit="µs CPU of the server",
        target=TARGET,
    )
    most = ground.scale.of(1_000_000, 100)
    with beside_echo(ground, ground.project(FEW), _calls(ground), most) as sides:
        yield question.answer(cpu_rounds(ground, question, sides))


def _calls(ground: Fixtures) -> Iterator[bytes]:
    """Of customers in turn, each with an id of its own."""
    for number in count():
        who = customers.user(number % ground.scale.customers)
        call = customers.event(who, f"single-{number}", company.VIEW, ground.now, path="/offers/")
        yield ground.request("/v1/track", msgspec.json.encode(call))


BENCH = Bench(
    "intake.single", "single events over HTTP, durable: CPU ÷ a raw echo's, at most 4.5", run
)
