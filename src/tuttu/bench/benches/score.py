"""Scoring of treatments with declared propensities, beside numpy's product with sigmoid."""

from collections.abc import Iterator

from tuttu.bench import customers
from tuttu.bench.bench import Bench
from tuttu.bench.fixtures import Fixtures
from tuttu.bench.peers import peer
from tuttu.bench.results import Question, Result, Sample
from tuttu.bench.timing import cpu, cpu_with
from tuttu.decision import STAGES

FEATURES = 16
TARGET = 1.5


def run(ground: Fixtures) -> Iterator[Result]:
    numpy, actions = peer("numpy"), ground.scale.of(2_500, 15)
    question = Question(
        bench="score",
        size={"treatments": 2 * actions, "features": FEATURES},
        unit="µs CPU",
        target=TARGET,
        remarks=["ours has declared propensities, no model"],
    )
    (scoring,) = [stage for stage in STAGES if stage.name == "scoring"]
    chance = numpy.random.default_rng(1)
    weights, features = chance.normal(size=(2 * actions, FEATURES)), chance.normal(size=FEATURES)
    with ground.desk(ground.project(actions)) as desk:
        asked = desk.candidates()

        def repeat() -> Sample:
            ours = cpu_with(
                lambda: desk.view(customers.user(0)),
                lambda view: scoring.refused(view, asked),
                ground.scale.of(5, 1),
            )
            limit = cpu(lambda: 1 / (1 + numpy.exp(-(weights @ features))), 1_000)
            return Sample(1e6 * ours, 1e6 * limit)

        yield ground.measure(question, repeat)


BENCH = Bench(
    "score", "5,000 treatments scored ÷ numpy's matrix by vector with sigmoid, at most 1.5", run
)
