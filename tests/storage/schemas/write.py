"""Write down a store as the present code makes it, so that later code can be shown to read it.

    python tests/storage/schemas/write.py sqlite-2
    python tests/storage/schemas/write.py postgresql-2

The company lives through a few days in which everything happens that a store keeps. Beside the
dump stands what is needed to open it, and what must come out: the secret, the present moment and
the digest. To be run once for each schema, before the next one is made; never again.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg

from tuttu import engine as use
from tuttu.api import (
    DecideRequest,
    PreferenceRequest,
    PreferencesRequest,
    ResourceRequest,
    UnmergeRequest,
)
from tuttu.engine import Runtime, open_engine
from tuttu.storage.postgres import SCHEMA
from tuttu.testing import private_postgres
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import parse_instant

HERE = Path(__file__).parent
COMPANY = HERE / "company"
MOMENT = "2026-03-02T09:00:00+02:00"
LATER = "2026-03-09T09:00:00+02:00"
DESCRIBED = {"has_broadband": True, "has_tv": False, "churn_risk": 0.12, "household_id": "H-1204"}


def call(kind: str, number: int, moment: str, **more: object) -> dict[str, object]:
    return {"type": kind, "messageId": f"early-{number:03d}", "timestamp": moment, **more}


CALLS = [
    call("identify", 1, "2026-02-02T18:20:00+02:00", userId="maija",
         traits={"first_name": "Maija", "email": "maija@operator.example",
                 "customer_since": "2018-05-14", "postal_code": "33100", **DESCRIBED}),
    call("identify", 2, "2026-02-02T18:31:00+02:00", userId="pekka",
         traits={"first_name": "Pekka", "phone": "+358 40 1234567", **DESCRIBED}),
    call("identify", 3, "2026-02-03T16:05:00+02:00", userId="aino",
         traits={"first_name": "Aino", "phone": "+358 40 1234567", **DESCRIBED}),
    call("page", 4, "2026-02-20T20:11:00+02:00", anonymousId="anon-77c1", name="Television",
         properties={"path": "/tv", "title": "Television"}),
    call("identify", 5, "2026-02-20T20:15:00+02:00", userId="pekka", anonymousId="anon-77c1",
         traits={"first_name": "Pekka"}),
    call("alias", 6, "2026-02-21T10:00:00+02:00", userId="maija.new", previousId="maija"),
    call("group", 7, "2026-02-21T10:01:00+02:00", userId="eino", groupId="H-1204",
         traits={"name": "Home"}),
    call("track", 8, "2026-02-22T19:00:00+02:00", userId="maija", event="Usage Report Viewed",
         properties={"month": "2026-01"}),
    call("track", 9, "2026-02-22T19:10:00+02:00", userId="maija", event="Contract Viewed",
         properties={"contract_id": "C-9001"}),
    call("track", 10, "2026-02-23T09:00:00+02:00", userId="maija", event="Contract Signed",
         properties={"contract_id": "C-9001", "product": "broadband", "ends_on": "2027-02-02"}),
    call("track", 11, "2026-02-24T12:10:00+02:00", userId="pekka", event="Order Completed",
         properties={"order_id": "O-1", "total": 59.9, "postal_code": "00100",
                     "products": [{"sku": "R-7", "category": "router", "price": 59.9}]}),
    call("track", 12, "2026-02-25T12:10:00+02:00", userId="aino", event="Sales Call Made",
         properties={"offer": "tv-package", "result": "no thanks"}),
    call("track", 13, "2026-02-26T10:30:00+02:00", userId="eino", event="Ticket Opened",
         properties={"ticket_id": "T-1", "status": "open", "topic": "modem"}),
    call("track", 14, "2026-02-27T10:30:00+02:00", userId="eino", event="Survey Answered",
         properties={"score": 8}),
    call("track", 15, "2026-02-28T10:30:00+02:00", userId="aino", event="Consent Withdrawn",
         properties={"purpose": "marketing", "channel": "letter"}),
    call("track", 16, "2026-02-28T11:00:00+02:00", userId="eino", event="Order Completed",
         properties={"total": 1}),
]  # fmt: skip
"""The last one lacks what is required: a dead letter. Pekka and Aino share a telephone."""


def tell(engine: Runtime, calls: list[dict[str, object]]) -> None:
    use.accept(engine, "batch", json.dumps({"batch": calls}).encode(), None, "early")


def live(engine: Runtime, clock: ManualClock) -> None:
    """What happens in the company."""
    tell(engine, CALLS)
    engine.keyring.issue("web", ("ingest", "decide"))
    use.set_resource(engine, "letters", ResourceRequest(amount=7), "anna")
    choices = [
        choice
        for who in ("maija", "pekka", "aino", "eino")
        for surface in ("front.hero", "letter")
        for choice in use.decide(
            engine,
            DecideRequest(who={"user_id": who}, surfaces=[surface]),
            idempotency=f"{who} {surface}".encode(),
        ).choices
    ]
    seen = [
        call("track", 100 + number, "2026-03-02T09:00:00+02:00", userId="maija", event=event,
             properties={"contact_id": choices[0].contact_id})
        for number, event in enumerate(("Promotion Viewed", "Promotion Clicked"))
    ]  # fmt: skip
    tell(engine, seen)
    wish = PreferenceRequest(purpose="marketing", channel="call", allowed=False)
    use.set_preferences(
        engine, {"user_id": "pekka"}, PreferencesRequest(preferences=[wish]), "anna"
    )
    mistaken = UnmergeRequest(one={"user_id": "pekka"}, other={"user_id": "aino"}, why="siblings")
    use.unmerge(engine, mistaken, "anna")
    use.customer(engine, {"user_id": "maija"}, "anna")
    clock.set(parse_instant(LATER) or 0)
    use.decide(engine, DecideRequest(who={"user_id": "maija"}, surfaces=["front.hero"]))


def lived_through(url: str, clock: ManualClock) -> str:
    """The digest of the company's store at this URL, in the end."""
    with closing(open_engine(COMPANY, clock=clock, storage=url)) as engine:
        live(engine, clock)
        return use.digest(engine).digest


def sqlite_lines(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as store:
        version = store.execute("PRAGMA user_version").fetchone()[0]
        return [*store.iterdump(), f"PRAGMA user_version={version};"]


def postgres_lines(url: str) -> list[str]:
    """The schema as the code declares it, and a line for each row."""
    lines = ["CREATE SCHEMA tuttu;", SCHEMA.strip()]
    with psycopg.connect(url) as store:
        for table in ("log", "records", "once", "fragment_keys", "store"):
            rows = store.execute(f"SELECT * FROM tuttu.{table} ORDER BY 1, 2").fetchall()
            lines += [f"INSERT INTO tuttu.{table} VALUES ({values(row)});" for row in rows]
    return lines


def values(row: tuple[object, ...]) -> str:
    return ", ".join(
        "NULL" if each is None
        else f"'\\x{each.hex()}'" if isinstance(each, bytes)
        else f"'{each}'" if isinstance(each, str)
        else str(each)
        for each in row
    )  # fmt: skip


def main(name: str) -> None:
    clock = ManualClock(parse_instant(MOMENT) or 0)
    with tempfile.TemporaryDirectory() as parent, ExitStack() as running:
        folder = Path(parent) / ".tuttu"
        if name.startswith("sqlite"):
            digest = lived_through(f"sqlite:{folder}/store.db", clock)
            lines = sqlite_lines(folder / "store.db")
        else:
            folder = COMPANY / ".tuttu"
            running.callback(shutil.rmtree, folder)
            url = running.enter_context(private_postgres(fsync=False)).create()
            digest = lived_through(url, clock)
            lines = postgres_lines(url)
        secret = (folder / "secret").read_bytes().hex()
    told = {"secret": secret, "now": LATER, "digest": digest}
    (HERE / f"{name}.sql").write_text("\n".join(lines) + "\n")
    (HERE / f"{name}.json").write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
