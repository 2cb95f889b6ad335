"""The company of the laws over either store, empty for every example."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from tests.laws.saying import COMPANY
from tests.laws.twins import Fresh, over

from tuttu.engine import Runtime, load_project, scratch_engine
from tuttu.storage import open_store
from tuttu.vocabulary.clock import Clock
from tuttu.vocabulary.project import Project

TABLES = ("log", "records", "once", "fragment_keys")
LARGE = ("postgresql-febrl/dataset2", "postgresql-febrl/dataset3")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """At small scale the larger lists go into SQLite only."""
    if os.environ.get("TUTTU_SCALE", "small") != "full":
        late = [item for item in items if any(name in item.name for name in LARGE)]
        items[:] = [item for item in items if item not in late]
        config.hook.pytest_deselected(items=late)


@pytest.fixture(scope="session")
def project() -> Project:
    return load_project(COMPANY)


@pytest.fixture
def fresh(storage_url: str, project: Project, tmp_path: Path) -> Iterator[Fresh]:
    """An engine over an empty store of the kind that the URL names.

    SQLite: a scratch store, the same code without waiting for the disk. PostgreSQL: one database,
    emptied before each example.
    """
    with ExitStack() as stack:
        if storage_url.startswith("sqlite:"):
            yield lambda clock: closing(scratch_engine(project, clock=clock))
            return
        store = stack.enter_context(closing(open_store(storage_url, tmp_path)))
        connection = stack.enter_context(psycopg.connect(storage_url, autocommit=True))

        @contextmanager
        def emptied(clock: Clock) -> Iterator[Runtime]:
            for table in TABLES:
                connection.execute(f"DELETE FROM tuttu.{table}")
            yield over(project, store, clock)

        def opened(clock: Clock) -> AbstractContextManager[Runtime]:
            return emptied(clock)

        yield opened
