"""Does a mapping file have its shape? Faults with line, found, expected and the nearest key."""

from collections.abc import Iterable
from typing import Any, cast

from jsonschema import Draft202012Validator

from tuttu.catalog.findings import Findings, nearest, quote
from tuttu.catalog.schema_validation import expected_of
from tuttu.catalog.schemas.json_schema import Shape
from tuttu.catalog.yaml_nodes import ListNode, MappingNode, Node, ScalarNode, to_data
from tuttu.vocabulary.errors import Where


def find_shape_faults(root: Node, schema: Shape, findings: Findings) -> None:
    """Adds a fault for each place where the text does not have the shape of the schema."""
    for error in Draft202012Validator(schema).iter_errors(to_data(root)):
        node, where = _place(root, error.absolute_path)
        shape = cast(Shape, error.schema)
        if error.validator == "additionalProperties" and isinstance(node, MappingNode):
            _unknown_keys(node, shape["properties"], findings)
        elif error.validator == "required" and isinstance(node, MappingNode):
            _missing_keys(node, shape, findings)
        else:
            expected = expected_of(shape, node, root=not error.absolute_path)
            findings.add(where, _found(node), expected, _nearest(node, shape))


def _place(root: Node, path: Iterable[str | int]) -> tuple[Node, Where]:
    """The node at a path, and the place of its key."""
    node, where = root, root.where
    for step in path:
        if isinstance(node, MappingNode) and isinstance(step, str):
            where = node.at(step)
            node = node.entries[step]
        elif isinstance(node, ListNode) and isinstance(step, int):
            node = node.items[step]
            where = node.where
    return node, where


def _unknown_keys(node: MappingNode, known: dict[str, Any], findings: Findings) -> None:
    for key in node.entries:
        if key not in known:
            expected = f"one of {', '.join(known)}"
            findings.add(node.at(key), f"the key {quote(key)}", expected, nearest(key, known))


def _missing_keys(node: MappingNode, shape: Shape, findings: Findings) -> None:
    for key in shape["required"]:
        if key not in node:
            title = shape["properties"][key]["title"]
            findings.add(node.where, f"no `{key}`", f"`{key}`: {title}")


def _found(node: Node) -> str:
    if isinstance(node, ScalarNode):
        return "nothing" if node.missing else quote(node.text)
    return "a list" if isinstance(node, ListNode) else "a mapping"


def _nearest(node: Node, shape: Shape) -> str | None:
    if not isinstance(node, ScalarNode):
        return None
    return nearest(node.text, map(str, shape.get("enum", ())))
