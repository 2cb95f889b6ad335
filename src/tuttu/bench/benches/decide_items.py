"""A decision for somebody with very many items, beside one with as many as rules see."""

from collections.abc import Iterator
from datetime import timedelta

from tuttu.bench import company, customers, fixtures, results, timing


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    many, few = ground.scale.of((50_000, 1_000), (40, 10))
    measurement = results.Measurement(
        bench="decide.items",
        size={"actions": fixtures.FEW, "items": many, "beside_items": few},
        unit="ms CPU",
    )
    with ground.desk(ground.empty()) as desk:
        for items in (many, few):
            desk.accept(_tickets(ground, items))
        yield ground.measure(measurement, lambda: results.Sample(_ms(desk, many), _ms(desk, few)))


def _ms(desk: fixtures.Desk, items: int) -> float:
    return 1_000 * timing.cpu(lambda: desk.decide(f"reporter-{items}", dry_run=True), 2)


def _tickets(ground: fixtures.Fixtures, items: int) -> Iterator[customers.Call]:
    """Half of them solved."""
    for each in range(items):
        status = "open" if each % 2 else "solved"
        said = {"ticket_id": f"T{each}", "status": status}
        when = ground.now - timedelta(minutes=each)
        yield customers.event(f"reporter-{items}", f"ticket-{each}", company.TICKET, when, **said)


BENCH = fixtures.Bench(
    "decide.items", "a decision for somebody with 50,000 items ÷ with 1,000", run
)
