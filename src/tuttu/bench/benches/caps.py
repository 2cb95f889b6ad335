"""Contact limits alone, of all candidates: somebody with many contacts beside one with few."""

from collections.abc import Iterator
from datetime import timedelta

from tuttu.bench import company, fixtures, results, timing
from tuttu.bench.benches.decide_contacts import contacted

TARGET = 4.0


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    many, few = ground.scale.of((500, 5), (20, 5))
    measurement = results.Measurement(
        bench="caps",
        size={"limits": 36, "contacts": many, "beside_contacts": few},
        unit="µs CPU",
        target=TARGET,
    )
    # None of them is reached, so that all are asked.
    made = company.GeneratedCompany(fixtures.FEW, allowing=1_000)
    with ground.desk(ground.empty(made)) as desk:
        # All of them within the longest window, so that each is counted by some limit.
        often = contacted(ground, desk, many, timedelta(days=90) / many)
        rarely = contacted(ground, desk, few, timedelta(days=90) / few)
        refused = desk.refused_by("contact_limits")

        def microseconds(who: str) -> float:
            times = ground.scale.of(10, 1)
            return 1e6 * timing.cpu_with(lambda: desk.view(who), refused, times)

        yield ground.measure(
            measurement, lambda: results.Sample(microseconds(often), microseconds(rarely))
        )


BENCH = fixtures.Bench("caps", "36 contact limits: 500 contacts ÷ 5, at most 4", run)
