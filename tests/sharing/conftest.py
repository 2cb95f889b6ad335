"""The example `shop`, and companies made of it, over either store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.laws.conftest import TABLES
from tests.laws.twins import over
from tests.sharing.company import SHOP, START, Company, changed

from tuttu.engine import load_project, scratch_engine
from tuttu.storage import open_store
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.project import Project

Open = Callable[..., Company]
Emptied = Callable[[Project], AbstractContextManager[Company]]


@pytest.fixture
def opened(storage_url: str, tmp_path: Path) -> Iterator[Open]:
    """An engine of the shop over an empty store of the kind that the URL names; one for a test on
    PostgreSQL. Keywords: keys of its files that are said otherwise, as `identity={"email": …}`."""
    with ExitStack() as stack:

        def opening(**changes: Any) -> Company:
            project = load_project(changed(tmp_path / "shop", changes) if changes else SHOP)
            clock = ManualClock(START)
            if storage_url.startswith("sqlite:"):
                engine = stack.enter_context(closing(scratch_engine(project, clock=clock)))
                return Company(engine, clock)
            store = stack.enter_context(closing(open_store(storage_url, tmp_path)))
            return Company(over(project, store, clock), clock)

        yield opening


@pytest.fixture
def shop(opened: Open) -> Company:
    return opened()


@pytest.fixture
def emptied(storage_url: str, tmp_path: Path) -> Iterator[Emptied]:
    """A company of any project over an empty store of the kind that the URL names: on PostgreSQL
    one database, emptied before each."""
    with ExitStack() as stack:
        if storage_url.startswith("sqlite:"):

            @contextmanager
            def fresh(project: Project) -> Iterator[Company]:
                clock = ManualClock(START)
                with closing(scratch_engine(project, clock=clock)) as engine:
                    yield Company(engine, clock)

            yield fresh
            return
        store = stack.enter_context(closing(open_store(storage_url, tmp_path)))
        connection = stack.enter_context(psycopg.connect(storage_url, autocommit=True))

        @contextmanager
        def reused(project: Project) -> Iterator[Company]:
            for table in TABLES:
                connection.execute(f"DELETE FROM tuttu.{table}")
            clock = ManualClock(START)
            yield Company(over(project, store, clock), clock)

        yield reused
