"""What an event costs of somebody with a long history, beside somebody with a short one."""

from collections.abc import Iterator
from datetime import timedelta

from tuttu.bench import company, customers, fixtures, results, timing

TARGET = 1.5
WINDOW = timedelta(days=29)
"""All of the history lies in the window of a trait."""


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    many, few = ground.scale.of((10_000, 10), (40, 10))
    measurement = results.Measurement(
        bench="intake.history",
        size={"actions": fixtures.FEW, "events": many, "beside_events": few},
        unit="µs CPU an event, sent alone",
        target=TARGET,
    )
    with ground.desk(ground.empty()) as desk:
        for events in (many, few):
            desk.accept(_view(ground, events, each) for each in range(events))

        def microseconds(events: int) -> float:
            def one() -> None:
                desk.accept([_view(ground, events, -1 - next(ground.numbers))])

            return 1e6 * timing.cpu(one, ground.scale.of(10, 1))

        yield ground.measure(
            measurement, lambda: results.Sample(microseconds(many), microseconds(few))
        )


def _view(ground: fixtures.Fixtures, events: int, number: int) -> customers.Call:
    """number: below 0, one that comes after the history."""
    when = ground.now - WINDOW * max(0, number) / events
    who = f"reader-{events}"
    return customers.event(who, f"view-{number}", company.VIEW, when, path="/offers/")


BENCH = fixtures.Bench(
    "intake.history",
    "CPU of an event of somebody with 10,000 events ÷ with 10, at most 1.5",
    run,
)
