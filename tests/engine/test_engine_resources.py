"""The amount of a resource, set while it runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tuttu import engine as use
from tuttu.api import ResourceRequest
from tuttu.engine import Runtime, open_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.errors import BadRequest
from tuttu.vocabulary.values import COUNT_MAX

DESIGN = Path(__file__).parents[1] / "catalog" / "design"


@pytest.fixture
def engine(storage_url: str, tmp_path: Path) -> Iterator[Runtime]:
    """On a store of each kind."""
    folder = shutil.copytree(DESIGN, tmp_path / "design")
    with closing(open_engine(folder, clock=ManualClock(0), storage=storage_url)) as opened:
        yield opened


@pytest.mark.parametrize("amount", [0, 1, COUNT_MAX])
def test_an_amount_is_kept_as_it_was_set(engine: Runtime, amount: int) -> None:
    assert (
        use.set_resource(engine, "call_minutes", ResourceRequest(amount=amount), "test").free
        == amount
    )
    assert use.resource(engine, "call_minutes").amount == amount


@pytest.mark.parametrize("amount", [-1, COUNT_MAX + 1, 10**30])
def test_an_amount_that_cannot_be_kept_is_refused(engine: Runtime, amount: int) -> None:
    before = use.resource(engine, "call_minutes")
    with pytest.raises(BadRequest, match=f"0 to {COUNT_MAX}"):
        use.set_resource(engine, "call_minutes", ResourceRequest(amount=amount), "test")
    assert use.resource(engine, "call_minutes") == before
