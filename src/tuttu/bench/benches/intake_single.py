"""Single track calls over HTTP, durable, with their key checked: CPU beside the echo's."""

from collections.abc import Iterator
from itertools import count

import msgspec

from tuttu.bench import beside_echo, customers, fixtures, results

TARGET = 4.5


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    measurement = results.Measurement(
        bench="intake.single",
        size={"actions": fixtures.FEW, "connections": beside_echo.CONNECTIONS},
        unit="µs CPU of the server",
        target=TARGET,
    )
    most = ground.scale.of(1_000_000, 100)
    with beside_echo.beside_echo(
        ground, ground.project(fixtures.FEW), _calls(ground), most
    ) as sides:
        yield measurement.answer(beside_echo.cpu_rounds(ground, measurement, sides))


def _calls(ground: fixtures.Fixtures) -> Iterator[bytes]:
    for first in count():
        for call in customers.views(first, 1, ground.scale.customers, ground.now):
            yield ground.request("/v1/track", msgspec.json.encode(call))


BENCH = fixtures.Bench(
    "intake.single", "single events over HTTP, durable: CPU ÷ a raw echo's, at most 4.5", run
)
