"""Conditions of a generated company: each in the words of SQL, most also in parts for peers."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

Constant = bool | int | float | str | tuple[str, ...]

TEXTS = {
    "plan": ("basic", "plus", "family", "premium", "business"),
    "region": ("north", "south", "east", "west", "centre", "islands"),
    "device": ("phone", "tablet", "laptop", "desktop", "television"),
    "sold_by": ("web", "shop", "partner", "telephone", "field"),
}
"""Text traits with their values, all alike often."""
NUMBERS = {
    "points": 10_000,
    "household_size": 8,
    "line_mbps": 1_000,
    "monthly_minutes": 2_000,
    "years_of_service": 30,
    "products_held": 12,
}
"""Integer traits: from 0 to below this, all alike often."""
SHARES = ("churn_risk", "usage_share", "paid_in_time")
"""Real traits between 0 and 1."""
FLAGS = ("has_broadband", "has_mobile", "has_app", "reads_mail", "has_paid", "is_adult")
"""Booleans; `FLAG_SHARE` of the customers have each."""
FLAG_SHARE = 0.7
DAYS = {"joined_on": 3_000, "born_on": 30_000, "moved_on": 2_000}
"""Dates: from today to this many days back."""
MOMENTS = {"last_visit_at": 100, "last_order_at": 400}
"""Timestamps: from now to this many days back."""
OFTEN_UNKNOWN = ("satisfaction", "income_class")
"""Integers from 0 to 9 that `KNOWN_SHARE` of the customers have told; nothing else is missing."""
KNOWN_SHARE = 0.6


class ConditionPart(NamedTuple):
    """operator: ``=``, ``<>``, ``<``, ``>=`` or ``IN``; of a boolean ``=`` alone."""

    column: str
    operator: str
    constant: Constant

    @property
    def sql(self) -> str:
        if isinstance(self.constant, bool):
            return self.column if self.constant else f"NOT {self.column}"
        if isinstance(self.constant, tuple):
            return f"{self.column} IN ({', '.join(map(_quoted, self.constant))})"
        return f"{self.column} {self.operator} {_quoted(self.constant)}"


Clauses = tuple[tuple[ConditionPart, ...], ...]
"""All clauses hold, each by one of its atoms."""


class GeneratedCondition(NamedTuple):
    """clauses: the same in parts; empty where a peer has no such condition (time, NULL)."""

    name: str
    sql: str
    clauses: Clauses = ()


def conditions(count: int, seed: int, kinds: "Kinds") -> list[GeneratedCondition]:
    """So many different conditions, of all kinds in turn. Most customers pass each one.

    The kinds: text, number, range, boolean, OR, date (age), timestamp (ago), a value that is often
    NULL, and two columns compared. The same arguments give the same conditions.
    """
    chance = Random(seed)
    found: dict[str, GeneratedCondition] = {}
    turn = 0
    while len(found) < count:
        made = kinds[turn % len(kinds)](chance)
        name = f"{made.name} ({len(found)})"
        found.setdefault(made.sql, made._replace(name=name))
        turn += 1
    return list(found.values())


def _quoted(constant: object) -> str:
    return f"'{constant}'" if isinstance(constant, str) else str(constant)


def any_of(name: str, *atoms: ConditionPart) -> GeneratedCondition:
    return _of(name, atoms)


def _of(name: str, *clauses: tuple[ConditionPart, ...]) -> GeneratedCondition:
    texts = [" OR ".join(each.sql for each in clause) for clause in clauses]
    if len(texts) > 1:
        texts = [f"({text})" for text in texts]
    return GeneratedCondition(name, " AND ".join(texts), clauses)


def _text(chance: Random) -> GeneratedCondition:
    column, known = chance.choice(list(TEXTS.items()))
    if chance.random() < 0.5:
        atom = ConditionPart(column, "<>", chance.choice(known))
    else:
        atom = ConditionPart(column, "IN", tuple(chance.sample(known, len(known) - 2)))
    region = ConditionPart("region", "<>", chance.choice(TEXTS["region"]))
    return _of(f"a fitting {column}", (atom, region) if chance.random() < 0.2 else (atom,))


def _at_least(chance: Random, column: str) -> ConditionPart:
    return ConditionPart(column, ">=", max(1, int(NUMBERS[column] * chance.uniform(0.02, 0.25))))


def _number(chance: Random) -> GeneratedCondition:
    column = chance.choice(list(NUMBERS))
    return _of(f"enough {column}", (_at_least(chance, column),))


def _range(chance: Random) -> GeneratedCondition:
    column = chance.choice(("points", "line_mbps", "monthly_minutes"))
    top = ConditionPart(column, "<", int(NUMBERS[column] * chance.uniform(0.85, 1)))
    return _of(f"{column} in a range", (_at_least(chance, column),), (top,))


def _share(chance: Random) -> GeneratedCondition:
    column = chance.choice(SHARES)
    return _of(
        f"a low {column}", (ConditionPart(column, "<", round(chance.uniform(0.4, 0.85), 4)),)
    )


def _flag(chance: Random) -> GeneratedCondition:
    column, other = chance.sample(FLAGS, 2)
    minutes = int(NUMBERS["monthly_minutes"] * chance.uniform(0.3, 0.9))
    rarely = (ConditionPart(other, "=", False), ConditionPart("monthly_minutes", "<", minutes))
    return _of(f"{column}, with {other}", (ConditionPart(column, "=", True),), rarely)


def _or(chance: Random) -> GeneratedCondition:
    column, known = chance.choice(list(TEXTS.items()))
    number = chance.choice(("points", "line_mbps", "monthly_minutes"))
    least = int(NUMBERS[number] * chance.uniform(0.3, 0.7))
    text = ConditionPart(column, "=", chance.choice(known))
    flag = ConditionPart(chance.choice(FLAGS), "=", chance.random() < 0.8)
    return _of(f"{column} or {number}", (text, ConditionPart(number, ">=", least), flag))


def _date(chance: Random) -> GeneratedCondition:
    column, days = chance.choice(list(DAYS.items()))
    return GeneratedCondition(
        f"long enough since {column}", f"days_since({column}) > {int(days * chance.random() * 0.7)}"
    )


def _moment(chance: Random) -> GeneratedCondition:
    column, days = chance.choice(list(MOMENTS.items()))
    hours = int(24 * days * chance.uniform(0.4, 0.85))
    return GeneratedCondition(f"not too long since {column}", f"{column} > ago('{hours}h')")


def _unknown(chance: Random) -> GeneratedCondition:
    column, most = chance.choice(OFTEN_UNKNOWN), chance.randrange(2, 9)
    points = int(NUMBERS["points"] * chance.uniform(0.2, 0.6))
    return GeneratedCondition(
        f"{column} is not known, or low", f"COALESCE({column}, 0) < {most} OR points < {points}"
    )


def _null(chance: Random) -> GeneratedCondition:
    column, points = chance.choice(OFTEN_UNKNOWN), chance.randrange(2_000, 7_000)
    return GeneratedCondition(f"{column}, where it is known", f"{column} < 7 OR points >= {points}")


def _two(chance: Random) -> GeneratedCondition:
    more = chance.randrange(1, 400)
    return GeneratedCondition("minutes beside the line", f"monthly_minutes + {more} >= line_mbps")


Kinds = tuple[Callable[[Random], GeneratedCondition], ...]
COMPARABLE: Kinds = (_text, _number, _range, _share, _flag, _or)
"""Those that have parts."""
KINDS: Kinds = (*COMPARABLE, _date, _moment, _unknown, _null, _two)
