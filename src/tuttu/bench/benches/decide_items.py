"""A decision for somebody with very many items, beside one with as many as rules see."""

from collections.abc import Iterator
from datetime import timedelta

from tuttu.bench import company, customers
from tuttu.bench.bench import Bench
from tuttu.bench.fixtures import FEW, Desk, Fixtures
from tuttu.bench.results import Question, Result, Sample
from tuttu.bench.timing import cpu


def run(ground: Fixtures) -> Iterator[Result]:
    many, few = ground.scale.of((50_000, 1_000), (40, 10))
    question = Question(
        bench="decide.items",
        size={"actions": FEW, "items": many, "beside_items": few},
        unit="ms CPU",
    )
    with ground.desk(ground.project(FEW)) as desk:
        for items in (many, few):
            desk.accept(_tickets(ground, items))
        yield ground.measure(question, lambda: Sample(_ms(desk, many), _ms(desk, few)))


def _ms(desk: Desk, items: int) -> float:
    return 1_000 * cpu(lambda: desk.decide(f"reporter-{items}", dry_run=True), 2)


def _tickets(ground: Fixtures, items: int) -> Iterator[customers.Call]:
    """Half of them solved."""
    for each in range(items):
        status = "open" if each % 2 else "solved"
        said = {"ticket_id": f"T{each}", "status": status}
        when = ground.now - timedelta(minutes=each)
        yield customers.event(f"reporter-{items}", f"ticket-{each}", company.TICKET, when, **said)


BENCH = Bench("decide.items", "a decision for somebody with 50,000 items ÷ with 1,000", run)
