"""Customers of a generated company, as the calls that made them known."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tuttu import engine as use
from tuttu.bench import company, conditions
from tuttu.vocabulary.clock import ManualClock

BATCH = 500
NEWSLETTERS = 2
Call = dict[str, Any]
Events = Callable[[int, int, int, datetime], Iterator[Call]]
"""Number of the first one, how many, of how many customers, when."""


def user(number: int) -> str:
    return f"c{number:06}"


def calls(count: int, actions: int, now: datetime, seed: int = 1) -> Iterator[Call]:
    """Of so many customers, one after the other; all before `now`, which is aware.

    Each is described once, got newsletters and looked at a page; few have an open case, and few
    have withdrawn a consent. actions: of the company; newsletters were about one of the first.
    """
    for number in range(count):
        chance = Random(f"{seed}:{number}")
        who, days = user(number), chance.uniform(1, 60)
        yield _call(who, "described", now - timedelta(days=61), traits=traits(chance, now))
        for each in range(NEWSLETTERS):
            offer = company.name_of(chance.randrange(min(actions, 12)))
            sent = now - timedelta(days=days * (each + 1) / NEWSLETTERS)
            yield event(who, f"letter-{each}", company.NEWSLETTER, sent, offer=offer)
        yield event(who, "view", company.VIEW, now - timedelta(days=days), path="/offers/")
        if chance.random() < 0.03:
            said = {"ticket_id": f"T{number}", "status": "open"}
            yield event(who, "ticket", company.TICKET, now - timedelta(hours=days), **said)
        if chance.random() < 0.08:
            refused = {"purpose": "marketing", "channel": chance.choice(company.CHANNELS)}
            yield event(who, "refusal", company.WITHDRAWN, now - timedelta(hours=days), **refused)


def traits(
    chance: Random, now: datetime, *, known: float = conditions.KNOWN_SHARE
) -> dict[str, Any]:
    """Of one customer. known: how many of the values that are often unknown are told."""
    day = now.date()
    told = [name for name in conditions.OFTEN_UNKNOWN if chance.random() < known]
    return {
        "first_name": chance.choice(("Aino", "Eino", "Maija", "Pekka", "Sanna", "Timo")),
        **{name: chance.choice(values) for name, values in conditions.TEXTS.items()},
        **{name: chance.randrange(below) for name, below in conditions.NUMBERS.items()},
        **{name: round(chance.random(), 4) for name in conditions.SHARES},
        **{name: chance.random() < conditions.FLAG_SHARE for name in conditions.FLAGS},
        **{
            name: str(day - timedelta(days=chance.randrange(back)))
            for name, back in conditions.DAYS.items()
        },
        **{
            name: _iso(now - timedelta(days=chance.uniform(0, back)))
            for name, back in conditions.MOMENTS.items()
        },
        **{name: chance.randrange(10) for name in told},
    }


def event(who: str, key: str, named: str, when: datetime, **properties: object) -> Call:
    """A track call. key: tells the customer's calls apart."""
    return _call(who, key, when, event=named, properties=properties)


def views(first: int, count: int, of: int, now: datetime) -> Iterator[Call]:
    """So many page views, of so many customers in turn. first: number of the first one; each has
    an id of its own by its number."""
    for number in range(first, first + count):
        yield event(user(number % of), f"seen-{number}", company.VIEW, now, path="/offers/")


def orders(first: int, count: int, of: int, now: datetime) -> Iterator[Call]:
    """As `views`: orders of what no action offers. The outcomes of all actions ask for them."""
    for number in range(first, first + count):
        said = {"order_id": f"O{number}", "total": 20, "products": [{"sku": "socks", "price": 20}]}
        yield event(user(number % of), f"bought-{number}", company.ORDER, now, **said)


def batches(calls: Iterable[Call], size: int = BATCH) -> Iterator[list[Call]]:
    batch: list[Call] = []
    for each in calls:
        batch.append(each)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def body_of(batch: Sequence[Call]) -> bytes:
    return json.dumps({"batch": batch}).encode()


def accept(engine: use.Runtime, calls: Iterable[Call]) -> None:
    """Through the ordinary door; raises ValueError if a call is refused."""
    for batch in batches(calls):
        answer = use.accept(engine, "batch", body_of(batch), None, "bench")
        if answer.refused or answer.refused_traits:
            raise ValueError(f"refused: {[*answer.refused, *answer.refused_traits][:3]}")


def seed_store(folder: Path, count: int, actions: int, now: datetime) -> None:
    """The store of a company's folder, with so many customers in it."""
    clock = ManualClock(instant(now))
    with closing(use.open_engine(folder, clock=clock)) as engine:
        accept(engine, calls(count, actions, now))


def instant(moment: datetime) -> int:
    """µs since 1970, UTC."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _call(who: str, key: str, when: datetime, **more: object) -> Call:
    kind = "track" if "event" in more else "identify"
    named = {"type": kind, "messageId": f"{who}-{key}", "userId": who}
    return {**named, "timestamp": _iso(when), **more}


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
