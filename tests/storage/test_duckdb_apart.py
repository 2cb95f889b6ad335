"""DuckDB never opens the store's file: it works on exports, and could not reach further if told."""

from __future__ import annotations

import ast
import re
from contextlib import closing
from pathlib import Path

import pytest

from tuttu.storage import ExportError, open_store, open_workspace

SOURCE = Path(__file__).parents[2] / "src" / "tuttu"
OPENS_ANOTHER = re.compile(r"\bATTACH\b|sqlite_(scan|attach|query)|postgres_(scan|attach|query)")


def test_duckdb_is_opened_in_memory_only() -> None:
    places: list[str] = []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "duckdb.connect":
                place = f"{path.name}:{node.lineno}"
                assert not node.args, place
                assert {each.arg for each in node.keywords} <= {"config"}, place
                places.append(place)
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not OPENS_ANOTHER.search(node.value), f"{path.name}:{node.lineno}"
    assert len(places) >= 2


def test_duckdb_is_kept_from_the_store(tmp_path: Path) -> None:
    path = tmp_path / ".tuttu" / "store.db"
    with closing(open_store("sqlite:.tuttu/store.db", tmp_path)), open_workspace() as bench:
        assert path.stat().st_size
        for statement in (
            f"ATTACH '{path}' AS store",
            f"ATTACH '{path}' AS store (TYPE sqlite)",
            f"SELECT * FROM read_blob('{path}')",
            f"SELECT * FROM read_text('{path.with_name('secret')}')",
            f"COPY (SELECT 1) TO '{path}'",
            "SET enable_external_access = true",
        ):
            with pytest.raises(ExportError):
                bench.run(statement)
