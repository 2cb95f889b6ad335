"""What an event costs of somebody with a long history, beside somebody with a short one."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

from tuttu.bench import company, customers
from tuttu.bench.bench import Bench
from tuttu.bench.fixtures import FEW, Fixtures
from tuttu.bench.results import Question, Result, Sample
from tuttu.bench.timing import cpu

TARGET = 1.5
WINDOW = timedelta(days=29)
"""All of the history lies in the window of a trait."""


def run(ground: Fixtures) -> Iterator[Result]:
    many, few = ground.scale.of((10_000, 10), (40, 10))
    question = Question(
        bench="intake.history",
        size={"actions": FEW, "events": many, "beside_events": few},
        unit="µs CPU an event, sent alone",
        target=TARGET,
    )
    numbers = count()
    with ground.desk(ground.project(FEW)) as desk:
        for events in (many, few):
            desk.accept(_view(ground, events, each) for each in range(events))

        def microseconds(events: int) -> float:
            one = ([_view(ground, events, -1 - next(numbers))] for _ in count())
            return 1e6 * cpu(lambda: desk.accept(next(one)), ground.scale.of(10, 1))

        yield ground.measure(question, lambda: Sample(microseconds(many), microseconds(few)))


def _view(ground: Fixtures, events: int, number: int) -> customers.Call:
    """number: below 0, one that comes after the history."""
    when = ground.now - WINDOW * max(0, number) / events
    who = f"reader-{events}"
    return customers.event(who, f"view-{number}", company.VIEW, when, path="/offers/")


BENCH = Bench(
    "intake.history",
    "CPU of an event of somebody with 10,000 events ÷ with 10, at most 1.5",
    run,
)
