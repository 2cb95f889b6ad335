"""Write down a store as the present code makes it, so that later code can be shown to read it.

    python -m tests.storage.schemas.write sqlite-2-f06ea64
    python -m tests.storage.schemas.write postgresql-2-f06ea64

The name says the kind of the store, its schema, and the commit whose code wrote it. The company
lives through the days of `life`. Beside the dump stands what is needed to open it, and what must
come out: the secret, the present moment, the digest, and what that code answered to the `questions`
of `life`. To be run once, before the code changes; never again.

The dumps without a commit in their names were written by earlier forms of this module, when the
days were fewer and nobody asked. The digests are those of the rules by which an identifier that two
people use joins neither: in each store a phone left one customer, and nothing else changed.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from tests.storage.schemas.life import END, MOMENT, Days, Told, lacking, questions
from tests.storage.schemas.restoring import EMBEDDED, OVERLAYS, SCHEMAS, restored
from tests.witness import doors

from tuttu.storage.postgres import SCHEMA
from tuttu.testing import private_postgres

MOST_LIVES = 12
Database = Callable[[], str]


def lived_through(folder: Path, url: str) -> tuple[Told, dict[str, Any]]:
    """The company's store at this URL in the end; what is noted of it."""
    shutil.copytree(SCHEMAS / OVERLAYS[0], folder)
    with doors(folder, MOMENT, url) as opened:
        told = Days(opened, folder).live()
        digest = opened.ask("GET", "/v1/digest")["digest"]
    secret = (folder / ".tuttu" / "secret").read_bytes().hex()
    noted = {"secret": secret, "now": END, "digest": digest, "layers": len(OVERLAYS)}
    return told, {**noted, "once": told.once}


def answered(name: str, told: Told, parent: Path, database: Database) -> list[dict[str, Any]]:
    """Each question with its status and answer, as they are asked of the restored dump."""
    folder = parent / "counted"
    with doors(folder, END, restored(name, folder, database)) as opened:
        asked = questions(told, lambda question: opened.answer(question)["answer"])
    folder = parent / "answered"
    with doors(folder, END, restored(name, folder, database)) as opened:
        return [{**question, **opened.answer(question)} for question in asked]


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


def write(name: str, noted: dict[str, Any], asked: list[dict[str, Any]]) -> None:
    """A line for each question, so that a difference can be read."""
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in noted.items()]
    each = ",\n".join(f"  {json.dumps(one, ensure_ascii=False)}" for one in asked)
    text = "\n".join(["{", *lines, f' "asked": [\n{each}\n ]', "}"])
    (SCHEMAS / f"{name}.json").write_text(text + "\n")


def main(name: str) -> None:
    """Lives until everything was there that depends on who falls in which arm."""
    with private_postgres(fsync=False) as server:
        for _ in range(MOST_LIVES):
            missing = lacking(lived(name, server.create))
            if not missing:
                return
    sys.exit(f"lived in vain, for want of {', '.join(sorted(missing))}")


def lived(name: str, database: Database) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as place:
        parent, folder = Path(place), Path(place) / "company"
        url = EMBEDDED if name.startswith("sqlite") else database()
        told, noted = lived_through(folder, url)
        if url == EMBEDDED:
            lines = sqlite_lines(folder / ".tuttu" / "store.db")
        else:
            lines = postgres_lines(url)
        (SCHEMAS / f"{name}.sql").write_text("\n".join(lines) + "\n")
        write(name, noted, [])
        asked = answered(name, told, parent, database)
        write(name, noted, asked)
        return asked


if __name__ == "__main__":
    main(sys.argv[1])
