"""A company with fifty caps, and a crowd that wants more than there is of each, day after day.

Twenty items of stock, a limit of calls for each of fifteen customers, and a limit of visits for
each of fifteen households of four. Every day each cap is wanted twelve times, and all of it is to
be given out: neither more nor less.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.folders import write
from tests.kills.books import Books

from tuttu import engine as use
from tuttu.api import DecideRequest
from tuttu.engine import Runtime
from tuttu.vocabulary.conversion import parse_instant
from tuttu.vocabulary.values import DAY, HOUR

ITEMS = {f"item_{number:02}": 3 + number % 4 for number in range(20)}
"""In stock each day."""
CALLS = 4
VISITS = 3
CALLED = tuple(f"called-{number:02}" for number in range(15))
HOMES = tuple(f"home-{number:02}" for number in range(15))
MEMBERS = {f"{home}-{each}": home for home in HOMES for each in range(4)}
SHOPPERS = tuple(f"shopper-{number:03}" for number in range(100))
WANTED = 12
"""Times a day that each cap is asked for: more than any allows."""
CAPS = len(ITEMS) + len(CALLED) + len(HOMES)
TOGETHER = 5
"""Caps that are fought over at the same time."""
SENDERS = 8
START = parse_instant("2026-03-02T09:00:00Z") or 0

ACTION = """\
action: {name}
status: live
purpose: marketing
value: 10
propensity: 1
treatments:
  {channel}: {{message: note{more}}}
"""


class Want(NamedTuple):
    """Somebody wants what the one action of a surface gives."""

    who: str
    surface: str


def company(folder: Path) -> Path:
    """The project folder."""
    shelves = {f"shelf_{name}": name for name in ITEMS}
    channels = {**dict.fromkeys(shelves, "out"), "call": "out", "visit": "out"}
    files = {
        "tuttu.yaml": "name: crowd\nenvironment: test\nlanguages: [en]\n",
        "identity.yaml": "namespaces:\n  user_id: {unique: true}\n",
        "traits.yaml": "groups:\n  home: {key: home_id}\ntraits:\n  home_id: {type: text}\n",
        "consent.yaml": "purposes:\n  marketing: {basis: consent, default: in}\n",
        "channels.yaml": f"channels: {json.dumps(channels)}\nsurfaces: {{}}\n",
        "resources.yaml": "".join(
            f"{name}: {{amount: {amount}, per: day}}\n" for name, amount in ITEMS.items()
        ),
        "policy.yaml": (
            "guards: {}\nsuppressions: {}\ncontact_limits:\n"
            f"  calls: {{purpose: marketing, channel: call, at_most: {CALLS}, in: 1d}}\n"
            f"  visits: {{purpose: marketing, channel: visit, at_most: {VISITS}, in: 1d,"
            " of: home}\n"
        ),
        "actions/sales/all/call-him.yaml": ACTION.format(name="call-him", channel="call", more=""),
        "actions/sales/all/visit.yaml": ACTION.format(name="visit", channel="visit", more=""),
    }
    for shelf, item in shelves.items():
        more = f", uses: {{{item}: 1}}"
        text = ACTION.format(name=f"send-{item}", channel=shelf, more=more)
        files[f"actions/sales/all/send-{item}.yaml"] = text
    for channel in channels:
        files[f"content/note.{channel}.en.liquid"] = "A word for you."
    return write(files, folder)


def introduce(engine: Runtime) -> None:
    """Everybody is known before the first day."""
    calls = [
        {
            "type": "identify",
            "userId": who,
            "messageId": f"hello {who}",
            "traits": {"home_id": MEMBERS[who]} if who in MEMBERS else {},
        }
        for who in (*CALLED, *MEMBERS, *SHOPPERS)
    ]
    outcome = use.accept(engine, "batch", json.dumps({"batch": calls}).encode(), None, "test")
    assert outcome.accepted == len(calls)


def moment(day: int) -> int:
    """Far enough from the day before that no limit remembers it."""
    return START + day * (DAY + HOUR)


def wanted(day: int, seed: int) -> list[Want]:
    """All that is wanted on a day: a few caps at a time, so that many want the same at once."""
    chance = random.Random(f"{seed}/{day}")
    of_caps = [
        *([f"shelf_{item}", *chance.choices(SHOPPERS, k=WANTED)] for item in ITEMS),
        *(["call", *[who] * WANTED] for who in CALLED),
        *(["visit", *chance.choices(members_of(home), k=WANTED)] for home in HOMES),
    ]
    chance.shuffle(of_caps)
    wants: list[Want] = []
    for first in range(0, len(of_caps), TOGETHER):
        some = of_caps[first : first + TOGETHER]
        few = [Want(who, surface) for surface, *whom in some for who in whom]
        chance.shuffle(few)
        wants += few
    return wants


def members_of(home: str) -> list[str]:
    return [who for who, where in MEMBERS.items() if where == home]


def dealt(wants: Sequence[Want], hands: int) -> list[list[Want]]:
    """To so many processes in turn, each with its share of every cap."""
    return [list(wants[hand::hands]) for hand in range(hands)]


def take(engine: Runtime, wants: Sequence[Want]) -> int:
    """All of it by `SENDERS` threads; how many got something."""
    with ThreadPoolExecutor(SENDERS) as pool:
        return sum(pool.map(lambda want: _one(engine, want), wants))


def _one(engine: Runtime, want: Want) -> int:
    request = DecideRequest(who={"user_id": want.who}, surfaces=[want.surface])
    return len(use.decide(engine, request).choices)


def counted(books: Books, days: int) -> dict[str, list[tuple[object, ...]]]:
    """Caps that are broken, and caps that were not reached though more was wanted: by SQL over
    the rows of the ledger. Each row says which cap, on which day, how many, of how many."""
    books.plain.executescript(
        "CREATE TABLE caps (cap TEXT, most INTEGER); CREATE TABLE homes (fragment BLOB, home TEXT);"
        "CREATE TABLE called (fragment BLOB, who TEXT); CREATE TABLE days (day INTEGER);"
    )
    insert = books.plain.executemany
    insert("INSERT INTO caps VALUES (?, ?)", _caps())
    insert("INSERT INTO days VALUES (?)", [(day,) for day in range(days)])
    members = [(books.pseudonym("user_id", who), home) for who, home in MEMBERS.items()]
    insert("INSERT INTO homes VALUES (?, ?)", members)
    called = [(books.pseudonym("user_id", who), who) for who in CALLED]
    insert("INSERT INTO called VALUES (?, ?)", called)
    books.plain.execute(
        f"CREATE TABLE taken AS SELECT cap, (time - {START}) / {DAY + HOUR} AS day, units FROM ("
        " SELECT resource AS cap, time, units FROM units JOIN ledger USING (fragment, contact)"
        " UNION ALL SELECT home, time, 1 FROM ledger JOIN homes USING (fragment)"
        "  WHERE channel = 'visit'"
        " UNION ALL SELECT who, time, 1 FROM ledger JOIN called USING (fragment)"
        "  WHERE channel = 'call')"
    )
    sums = (
        "SELECT cap, day, coalesce(sum(units), 0) AS taken, most FROM caps CROSS JOIN days"
        " LEFT JOIN taken USING (cap, day) GROUP BY cap, day, most HAVING taken {sign} most"
    )
    found = {what: books.ask(sums.format(sign=sign)) for what, sign in SIGNS.items()}
    return {what: rows for what, rows in found.items() if rows}


SIGNS = {"broken": ">", "not reached": "<"}


def _caps() -> Iterator[tuple[str, int]]:
    yield from ITEMS.items()
    yield from ((who, CALLS) for who in CALLED)
    yield from ((home, VISITS) for home in HOMES)
