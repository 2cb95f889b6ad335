"""Random histories of a household's contacts, and the smallest one that still breaks a law.

Drawn evenly, since what lies on pages shows in long histories that have little in common: those of
Hypothesis are mostly short, or one like the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

import pytest
from tests import builders
from tests.builders import NOON
from tests.laws.memory import Memory

from tuttu.vocabulary.events import ContactWithdrawn
from tuttu.vocabulary.facts import Body
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import MINUTE
from tuttu.vocabulary.verdicts import Reason

PEOPLE = ("maija", "phone", "anna")
"""The first two are perhaps one customer, the third of the same household."""
ITEMS = (None, "L1", "L2")
ACTIONS = ("tv", "kept", "line", "notice")

HAPPENINGS = (
    *("made",) * 6,
    *("called",) * 3,
    *("Ordered", "Declined", "Viewed", "Failed") * 2,
    *("withdrawn", "Clicked", "Accepted", "Sent"),
)


class Step(NamedTuple):
    """What happens, at which minute, whose identifier says so, of which action, by which way, about
    which item, and of which of the contacts so far."""

    what: str
    at: int
    who: str
    action: str
    way: str
    item: str | None
    of: int


class ContactHistory(NamedTuple):
    """moments: minutes at which a decision is asked for. in_order: facts come as they happened.
    places: two, in order, among the facts. plain: what was before the first of them is from a time
    when all contacts were one record."""

    steps: Sequence[Step]
    moments: Sequence[int]
    in_order: bool = False
    places: tuple[int, int] = (0, 0)
    plain: bool = False


def drawn(random: Random) -> ContactHistory:
    def step() -> Step:
        return Step(
            random.choice(HAPPENINGS),
            random.randint(0, random.choice((3 * 24 * 60, 180))),
            random.choice(("maija", "maija", "maija", *PEOPLE)),
            random.choice(("tv", "tv", *ACTIONS)),
            random.choice(("web", "panel", "email", "email")),
            random.choice(ITEMS),
            random.randint(-1, 12),
        )

    quiet, until = random.sample(ACTIONS, random.randint(0, 2)), random.randint(0, 40)

    def told(number: int, step: Step) -> Step:
        """Of some actions there are only answers at first."""
        silent = number < until and step.action in quiet and step.what in ("made", "called")
        return step._replace(what="Ordered") if silent else step

    first, second = sorted((random.randint(0, 30), random.randint(0, 30)))
    return ContactHistory(
        steps=[told(number, step()) for number in range(random.randint(4, 40))],
        moments=[random.randint(0, 6 * 24 * 60) for _ in range(3)],
        in_order=random.random() < 1 / 2,
        places=(first, second),
        plain=random.random() < 1 / 2,
    )


def require(law: Callable[[ContactHistory], None], seed: int, number: int) -> None:
    """The law holds for so many histories, or the test fails with the smallest that breaks it."""
    for each in range(number):
        found = drawn(Random(f"{seed} {each}"))
        if _breaks(law, found):
            pytest.fail(f"{law.__name__} is broken by {_smallest(law, found)}")


def _breaks(law: Callable[[ContactHistory], None], history: ContactHistory) -> bool:
    try:
        law(history)
    except AssertionError:
        return True
    return False


def _smallest(law: Callable[[ContactHistory], None], history: ContactHistory) -> ContactHistory:
    """None of its steps or moments can be left out."""
    for number in range(len(history.moments)):
        one = history._replace(moments=[history.moments[number]])
        if _breaks(law, one):
            history = one
            break
    for number in reversed(range(len(history.steps))):
        fewer = [*history.steps[:number], *history.steps[number + 1 :]]
        if _breaks(law, history._replace(steps=fewer)):
            return _smallest(law, history._replace(steps=fewer))
    return history


def bodies(project: Project, history: ContactHistory) -> Iterator[Body]:
    """Each contact has an id of its own, whatever the order in which facts come."""
    ids: list[str] = []
    steps = sorted(history.steps, key=_minute) if history.in_order else history.steps
    for number, step in enumerate(steps):
        named = ids[step.of % len(ids)] if ids and step.of >= 0 else "?" * (step.of < 0)
        if step.what == "made":
            ids.append(f"d{number}.1")
            yield _made(project, step, ids[-1])
        elif step.what == "withdrawn":
            if ids and step.of >= 0:
                why = Reason("action_gone", {"action": "tv"})
                yield ContactWithdrawn(contact_id=named, code=why.code, values=why.values)
        else:
            yield _said(step, named)


def _minute(step: Step) -> int:
    return step.at


def _made(project: Project, step: Step, contact_id: str) -> Body:
    item = step.item if step.action == "line" else None
    at = NOON + step.at * MINUTE
    return builders.receipt(
        builders.contact(
            Memory(), project, contact_id, at, step.action, step.way, step.who, item=item
        )
    )


def _said(step: Step, named: str) -> Body:
    """An event; of the answers every third names no contact."""
    at = NOON + step.at * MINUTE
    said: dict[str, Any] = {"of": step.action}
    if step.item is not None:
        said["line"] = step.item
    if step.what == "called":
        result = ("yes", "no", "?")[step.of % 3]
        return builders.event("Call Made", at, who=step.who, result=result, **said)
    if step.of % 3 or step.what not in ("Ordered", "Declined"):
        said["contact_id"] = named
    return builders.event(step.what, at, who=step.who, **said)
