"""Codes that look like numbers: written bare, `00100` would be 100 in YAML.

A postal code, an article number or a key is text. Where one stands without quotes and YAML reads it
as something that is written otherwise, that is a fault: nobody would see what became of it.
"""

import re
from collections.abc import Mapping

import msgspec

from tuttu.catalog.findings import Findings, quote
from tuttu.catalog.yaml_nodes import ListNode, MappingNode, Node, ScalarNode
from tuttu.vocabulary.values import Kind, Type

Types = Mapping[str, Type]
_CODE = re.compile(r"[-+]?0[0-9xo].*|[+].*|.*[eE].*")
"""Nobody writes a number so; where any value may stand, it is a code."""
_PADDED = re.compile(r"[-+]?0[0-9xo].*")
"""Nor one with these zeros, where a number is expected."""


def check_bare(
    node: Node | None, findings: Findings, declared: Type | None = None, inside: Types | None = None
) -> None:
    """A value, and all that is in it. declared: its type, if one is known; inside: the types of the
    fields of the objects in it."""
    if isinstance(node, ScalarNode):
        _check(node, findings, declared)
    elif isinstance(node, ListNode):
        one = Type(declared.kind) if declared else None
        for item in node.items:
            check_bare(item, findings, one, inside)
    elif isinstance(node, MappingNode):
        for name, item in node.entries.items():
            check_bare(item, findings, (inside or {}).get(name))


def _check(node: ScalarNode, findings: Findings, declared: Type | None) -> None:
    value = node.value
    if not node.plain or not isinstance(value, bool | int | float):
        return
    read = msgspec.json.encode(value).decode()
    if declared is not None and declared.kind is Kind.TEXT:
        altered = read != node.text
    else:
        pattern = _CODE if declared is None else _PADDED
        altered = not isinstance(value, bool) and pattern.fullmatch(node.text) is not None
    if altered:
        found = f"{quote(node.text)} without quotes, which reads as {read}"
        findings.add(node.where, found, f'a code in quotes: "{node.text}"; a number as {read}')
