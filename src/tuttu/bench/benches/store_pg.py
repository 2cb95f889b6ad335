"""Decisions and intake on PostgreSQL, beside the same on SQLite; both durable, by the clock."""

from collections.abc import Callable, Iterator
from itertools import count

from tuttu.bench import company, customers
from tuttu.bench.bench import Bench
from tuttu.bench.benches.intake_batch import BATCH, send
from tuttu.bench.fixtures import FEW, Desk, Fixtures
from tuttu.bench.results import Question, Result, Sample
from tuttu.bench.timing import wall

TARGET = 2.0
CUSTOMERS = 500


def run(ground: Fixtures) -> Iterator[Result]:
    questions = {
        work: Question(
            bench="store.pg",
            size={"actions": FEW, "work": work},
            unit=f"ms {unit}, by the clock",
            target=TARGET,
        )
        for work, unit in (("decide", "a decision"), ("intake", "a batch of 100 events"))
    }
    if ground.postgres is None:
        for question in questions.values():
            yield question.skipped("there is no PostgreSQL; see --postgres")
        return
    folder = ground.empty(company.Company(FEW))
    with (
        ground.desk(folder, ground.postgres) as postgres,
        ground.desk(folder) as sqlite,
    ):
        for desk in (postgres, sqlite):
            known = ground.scale.of(CUSTOMERS, 20)
            desk.accept(customers.calls(known, FEW, ground.now))
        yield _measured(ground, questions["decide"], lambda desk: desk.decide(), postgres, sqlite)
        numbers = count()

        def take_in(desk: Desk) -> None:
            send(ground, desk, next(numbers), BATCH)

        yield _measured(ground, questions["intake"], take_in, postgres, sqlite)


def _measured(
    ground: Fixtures,
    question: Question,
    work: Callable[[Desk], object],
    postgres: Desk,
    sqlite: Desk,
) -> Result:
    times = ground.scale.of(20, 2)
    return ground.measure(
        question,
        lambda: Sample(
            1_000 * wall(lambda: work(postgres), times), 1_000 * wall(lambda: work(sqlite), times)
        ),
    )


BENCH = Bench(
    "store.pg", "decide and intake on PostgreSQL ÷ on SQLite, at most 2", run, postgres=True
)
