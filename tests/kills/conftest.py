"""Servers of the tests' own, ended with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.kills.server import SERVE, Server

from tuttu.testing import PrivatePostgres, private_postgres

Serving = Callable[..., Server]


@pytest.fixture
def serving() -> Iterator[Serving]:
    """serving(folder): a server of a project folder, not started yet."""
    with ExitStack() as stack:

        def made(folder: Path, command: Sequence[str] = SERVE, **more: str) -> Server:
            server = Server(folder, command=command, **more)
            stack.callback(server.close)
            return server

        yield made


@pytest.fixture(scope="module")
def database() -> Iterator[PrivatePostgres]:
    """A PostgreSQL server of this file's own, which syncs as one in use does. It may be stopped
    and killed; whoever does it starts it again."""
    with private_postgres(fsync=True) as server:
        yield server
