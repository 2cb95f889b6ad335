"""Contact limits alone, of all candidates: somebody with many contacts beside one with few."""

from collections.abc import Iterator
from datetime import timedelta

from tuttu.bench.bench import Bench
from tuttu.bench.benches.decide_contacts import contacted
from tuttu.bench.fixtures import FEW, Fixtures
from tuttu.bench.results import Question, Result, Sample
from tuttu.bench.timing import cpu_with
from tuttu.decision import STAGES

TARGET = 4.0


def run(ground: Fixtures) -> Iterator[Result]:
    many, few = ground.scale.of((500, 5), (20, 5))
    question = Question(
        bench="caps",
        size={"limits": 36, "contacts": many, "beside_contacts": few},
        unit="µs CPU",
        target=TARGET,
    )
    (limits,) = [stage for stage in STAGES if stage.name == "contact_limits"]
    with ground.desk(ground.project(FEW)) as desk:
        # All of them within the longest window, so that each is counted by some limit.
        often = contacted(ground, desk, many, timedelta(days=90) / many)
        rarely = contacted(ground, desk, few, timedelta(days=90) / few)
        asked = desk.candidates()

        def microseconds(who: str) -> float:
            times = ground.scale.of(10, 1)
            return 1e6 * cpu_with(
                lambda: desk.view(who), lambda view: limits.refused(view, asked), times
            )

        yield ground.measure(question, lambda: Sample(microseconds(often), microseconds(rarely)))


BENCH = Bench("caps", "36 contact limits: 500 contacts ÷ 5, at most 4", run)
