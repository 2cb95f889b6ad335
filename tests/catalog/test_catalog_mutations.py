"""Every line of the shipped examples, spoilt in every way: it loads, or the fault is found there.

A mutation takes a key away, renames it, gives it a value of the wrong type, or lets it refer to
nothing. What it spoils elsewhere must name what was spoilt.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tuttu import catalog
from tuttu.vocabulary.errors import Fault

EXAMPLES = Path(str(files("tuttu") / "examples"))
FILES = sorted(
    path.relative_to(EXAMPLES).as_posix()
    for path in EXAMPLES.rglob("*.yaml")
    if path.parent.name not in {"demo", "imports"}
)
NOWHERE = "nowhere-at-all"
pytestmark = pytest.mark.stories


class Mutation(NamedTuple):
    """One spoilt file: where it was spoilt, and the names that are gone or new by it."""

    what: str
    text: str
    lines: frozenset[int]
    names: frozenset[str]

    def explains(self, fault: Fault, file: str) -> bool:
        """Where it is, or what rests on it elsewhere: on a name of it, or on the action itself."""
        here = fault.where.file == file and fault.where.line in self.lines
        return here or any(name in str(fault) for name in {*self.names, f"'{Path(file).stem}'"})


def mutations(text: str) -> list[Mutation]:
    root = YAML(typ="safe", pure=True).compose(text)
    return list(_of_node(text, root, 1))


def _of_node(text: str, node: Node, parent: int) -> Iterator[Mutation]:
    if isinstance(node, MappingNode):
        for number, (key, value) in enumerate(node.value):
            following = node.value[number + 1][0] if number + 1 < len(node.value) else None
            yield from _of_entry(text, key, value, following, parent)
            yield from _of_node(text, value, key.start_mark.line + 1)
    if isinstance(node, SequenceNode):
        for item in node.value:
            if isinstance(item, ScalarNode):
                yield from _of_value(text, item, f"- {item.value}", {parent})
            yield from _of_node(text, item, item.start_mark.line + 1)


def _of_entry(
    text: str, key: Node, value: Node, following: Node | None, parent: int
) -> Iterator[Mutation]:
    line = key.start_mark.line + 1
    start = key.start_mark.index
    end = following.start_mark.index if following else _end(text, value)
    lines = frozenset(range(line, value.end_mark.line + 2)) | {parent}
    names = frozenset({str(key.value), *_names(value)})
    place = f"{key.value} (line {line})"
    yield Mutation(f"without {place}", text[:start] + text[end:], lines, names)
    at = start + (text[start] in "'\"")
    yield Mutation(f"renamed {place}", f"{text[:at]}zz{text[at:]}", lines, names)
    yield from _of_value(text, value, place, {parent, line})


def _of_value(text: str, value: Node, place: str, lines: set[int]) -> Iterator[Mutation]:
    start, end = value.start_mark.index, _end(text, value)
    around = frozenset(lines | set(range(value.start_mark.line + 1, value.end_mark.line + 2)))
    names = frozenset({NOWHERE, *_names(value)})
    spoilt = "[[1]]" if isinstance(value, ScalarNode) else "7"
    yield Mutation(f"wrong type: {place}", text[:start] + spoilt + text[end:], around, names)
    if isinstance(value, ScalarNode):
        lost = text[:start] + NOWHERE + text[end:]
        yield Mutation(f"to nowhere: {place}", lost, around, names)


def _end(text: str, value: Node) -> int:
    start: int = value.start_mark.index
    return start + len(text[start : value.end_mark.index].rstrip())


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, ScalarNode):
        if len(node.value) > 1:
            yield str(node.value)
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield from _names(item)
    else:
        for key, value in node.value:
            yield from _names(key)
            yield from _names(value)


@pytest.fixture(scope="module")
def companies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies to spoil, without their scenarios: they are spoilt one by one."""
    target = tmp_path_factory.mktemp("spoilt") / "examples"
    shutil.copytree(EXAMPLES, target, ignore=shutil.ignore_patterns("scenarios", "demo", "data"))
    return target


@pytest.mark.parametrize("file", FILES)
def test_each_mutation_loads_or_is_found_where_it_is(
    companies: Path, file: str, scale: Callable[[int, int], int], seed: int
) -> None:
    example, _, place = file.partition("/")
    all_of_them = mutations((EXAMPLES / file).read_text())
    count = min(len(all_of_them), scale(2, len(all_of_them)))
    chosen = random.Random(f"{seed}{file}").sample(all_of_them, count)
    target = companies / file
    target.parent.mkdir(exist_ok=True)
    before = target.read_bytes() if target.exists() else None
    try:
        for mutation in chosen:
            target.write_text(mutation.text)
            for fault in catalog.check(companies / example):
                assert mutation.explains(fault, place), f"{mutation.what}: {fault}"
    finally:
        target.unlink() if before is None else target.write_bytes(before)


def test_there_are_mutations_of_every_line() -> None:
    for file in FILES:
        text = (EXAMPLES / file).read_text()
        reached = set[int]().union(*(one.lines for one in mutations(text)))
        lines = {
            number
            for number, line in enumerate(text.splitlines(), 1)
            if line.strip() and not line.strip().startswith("#")
        }
        assert lines <= reached, file
