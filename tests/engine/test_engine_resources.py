"""The amount of a resource, set while it runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tuttu.api.answers import ResourceRequest
from tuttu.engine import BadRequest, Engine, open_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.values import COUNT_MAX

DESIGN = Path(__file__).parents[1] / "catalog" / "design"


@pytest.fixture
def engine(storage_url: str, tmp_path: Path) -> Iterator[Engine]:
    """On a store of each kind."""
    folder = shutil.copytree(DESIGN, tmp_path / "design")
    with closing(open_engine(folder, clock=ManualClock(0), storage=storage_url)) as opened:
        yield opened


@pytest.mark.parametrize("amount", [0, 1, COUNT_MAX])
def test_an_amount_is_kept_as_it_was_set(engine: Engine, amount: int) -> None:
    assert (
        engine.set_resource("call_minutes", ResourceRequest(amount=amount), "test").free == amount
    )
    assert engine.resource("call_minutes").amount == amount


@pytest.mark.parametrize("amount", [-1, COUNT_MAX + 1, 10**30])
def test_an_amount_that_cannot_be_kept_is_refused(engine: Engine, amount: int) -> None:
    before = engine.resource("call_minutes")
    with pytest.raises(BadRequest, match=f"0 to {COUNT_MAX}"):
        engine.set_resource("call_minutes", ResourceRequest(amount=amount), "test")
    assert engine.resource("call_minutes") == before
