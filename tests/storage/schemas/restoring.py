"""A dump made into a store again."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

SCHEMAS = Path(__file__).parent
EMBEDDED = "sqlite:.tuttu/store.db"
OVERLAYS = ("company", "later")


def noted_of(name: str) -> dict[str, Any]:
    """What stands beside the dump."""
    noted: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text())
    return noted


def restored(name: str, folder: Path, database: Callable[[], str]) -> str:
    """The URL of the dump's store, once `folder` is its project folder with its secret.

    database: makes an empty one on a PostgreSQL, and says where.
    """
    noted = noted_of(name)
    for layer in OVERLAYS[: noted.get("layers", 1)]:
        shutil.copytree(SCHEMAS / layer, folder, dirs_exist_ok=True)
    (folder / ".tuttu").mkdir()
    secret = folder / ".tuttu" / "secret"
    secret.write_bytes(bytes.fromhex(noted["secret"]))
    secret.chmod(0o600)
    text = (SCHEMAS / f"{name}.sql").read_text()
    if name.startswith("sqlite"):
        with closing(sqlite3.connect(folder / ".tuttu" / "store.db")) as connection:
            connection.executescript(text)
        return EMBEDDED
    url = database()
    with psycopg.connect(url) as connection:
        connection.execute(text.encode())
    return url
