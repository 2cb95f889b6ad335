"""What a version consists of is left out of garbage collections, and freed when it is gone."""

from __future__ import annotations

import gc
import signal
import weakref
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.builders import NOON
from tests.folders import write

from tuttu import engine as use
from tuttu.vocabulary.clock import ManualClock
from tuttu.web.garbage import keep_out_what_lives
from tuttu.web.server import bind, serve

FILES = {
    "tuttu.yaml": {"name": "corner"},
    "identity.yaml": {"namespaces": {"user_id": {"unique": True}}},
    "channels.yaml": {
        "channels": {"web": "in"},
        "surfaces": {"front": {"channel": "web", "default": "hello"}},
    },
    "consent.yaml": {"purposes": {"marketing": {"basis": "contract", "default": "in"}}},
}


class Part:
    """Of a circle."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def let_in_again() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_lives_is_kept_out_until_the_next_version() -> None:
    part = Part()
    gone = weakref.ref(part)
    keep_out_what_lives()
    kept = gc.get_freeze_count()
    assert kept > 1_000
    del part
    gc.collect()
    assert gone() is not None
    keep_out_what_lives()
    assert gone() is None


def test_a_server_keeps_each_version_out_as_it_becomes_the_newest(tmp_path: Path) -> None:
    folder = write({**FILES, "content/hello.web.en.liquid": "Hello\n"}, tmp_path / "corner")
    frozen: list[int] = []

    def announce(_: str) -> None:
        frozen.append(gc.get_freeze_count())
        gc.unfreeze()
        (folder / "content/hello.web.en.liquid").write_text("Hello again\n")
        assert use.reload(engine, "test").changed
        frozen.append(gc.get_freeze_count())
        signal.raise_signal(signal.SIGTERM)

    with (
        closing(bind("127.0.0.1", 0)) as bound,
        closing(use.open_engine(folder, clock=ManualClock(NOON))) as engine,
    ):
        serve(engine, bound, folder, announce)
    assert min(frozen) > 1_000
