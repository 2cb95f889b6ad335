"""A store that an earlier version wrote is brought up to date when it is opened, or left alone.

In `schemas/` lies a dump of a store of each schema, with its secret and the digest it had; `write`
there says how they came to be. What the code answered that wrote the newer ones is asked again in
`test_written_before`.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.storage.schemas.restoring import EMBEDDED, SCHEMAS, noted_of, restored

from tuttu import engine as use
from tuttu.engine import open_engine
from tuttu.storage import StoreCorruptError, encryption, open_store, postgres, sqlite
from tuttu.storage.encryption import Secret
from tuttu.versions import backfill, refold
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import parse_instant

DUMPS = sorted(path.stem for path in SCHEMAS.glob("*.sql"))
ENDED_BY_KILL = -signal.SIGKILL

Restore = Callable[[str], tuple[Path, str, dict[str, Any]]]


@pytest.fixture
def restore(tmp_path: Path, request: pytest.FixtureRequest) -> Restore:
    """restore(dump): a project folder with its secret, the URL of the restored store, and what was
    noted of it."""

    def restoring(name: str) -> tuple[Path, str, dict[str, Any]]:
        folder = tmp_path / "company"
        url = restored(name, folder, lambda: str(request.getfixturevalue("postgres_url")))
        return folder, url, noted_of(name)

    return restoring


def digest_of(folder: Path, url: str, noted: dict[str, Any]) -> str:
    clock = ManualClock(parse_instant(noted["now"]) or 0)
    with closing(open_engine(folder, clock=clock, storage=url)) as engine:
        return use.digest(engine).digest


def dumped(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / ".tuttu" / "store.db")) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()
        return [*connection.iterdump(), str(version)]


def test_there_is_a_dump_of_every_schema() -> None:
    known = [f"sqlite-{n}" for n in range(1, sqlite.SCHEMA_VERSION + 1)]
    known += [f"postgresql-{n}" for n in range(2, postgres.SCHEMA_VERSION + 1)]
    kinds = {"-".join(name.split("-")[:2]) for name in DUMPS}
    assert sorted(known) == sorted(kinds)
    assert sqlite.SCHEMA_VERSION == postgres.SCHEMA_VERSION == len(sqlite.MIGRATIONS) + 1


@pytest.mark.parametrize("name", DUMPS)
def test_a_store_of_every_schema_has_the_digest_it_had(restore: Restore, name: str) -> None:
    folder, url, noted = restore(name)
    assert digest_of(folder, url, noted) == noted["digest"]
    assert digest_of(folder, url, noted) == noted["digest"]


@pytest.mark.parametrize("name", DUMPS)
def test_what_was_sent_before_is_known_afterwards(restore: Restore, name: str) -> None:
    """The keys of `once` were changed on the way: the same event again is still the same event."""
    folder, url, noted = restore(name)
    said = {
        "type": "identify",
        "messageId": "early-003",
        "userId": "aino",
        "timestamp": "2026-02-03T16:05:00+02:00",
        "traits": {"first_name": "Aino"},
    }
    clock = ManualClock(parse_instant(noted["now"]) or 0)
    with closing(open_engine(folder, clock=clock, storage=url)) as engine:
        answer = use.accept(engine, "identify", json.dumps(said).encode(), None, "early")
        assert (answer.accepted, answer.duplicates) == (0, 1)
        assert use.digest(engine).digest == noted["digest"]


@pytest.mark.parametrize("name", [name for name in DUMPS if not name.endswith("-1")])
def test_a_schema_of_the_future_is_refused(restore: Restore, name: str) -> None:
    folder, url, _ = restore(name)
    if url == EMBEDDED:
        with closing(sqlite3.connect(folder / ".tuttu" / "store.db")) as connection:
            connection.execute(f"PRAGMA user_version={sqlite.SCHEMA_VERSION + 1}")
    else:
        with psycopg.connect(url) as connection:
            future = postgres.SCHEMA_VERSION + 1
            connection.execute("UPDATE tuttu.store SET schema_version = %s", (future,))
    with pytest.raises(StoreCorruptError, match="found a store of schema 4, expected at most 3"):
        open_store(url, folder)


def test_state_of_the_future_is_refused(restore: Restore, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, url, noted = restore("sqlite-2")
    monkeypatch.setattr(refold, "SHAPE", 1)
    with pytest.raises(StoreCorruptError, match="found state of shape 2, expected at most 1"):
        digest_of(folder, url, noted)


def _killed_while_folding(folder: Path, noted: dict[str, Any]) -> None:
    vars(backfill)["parts_of"] = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    digest_of(folder, EMBEDDED, noted)


def test_state_folded_anew_and_killed_halfway_is_the_old_state(restore: Restore) -> None:
    folder, url, noted = restore("sqlite-1")
    open_store(url, folder).close()
    before = dumped(folder)
    process = multiprocessing.get_context("spawn").Process(
        target=_killed_while_folding, args=(folder, noted)
    )
    process.start()
    process.join()
    assert process.exitcode == ENDED_BY_KILL
    assert dumped(folder) == before
    assert digest_of(folder, url, noted) == noted["digest"]


def _killed_while_migrating(folder: Path) -> None:
    def killing(connection: sqlite3.Connection, secret: Secret) -> None:
        step(connection, secret)
        os.kill(os.getpid(), signal.SIGKILL)

    *before, step = sqlite.MIGRATIONS
    vars(sqlite)["MIGRATIONS"] = (*before, killing)
    open_store(EMBEDDED, folder)


def test_a_migration_killed_halfway_leaves_the_old_store(restore: Restore) -> None:
    folder, url, noted = restore("sqlite-1")
    before = dumped(folder)
    process = multiprocessing.get_context("spawn").Process(
        target=_killed_while_migrating, args=(folder,)
    )
    process.start()
    process.join()
    assert process.exitcode == ENDED_BY_KILL
    assert dumped(folder) == before
    assert digest_of(folder, url, noted) == noted["digest"]
    assert dumped(folder)[-1] == f"({sqlite.SCHEMA_VERSION},)"


def _killed_while_creating(url: str, folder: Path) -> None:
    def killing(*_: object) -> bytes:
        os.kill(os.getpid(), signal.SIGKILL)
        return b""

    vars(encryption)["seal"] = vars(postgres)["seal"] = killing
    open_store(url, folder)


def test_a_store_whose_making_was_killed_is_made_again(storage_url: str, tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=_killed_while_creating, args=(storage_url, tmp_path)
    )
    process.start()
    process.join()
    assert process.exitcode == ENDED_BY_KILL
    secret = (tmp_path / ".tuttu" / "secret").read_bytes()
    with closing(open_store(storage_url, tmp_path)) as store, store.read() as snapshot:
        assert snapshot.position == 0
    assert (tmp_path / ".tuttu" / "secret").read_bytes() == secret
