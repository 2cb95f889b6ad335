"""Does a file have the shape of its kind? Faults with file and line, by JSON Schema.

What has a fault becomes a `BrokenNode`, so that the readers go on with everything else and
report nothing a second time.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from tuttu.catalog import yaml_nodes as y
from tuttu.catalog.findings import Findings, nearest, quote
from tuttu.catalog.schemas import Shape, schemas
from tuttu.catalog.yaml_faults import QUOTE_IT, glued
from tuttu.vocabulary.errors import Where

Path = tuple[str | int, ...]
ROOT = "a mapping of keys to values"

LATER_KEYS: dict[str, frozenset[str]] = {
    "action": frozenset({"brand", "schedule"}),
    "group": frozenset({"brand", "schedule"}),
    "traits": frozenset({"table", "by", "model"}),
    "events": frozenset({"webhooks", "hooks", "mappings", "lookups"}),
    "consent": frozenset({"suppression_lists", "retention", "proofs"}),
    "identity": frozenset({"lists"}),
    "resources": frozenset({"source", "codes", "stock", "calendar"}),
    "channels": frozenset({"adapters", "quiet_hours"}),
    "policy": frozenset({"quiet_hours", "retention"}),
    "tuttu": frozenset({"hosts", "models"}),
}


class _Wrong(NamedTuple):
    """One error of the validator: the rule that is broken at a path, and the shape it is of."""

    path: Path
    rule: str
    bound: Any
    shape: Shape
    instance: object
    is_name: bool


class _Place(NamedTuple):
    """A node in its parent."""

    parent: y.MappingNode | y.ListNode | None
    key: str | int
    node: y.Node
    where: Where


def read_sheet(
    kind: str,
    file: str,
    text: str | None,
    findings: Findings,
    stages: tuple[str, ...] = (),
    may_lack: tuple[str, ...] = (),
) -> y.MappingNode | None:
    """The root of a file of a kind, with broken parts marked; None if nothing can be read.
    may_lack: keys that stand for empty tables if they are not there."""
    if text is None:
        return None
    root = y.parse_yaml(file, text, findings)
    if isinstance(root, y.BrokenNode):
        return None
    if isinstance(root, y.MappingNode):
        for key in may_lack:
            root.entries.setdefault(key, y.MappingNode({}, {}, root.where))
    seen: set[Path] = set()
    for wrong in _errors(kind, y.to_data(root), stages):
        path = wrong.path
        if not any(path[:length] in seen for length in range(len(path) + 1)):
            _Report(kind, root, findings, seen).take(wrong)
    return root if isinstance(root, y.MappingNode) else None


def _errors(kind: str, data: y.Data, stages: tuple[str, ...]) -> list[_Wrong]:
    """From the root down, so that a fault hides those inside it; what is missing comes first."""
    errors = [_wrong(error) for error in _validator(kind, stages).iter_errors(data)]
    return sorted(
        errors, key=lambda one: (len(one.path), list(map(str, one.path)), one.rule != "required")
    )


def _wrong(error: ValidationError) -> _Wrong:
    return _Wrong(
        path=tuple(error.absolute_path),
        rule=str(error.validator),
        bound=error.validator_value,
        shape=dict(error.schema) if isinstance(error.schema, Mapping) else {},
        instance=error.instance,
        is_name="propertyNames" in error.absolute_schema_path,
    )


def _pattern(
    _validator: object, pattern: str, instance: object, _schema: object
) -> Iterator[ValidationError]:
    """As JSON Schema's, but $ does not pass over a line's end."""
    if isinstance(instance, str) and ("\n" in instance or not re.search(pattern, instance)):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


@lru_cache
def _validator(kind: str, stages: tuple[str, ...]) -> Validator:
    return _STRICT(schemas(stages)[kind])


_STRICT: type[Validator] = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


class _Report:
    """Turns one error of the validator into faults."""

    def __init__(self, kind: str, root: y.Node, findings: Findings, seen: set[Path]) -> None:
        self.kind = kind
        self.root = root
        self.findings = findings
        self.seen = seen

    def take(self, wrong: _Wrong) -> None:
        if wrong.is_name:
            self.bad_name(wrong)
        elif wrong.rule == "additionalProperties":
            self.unknown_keys(wrong)
        elif wrong.rule == "required":
            self.missing_keys(wrong)
        else:
            self.bad_value(wrong)

    def unknown_keys(self, wrong: _Wrong) -> None:
        mapping = self.mapping(wrong.path)
        known = wrong.shape["properties"]
        unknown = [key for key in mapping.entries if key not in known]
        later = [key for key in unknown if key in LATER_KEYS.get(self.kind, ())]
        if later:
            self.findings.not_yet(mapping.at(later[0]), f"the key {quote(later[0])}")
        for key in unknown:
            if key not in later:
                self.unknown_key(wrong.path, mapping, key, known)
        for key in unknown:
            mapping.entries.pop(key, None)
        mapping.doubtful = True

    def unknown_key(
        self, path: Path, mapping: y.MappingNode, key: str, known: dict[str, Any]
    ) -> None:
        where = mapping.at(key)
        if self.was_split(path, mapping, key):
            self.findings.add(where, f"the key {quote(key)}", f"one value; {QUOTE_IT}")
            return
        near = nearest(key, known)
        expected = f"one of {', '.join(known)}"
        self.findings.add(where, f"the key {quote(key)}", expected, near)
        if near and near not in mapping.entries:
            mapping.entries[near] = y.BrokenNode(where)
            mapping.keys[near] = where

    def missing_keys(self, wrong: _Wrong) -> None:
        mapping = self.mapping(wrong.path)
        known = wrong.shape["properties"]
        absent = [key for key in wrong.bound if key not in mapping.entries]
        for key in absent:
            if not self.is_renamed(mapping, key, known):
                title = known[key]["title"]
                self.findings.add(mapping.where, f"no `{key}`", f"`{key}`: {title}")
            mapping.entries[key] = y.BrokenNode(mapping.where)

    @staticmethod
    def is_renamed(mapping: y.MappingNode, key: str, known: dict[str, Any]) -> bool:
        """An unknown key that looks like the missing one is reported as such."""
        unknown = [name for name in mapping.entries if name not in known]
        return any(nearest(name, known) == key for name in unknown)

    def bad_name(self, wrong: _Wrong) -> None:
        mapping = self.mapping(wrong.path)
        name = str(wrong.instance)
        where = mapping.at(name)
        expected = str(wrong.shape["title"])
        if self.was_split(wrong.path, mapping, name):
            expected = f"one value; {QUOTE_IT}"
        self.findings.add(where, f"the name {quote(name)}", expected)
        mapping.entries.pop(name, None)
        mapping.doubtful = True
        self.seen.add((*wrong.path, name))

    def bad_value(self, wrong: _Wrong) -> None:
        place = _place(self.root, wrong.path)
        expected = expected_of(wrong.shape, place.node, root=not wrong.path) + _limit(wrong)
        near = None
        if isinstance(place.node, y.ScalarNode):
            near = nearest(place.node.text, _options(wrong.shape))
        if isinstance(place.parent, y.MappingNode) and self.was_split(
            wrong.path[:-1], place.parent, str(place.key)
        ):
            expected = f"one value; {QUOTE_IT}"
        self.findings.add(place.where, _found(place.node), expected, near)
        self.seen.add(wrong.path)
        _break(place)

    def was_split(self, path: Path, mapping: y.MappingNode, key: str) -> bool:
        """In { } a comma ends a value: what follows it becomes a key without a value.

        Then the value before it is no whole one either, and is passed over.
        """
        names = list(mapping.entries)
        node = mapping.entries.get(key)
        if not (mapping.flow and isinstance(node, y.ScalarNode) and node.lone and names[0] != key):
            return False
        previous = names[names.index(key) - 1]
        if isinstance(mapping.entries[previous], y.ScalarNode):
            mapping.entries[previous] = y.BrokenNode(mapping.at(previous))
            self.seen.add((*path, previous))
        return True

    def mapping(self, path: Path) -> y.MappingNode:
        node = _place(self.root, path).node
        if not isinstance(node, y.MappingNode):
            raise TypeError(f"{path} is no mapping")
        return node


def _place(root: y.Node, path: Path) -> _Place:
    place = _Place(None, "", root, Where(root.where.file, root.where.line))
    for step in path:
        parent = place.node
        if isinstance(parent, y.MappingNode) and isinstance(step, str):
            place = _Place(parent, step, parent.entries[step], parent.at(step))
        elif isinstance(parent, y.ListNode) and isinstance(step, int):
            item = parent.items[step]
            place = _Place(parent, step, item, item.where)
    return place


def _break(place: _Place) -> None:
    broken = y.BrokenNode(place.where)
    if isinstance(place.parent, y.MappingNode) and isinstance(place.key, str):
        place.parent.entries[place.key] = broken
    elif isinstance(place.parent, y.ListNode) and isinstance(place.key, int):
        place.parent.items[place.key] = broken


def _found(node: y.Node) -> str:
    if isinstance(node, y.ScalarNode):
        return "nothing" if node.missing else quote(node.text)
    return "a list" if isinstance(node, y.ListNode) else "a mapping"


def expected_of(shape: Shape, node: y.Node, *, root: bool) -> str:
    """What a shape wants in place of a node. root: it is the whole file, whose title names it."""
    expected = ROOT if root else str(shape["title"])
    wanted = [shape.get("type"), *(each.get("type") for each in shape.get("anyOf", []))]
    advice = [glued(text, str(each)) for text in _first_text(node) for each in wanted]
    return "; ".join(dict.fromkeys([expected, *filter(None, advice)]))


def _first_text(node: y.Node) -> list[str]:
    """Without quotes, so what a lacking blank may have made of an item or an entry."""
    if isinstance(node, y.MappingNode):
        return list(node.entries)[:1]
    return [node.text] if isinstance(node, y.ScalarNode) and node.plain else []


def _options(shape: Shape) -> list[str]:
    """The words that could have been meant."""
    nested = [option for one in shape.get("anyOf", []) for option in _options(one)]
    return [*map(str, shape.get("enum", [])), *nested]


def _limit(wrong: _Wrong) -> str:
    words = {
        "minimum": "at least",
        "maximum": "at most",
        "minItems": "of at least",
        "minProperties": "at least",
    }
    word = words.get(wrong.rule)
    return f", {word} {wrong.bound}" if word else ""
