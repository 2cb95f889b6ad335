"""The example `shop`, and companies made of it, over either store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from tests.sharing.company import SHOP, START, Company, changed

from tuttu.engine import ROOMS, Runtime, load_project, scratch_engine
from tuttu.storage import open_store
from tuttu.versions import FixedVersion
from tuttu.vocabulary.clock import ManualClock

Open = Callable[..., Company]


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
            return Company(Runtime(store, clock, FixedVersion(project, ROOMS, store)), clock)

        yield opening


@pytest.fixture
def shop(opened: Open) -> Company:
    return opened()
