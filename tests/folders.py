"""Project folders, written from what a test declares in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

NOTHING_OF: dict[str, dict[str, Any]] = {
    "events.yaml": {"events": {}},
    "traits.yaml": {"traits": {}},
    "policy.yaml": {"guards": {}, "contact_limits": {}, "suppressions": {}},
}
"""What a folder must have, where there is none of it."""


def texts(files: Mapping[str, Any]) -> dict[str, str]:
    """Files as texts; what is no text becomes YAML, and what is not said is empty."""
    whole = {**NOTHING_OF, **files}
    policy = whole["policy.yaml"]
    if isinstance(policy, dict):
        whole["policy.yaml"] = {**NOTHING_OF["policy.yaml"], **policy}
    return {path: said if isinstance(said, str) else to_yaml(said) for path, said in whole.items()}


def write(files: Mapping[str, Any], folder: Path) -> Path:
    """The project folder with these files: texts, or data."""
    for path, text in texts(files).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return folder


def to_yaml(value: object) -> str:
    """Flow style with every text quoted, so that nothing is read as anything else."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{to_yaml(k)}: {to_yaml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(to_yaml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(map(_escaped, value)) + '"'
    return str(value).lower()


def _escaped(point: str) -> str:
    plain = point.isascii() and point.isprintable() and point not in '"\\'
    return point if plain else f"\\U{ord(point):08X}"
