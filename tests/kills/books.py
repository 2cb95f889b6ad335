"""The store's books, opened with a decoder of the tests' own and counted by plain SQL.

Nothing here asks a room of tuttu: rows come from the store's tables as they lie there, are opened
with its secret, and become plain tables of an SQLite database in memory. What holds of them is
said in `LAWS`, each a query that must find nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from tests.waiting import HANG_SECONDS

from tuttu.storage.compression import decompress
from tuttu.storage.encryption import Cipher, FragmentKeys, Secret, unseal

PLAIN = """
CREATE TABLE facts (position INTEGER PRIMARY KEY, id TEXT, kind TEXT, fragment BLOB, time INTEGER);
CREATE INDEX facts_by_id ON facts (kind, id);
CREATE TABLE choices (decision TEXT, contact TEXT, action TEXT, surface TEXT, reused INTEGER);
CREATE INDEX choices_by_contact ON choices (contact);
CREATE TABLE reservations (decision TEXT, contact TEXT, fragment BLOB, action TEXT, channel TEXT,
    time INTEGER);
CREATE INDEX reservations_by_contact ON reservations (contact);
CREATE TABLE ledger (fragment BLOB, contact TEXT, action TEXT, channel TEXT, time INTEGER,
    decision TEXT, standing TEXT);
CREATE INDEX ledger_by_contact ON ledger (contact);
CREATE INDEX ledger_by_fragment ON ledger (fragment);
CREATE TABLE units (fragment BLOB, contact TEXT, resource TEXT, units INTEGER);
CREATE INDEX units_by_fragment ON units (fragment);
CREATE TABLE uses (resource TEXT, period TEXT, used INTEGER, held INTEGER,
    PRIMARY KEY (resource, period));
CREATE TABLE holds (resource TEXT, period TEXT, contact TEXT, units INTEGER);
"""

LAWS = {
    "a fact is in the log twice": """
        SELECT kind, id, count(*) FROM facts WHERE kind IN ('event', 'receipt')
        GROUP BY kind, id HAVING count(*) > 1""",
    "a new choice without exactly one row of the ledger": """
        SELECT c.decision, c.contact, count(l.contact) FROM choices c
        LEFT JOIN ledger l ON l.contact = c.contact AND l.decision = c.decision
        WHERE NOT c.reused GROUP BY c.decision, c.contact HAVING count(l.contact) <> 1""",
    "a reused choice whose contact is not in the ledger": """
        SELECT c.decision, c.contact FROM choices c
        LEFT JOIN ledger l ON l.contact = c.contact WHERE c.reused AND l.contact IS NULL""",
    "a row of the ledger without exactly one receipt that chose it": """
        SELECT l.contact, count(c.contact) FROM ledger l
        LEFT JOIN choices c ON c.contact = l.contact AND c.decision = l.decision AND NOT c.reused
        WHERE l.decision IS NOT NULL GROUP BY l.contact HAVING count(c.contact) <> 1""",
    "a receipt's reservation that is not what the ledger has": """
        SELECT r.contact FROM reservations r LEFT JOIN ledger l
        ON (l.contact, l.fragment, l.action, l.channel) = (r.contact, r.fragment, r.action,
        r.channel) WHERE l.contact IS NULL""",
    "used units that are not those of the contacts": """
        SELECT resource, sum(counted), sum(kept) FROM (
            SELECT u.resource, u.units AS counted, 0 AS kept FROM units u
            JOIN ledger l USING (fragment, contact) WHERE l.standing = 'used'
            UNION ALL SELECT resource, 0, used FROM uses)
        GROUP BY resource HAVING sum(counted) <> sum(kept)""",
    "held units that are not those of the contacts": """
        SELECT contact, resource, sum(counted), sum(kept) FROM (
            SELECT u.contact, u.resource, u.units AS counted, 0 AS kept FROM units u
            JOIN ledger l USING (fragment, contact) WHERE l.standing = 'held'
            UNION ALL SELECT contact, resource, 0, units FROM holds)
        GROUP BY contact, resource HAVING sum(counted) <> sum(kept)""",
    "held units of a resource that are not those of its holds": """
        SELECT resource, period, sum(counted), sum(kept) FROM (
            SELECT resource, period, held AS counted, 0 AS kept FROM uses
            UNION ALL SELECT resource, period, 0, units FROM holds)
        GROUP BY resource, period HAVING sum(counted) <> sum(kept)""",
}

CHOSEN = ("contact_id", "action", "surface", "reused")
RESERVED = ("id", "fragment", "action", "channel", "time")
KEPT = ("fragment", "id", "action", "channel", "time")
PAGE = 5_000
"""Facts that are in memory at once."""

Rows = Callable[[str, tuple[Any, ...]], Sequence[tuple[Any, ...]]]
"""Runs a query with ``?`` in it on the store itself."""


class Books:
    """Reads what the store holds, again and again: each time only what has come since."""

    def __init__(self, secret: Path) -> None:
        self._master = secret.read_bytes()
        self._secret = Secret(self._master)
        self._ciphers: dict[bytes, Cipher | None] = {}
        self._position = 0
        self.plain = sqlite3.connect(":memory:")
        self.plain.executescript(PLAIN)

    def close(self) -> None:
        self.plain.close()

    def read(self, storage: str, folder: Path) -> None:
        """storage: the store's URL; `folder`: what a path in it is relative to."""
        with closing(_connected(storage, folder)) as connection:
            rows = _asking(connection)
            before = self._position
            found = rows("SELECT max(position) FROM log", ())[0][0]
            self._position = found or 0
            for after in range(before, self._position, PAGE):
                self._read_log(rows, after, min(after + PAGE, self._position))
            self._read_ledger(rows, before)

    def ask(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self.plain.execute(query, parameters).fetchall()

    def pseudonym(self, namespace: str, value: str) -> bytes:
        return self._secret.pseudonym(namespace, value)

    def broken(self) -> dict[str, list[tuple[Any, ...]]]:
        """Laws that do not hold, with the first rows that break each."""
        found = {law: self.ask(f"{query} LIMIT 5") for law, query in LAWS.items()}
        return {law: rows for law, rows in found.items() if rows}

    def _read_log(self, rows: Rows, after: int, through: int) -> None:
        facts, choices, reservations = [], [], []
        query = "SELECT position, fragment, sealed FROM log WHERE position > ? AND position <= ?"
        for position, owner, sealed in rows(query, (after, through)):
            place = b"log\x00" + position.to_bytes(8, "big")
            fact = self._opened(rows, owner, sealed, place)
            body = fact["body"]
            facts.append((position, fact["id"], body["type"], owner, fact["time"]))
            if body["type"] == "receipt":
                decision = body["id"]
                choices += [(decision, *_values(each, CHOSEN)) for each in body["choices"]]
                reservations += [(decision, *_values(each, RESERVED)) for each in body["contacts"]]
        self._insert("facts", facts)
        self._insert("choices", choices)
        self._insert("reservations", reservations)

    def _read_ledger(self, rows: Rows, before: int) -> None:
        query = "SELECT key, sealed FROM records WHERE name = ? AND version > ?"
        for key, sealed in rows(query, ("ledger.fragments", before)):
            state = self._opened(rows, key[:16], sealed, b"ledger.fragments\x00" + key)
            self._replace_fragment(key, state)
        for key, sealed in rows(query, ("ledger.uses", before)):
            use = self._opened(rows, None, sealed, b"ledger.uses\x00" + key)
            resource, _, period = key.decode().partition("\x00")
            self._replace_use(resource, period, use)
            self._read_holds(rows, key, resource, period)

    def _replace_fragment(self, fragment: bytes, state: dict[str, Any]) -> None:
        for table in ("ledger", "units"):
            self.plain.execute(f"DELETE FROM {table} WHERE fragment = ?", (fragment,))
        contacts = state["contacts"].values()
        self._insert(
            "ledger",
            [
                (*_values(each, KEPT), each["decision_id"], state["units"].get(each["id"]))
                for each in contacts
            ],
        )
        self._insert(
            "units",
            [
                (each["fragment"], each["id"], resource, units)
                for each in contacts
                for resource, units in each["uses"].items()
            ],
        )

    def _replace_use(self, resource: str, period: str, use: dict[str, Any]) -> None:
        for table in ("uses", "holds"):
            self.plain.execute(
                f"DELETE FROM {table} WHERE resource = ? AND period = ?", (resource, period)
            )
        assert not use["holds"], "this version keeps a record for each hold"
        self._insert("uses", [(resource, period, use["used"], use["held"])])

    def _read_holds(self, rows: Rows, use: bytes, resource: str, period: str) -> None:
        query = "SELECT key, sealed FROM records WHERE name = ? AND key > ? AND key < ?"
        first = len(use).to_bytes(2, "big") + use
        held = []
        for key, sealed in rows(query, ("ledger.holds", first, first + b"\xff" * 9)):
            units, _, _, contact = self._opened(rows, None, sealed, b"ledger.holds\x00" + key)
            held.append((resource, period, contact, units))
        self._insert("holds", held)

    def _insert(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self.plain.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)

    def _opened(self, rows: Rows, owner: bytes | None, sealed: bytes, place: bytes) -> Any:
        plain = unseal(self._cipher(rows, owner), bytes(sealed), place)
        return msgspec.msgpack.decode(decompress(plain))

    def _cipher(self, rows: Rows, owner: bytes | None) -> Cipher:
        if owner is None:
            return self._secret.cipher
        if owner not in self._ciphers:
            query = "SELECT wrapped FROM fragment_keys WHERE fragment = ?"
            ((wrapped,),) = rows(query, (owner,))
            self._ciphers[owner] = FragmentKeys(self._secret).unwrap(owner, bytes(wrapped))
        cipher = self._ciphers[owner]
        assert cipher is not None
        return cipher


def _values(record: dict[str, Any], names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(record[name] for name in names)


Connection = sqlite3.Connection | psycopg.Connection


def _connected(storage: str, folder: Path) -> Connection:
    """One snapshot of the store, to be read only."""
    if storage.startswith("sqlite:"):
        path = folder / storage.removeprefix("sqlite:")
        connection = sqlite3.connect(
            f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=HANG_SECONDS
        )
        connection.execute("BEGIN")
        return connection
    remote = psycopg.connect(storage)
    remote.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    remote.execute("SET search_path TO tuttu")
    return remote


def _asking(connection: Connection) -> Rows:
    if isinstance(connection, sqlite3.Connection):
        return lambda query, parameters: connection.execute(query, parameters).fetchall()
    return lambda query, parameters: connection.execute(
        query.replace("?", "%s").encode(), parameters
    ).fetchall()
