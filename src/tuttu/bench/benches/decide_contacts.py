"""A dry decision for somebody with very many contacts, beside one for somebody with few."""

from collections.abc import Iterator
from datetime import timedelta

from tuttu.bench import company, customers, fixtures, results, timing

TARGET = 1.5


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    many, few = ground.scale.of((10_000, 10), (40, 10))
    measurement = results.Measurement(
        bench="decide.contacts",
        size={"actions": fixtures.FEW, "contacts": many, "beside_contacts": few},
        unit="ms CPU",
        target=TARGET,
    )
    with ground.desk(ground.empty()) as desk:
        often = contacted(ground, desk, many, timedelta(hours=1))
        rarely = contacted(ground, desk, few, timedelta(hours=1))

        def milliseconds(who: str) -> float:
            return 1_000 * timing.cpu(lambda: desk.decide(who, dry_run=True), ground.scale.of(4, 2))

        yield ground.measure(
            measurement, lambda: results.Sample(milliseconds(often), milliseconds(rarely))
        )


def contacted(
    ground: fixtures.Fixtures, desk: fixtures.Desk, contacts: int, apart: timedelta
) -> str:
    """Somebody with so many contacts, the newest of them made a moment ago."""
    who = f"contacted-{contacts}"
    desk.accept(
        customers.event(
            who,
            f"letter-{each}",
            company.NEWSLETTER,
            ground.now - apart * each,
            offer=company.name_of(each % fixtures.FEW),
        )
        for each in range(contacts)
    )
    return who


BENCH = fixtures.Bench(
    "decide.contacts",
    "a dry decision for somebody with 10,000 contacts ÷ with 10, at most 1.5",
    run,
)
