"""The page of the project folder: every key of every file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tools.reference.markdown import page, table
from tools.reference.yaml_written import written

from tuttu import catalog
from tuttu.decision import STAGE_NAMES
from tuttu.intake import mapping_schema

Json = dict[str, Any]
Rows = list[tuple[str, str, str]]
HEADER = ("key", "required", "what it is")

FEW = 3
"""Shapes with fewer keys than this are written out each time."""

FILES: Mapping[str, str] = {
    "tuttu": "tuttu.yaml",
    "events": "events.yaml",
    "identity": "identity.yaml",
    "traits": "traits.yaml",
    "consent": "consent.yaml",
    "policy": "policy.yaml",
    "resources": "resources.yaml",
    "channels": "channels.yaml",
    "action": "actions/<owner>/<issue group>/<action>.yaml",
    "group": "actions/…/_group.yaml",
    "message": "content/….liquid, between two lines of ---",
    "scenario": "scenarios/*.yaml",
}


def project() -> str:
    """Every key of every file of a project folder, and of import mappings."""
    shapes = {FILES[kind]: shape for kind, shape in catalog.schemas(STAGE_NAMES).items()}
    shapes["imports/<name>.yaml"] = mapping_schema()
    known: dict[str, Rows] = {}
    parts = []
    for name, shape in shapes.items():
        rows = _Keys(shape).rows
        parts += [f"## `{name}`", _title(shape), _as_before(rows, known) or table(HEADER, rows)]
        known[name] = rows
    return page(
        "Project folder",
        "A project folder is a company: YAML files (1.2, so `no` is a word and a date is text), "
        "Liquid templates in `content/<message>.<channel>.<language>.liquid`, scenarios in "
        "`scenarios/`. `tuttu check` shows every fault of it. The shapes below are published as "
        "JSON Schema by `tuttu schema`, so that editors complete them.",
        "`<name>` stands for a name that you give, `[]` for each entry of a list. An expression "
        "inside `[ ]` or `{ }` is quoted. *Required* means: by its parent, where that is there.",
        written(),
        *parts,
    )


def _as_before(rows: Rows, known: Mapping[str, Rows]) -> str:
    """Where a file has the keys of an earlier one, but for its first: a sentence that says so."""
    for name, earlier in known.items():
        if rows == earlier[1:]:
            return f"The keys of `{name}`, but for {earlier[0][0]}."
    return ""


def _title(shape: Json) -> str:
    """The part of `tuttu.yaml: the company` that is no path."""
    [title] = [part for part in shape["title"].split(": ") if ".yaml" not in part]
    return f"{title[:1].upper()}{title[1:]}."


class _Keys:
    """The rows of one file. A shape that was written out once is referred to after that."""

    def __init__(self, root: Json) -> None:
        self.rows: Rows = []
        self._shown: dict[str, str] = {}
        self._inside(root, "")

    def _key(self, shape: Json, path: str, required: str) -> None:
        before = self._shown.get(_inner_keys(shape))
        note = f" Its keys are those of `{before}`." if before else ""
        self.rows.append((f"`{path}`", required, _meaning(shape) + note))
        if not before:
            self._inside(shape, path)

    def _inside(self, shape: Json, path: str) -> None:
        """The keys of a shape, and of the shapes that it may have instead of a plain value."""
        if path and len(shape.get("properties", {})) >= FEW:
            self._shown.setdefault(_inner_keys(shape), path)
        needed = shape.get("required", [])
        for name, inner in shape.get("properties", {}).items():
            here = f"{path}.{name}" if path else name
            self._key(inner, here, "yes" if name in needed else "")
        entries = shape.get("additionalProperties")
        if isinstance(entries, dict):
            self._key(entries, f"{path}.<name>" if path else "<name>", "")
        items = shape.get("items")
        if isinstance(items, dict) and _inner_keys(items) not in self._shown:
            self._inside(items, f"{path}[]")
        for inner in shape.get("anyOf", []):
            self._inside(inner, path)


def _inner_keys(shape: Json) -> str:
    """What tells shapes with the same keys from others; the same for all that have none."""
    return json.dumps(shape.get("properties", {}), sort_keys=True)


def _meaning(shape: Json) -> str:
    title, description = str(shape.get("title", "")), str(shape.get("description", ""))
    if title.lower() in description.lower():
        return description
    return f"{title[:1].upper()}{title[1:]}. {description}".strip()
