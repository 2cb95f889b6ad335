"""The published shapes: valid, told in words, and the same as what is checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tuttu import catalog
from tuttu.catalog.findings import Findings
from tuttu.catalog.yaml_nodes import parse_yaml, to_data
from tuttu.decision import STAGE_NAMES

KINDS = [
    "tuttu",
    "events",
    "identity",
    "traits",
    "consent",
    "policy",
    "resources",
    "channels",
    "action",
    "group",
    "message",
    "scenario",
]


def nested(shape: Any) -> Iterator[dict[str, Any]]:
    """All shapes inside a schema, itself included."""
    if isinstance(shape, dict):
        yield shape
        for key, value in shape.items():
            inner = value.values() if key == "properties" else [value]
            for one in inner:
                yield from nested(one)
    if isinstance(shape, list):
        for one in shape:
            yield from nested(one)


def test_there_is_a_schema_for_every_kind_of_file() -> None:
    assert list(catalog.schemas()) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_a_schema_that_names_its_dialect(kind: str) -> None:
    schema = catalog.schemas()[kind]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("kind", KINDS)
def test_every_shape_says_in_words_what_it_is(kind: str) -> None:
    for shape in nested(catalog.schemas()[kind]):
        if {"type", "enum", "anyOf", "const"} & shape.keys():
            assert shape["title"]
        for key, value in shape.get("properties", {}).items():
            assert value.get("description") or len(value["title"]) > len(key)


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_ships_what_is_published(operator: Path, kind: str) -> None:
    shipped = operator / ".schema" / f"{kind}.json"
    assert json.loads(shipped.read_text()) == catalog.schemas(STAGE_NAMES)[kind]


def test_the_examples_files_point_at_their_schemas(operator: Path) -> None:
    files = [path for path in operator.rglob("*.yaml") if path.parent.name != "demo"]
    assert len(files) > 30
    for path in files:
        marker, _, schema = path.read_text().splitlines()[0].partition("$schema=")
        assert marker == "# yaml-language-server: "
        kind = json.loads((path.parent / schema).read_text())
        node = parse_yaml(path.name, path.read_text(), Findings())
        Draft202012Validator(kind).validate(to_data(node))


@pytest.mark.parametrize("example", ["operator", "helpdesk", "bank", "shop", "utility"])
def test_every_example_ships_the_schemas_that_its_files_point_at(
    operator: Path, example: str
) -> None:
    folder = operator.parent / example
    for kind, schema in catalog.schemas(STAGE_NAMES).items():
        assert json.loads((folder / ".schema" / f"{kind}.json").read_text()) == schema
    for file in folder.rglob("*.yaml"):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        if "$schema=" in first:
            assert (file.parent / first.partition("$schema=")[2].strip()).resolve().is_file(), file
