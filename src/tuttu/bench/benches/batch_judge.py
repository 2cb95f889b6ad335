"""Everybody judged for every action, beside a plain scan of the same columns by polars."""

from collections.abc import Iterator
from random import Random
from types import ModuleType
from typing import Any

from tuttu import api
from tuttu import engine as use
from tuttu.bench import company, customers
from tuttu.bench.bench import Bench
from tuttu.bench.conditions import FLAGS, NUMBERS, SHARES, TEXTS
from tuttu.bench.fixtures import Fixtures
from tuttu.bench.peers import peer
from tuttu.bench.results import Question, Result, Sample
from tuttu.bench.timing import cpu

TARGET = 4.0


def run(ground: Fixtures) -> Iterator[Result]:
    scale, polars = ground.scale, peer("polars")
    many, scanned, actions = scale.of((200, 1_000_000, 100), (5, 100, 15))
    question = Question(
        bench="batch.judge",
        size={"customers": many, "actions": actions, "limit_customers": scanned},
        unit="ns CPU a customer and action",
        target=TARGET,
        remarks=["ours is the funnel, two treatments an action"],
    )
    folder = ground.empty(company.Company(actions))
    customers.seed_store(folder, many, actions, ground.now)
    frame = _frame(polars, scanned)
    largest = [polars.col(name).max() for name in frame.columns]
    with ground.desk(folder) as desk:

        def repeat() -> Sample:
            ours = cpu(lambda: use.funnel(desk.runtime, api.FunnelQuery()), 1)
            limit = cpu(lambda: frame.select(largest), 5)
            pairs = many * actions, scanned * actions
            return Sample(1e9 * ours / pairs[0], 1e9 * limit / pairs[1])

        yield ground.measure(question, repeat, most=2)


def _frame(polars: ModuleType, rows: int) -> Any:
    """The columns that conditions read most; a thousand values of each, again and again."""
    chance = Random(1)
    values: dict[str, list[Any]] = {
        **{name: chance.choices(known, k=1_000) for name, known in TEXTS.items()},
        **{name: chance.choices(range(below), k=1_000) for name, below in NUMBERS.items()},
        **{name: [chance.random() for _ in range(1_000)] for name in SHARES},
        **{name: chance.choices((True, False), k=1_000) for name in FLAGS},
    }
    block = polars.DataFrame(values)
    return polars.concat([block] * -(-rows // 1_000)).head(rows).rechunk()


BENCH = Bench(
    "batch.judge", "everybody × 100 actions ÷ a plain scan of the columns by polars, at most 4", run
)
