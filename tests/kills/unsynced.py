"""tuttu with a store that syncs nothing: what the proof of syncs must notice."""

from __future__ import annotations

import functools
import sqlite3
from typing import Any


class Unsynced(sqlite3.Connection):
    """A connection that hears ``synchronous=FULL`` as OFF."""

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        return super().execute(sql.replace("synchronous=FULL", "synchronous=OFF"), *parameters)


if __name__ == "__main__":
    setattr(sqlite3, "connect", functools.partial(sqlite3.connect, factory=Unsynced))  # noqa: B010

    from tuttu.cli import main

    main()
