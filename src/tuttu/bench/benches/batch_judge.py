"""Everybody judged for every action, beside a plain scan of the same columns by polars."""

from collections.abc import Iterator
from random import Random
from types import ModuleType
from typing import Any

from tuttu.bench import company, conditions, customers, fixtures, peers, results, timing

TARGET = 4.0


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    scale, polars = ground.scale, peers.peer("polars")
    many, scanned, actions = scale.of((200, 1_000_000, 100), (5, 100, 15))
    measurement = results.Measurement(
        bench="batch.judge",
        size={"customers": many, "actions": actions, "limit_customers": scanned},
        unit="ns CPU a customer and action",
        target=TARGET,
        remarks=["ours is the funnel, two treatments an action"],
    )
    folder = ground.empty(company.GeneratedCompany(actions))
    customers.seed_store(folder, many, actions, ground.now)
    frame = _frame(polars, scanned)
    largest = [polars.col(name).max() for name in frame.columns]
    with ground.desk(folder) as desk:

        def repeat() -> results.Sample:
            ours = timing.cpu(desk.funnel, 1)
            limit = timing.cpu(lambda: frame.select(largest), 5)
            pairs = many * actions, scanned * actions
            return results.Sample(1e9 * ours / pairs[0], 1e9 * limit / pairs[1])

        yield ground.measure(measurement, repeat, most=2)


def _frame(polars: ModuleType, rows: int) -> Any:
    """The columns that conditions read most; a thousand values of each, again and again."""
    chance = Random(1)
    values: dict[str, list[Any]] = {
        **{name: chance.choices(known, k=1_000) for name, known in conditions.TEXTS.items()},
        **{
            name: chance.choices(range(below), k=1_000)
            for name, below in conditions.NUMBERS.items()
        },
        **{name: [chance.random() for _ in range(1_000)] for name in conditions.SHARES},
        **{name: chance.choices((True, False), k=1_000) for name in conditions.FLAGS},
    }
    block = polars.DataFrame(values)
    return polars.concat([block] * -(-rows // 1_000)).head(rows).rechunk()


BENCH = fixtures.Bench(
    "batch.judge", "everybody × 100 actions ÷ a plain scan of the columns by polars, at most 4", run
)
