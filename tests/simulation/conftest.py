"""The shipped examples, and copies of them whose scenarios a test rewrites."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "src" / "tuttu" / "examples"
Copy = Callable[[str], Path]


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A copy of a shipped example."""
    left_out = shutil.ignore_patterns(".tuttu", "__pycache__", "*.parquet")
    return lambda name: shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=left_out)
