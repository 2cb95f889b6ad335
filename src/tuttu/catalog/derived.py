"""Traits that are read from other traits: first_known, expressions and segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from tuttu.catalog.columns import ColumnBook
from tuttu.catalog.desk import Desk
from tuttu.catalog.expressions import UNREADABLE, names_in
from tuttu.catalog.findings import quote
from tuttu.catalog.names import Names
from tuttu.catalog.yaml_nodes import MappingNode, ScalarNode
from tuttu.vocabulary.company import Trait
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.values import Type


class _Recipe(NamedTuple):
    """A trait that reads others, before it is compiled: an expression, or names to choose from."""

    where: Where
    uses: frozenset[str]
    expression: ScalarNode | None = None
    choices: tuple[ScalarNode, ...] = ()
    segment: bool = False

    @property
    def reads(self) -> set[str]:
        """Names that must be there before it; what a source said (``told.size``) always is."""
        if self.expression:
            return set(names_in(self.expression.text))
        return {choice.text for choice in self.choices}


def read_computed(
    sheet: MappingNode, book: ColumnBook, desk: Desk
) -> tuple[dict[str, Trait], tuple[str, ...]]:
    """Traits that read others, and an order in which each comes after what it reads."""
    recipes = dict(_traits(sheet.mapping("traits"))) | _segments(sheet, desk)
    order = _order(recipes, desk)
    traits = {}
    for name in order:
        trait = _read(name, recipes[name], desk)
        if trait is None:
            desk.row_columns.broken.add(name)
            continue
        traits[name] = trait
        book.column(name, trait.type, trait.where)
    return traits, tuple(name for name in order if name in traits)


def _traits(section: MappingNode) -> Iterator[tuple[str, _Recipe]]:
    for name, node in section.mappings():
        expression, choices = node.scalar("expression"), tuple(node.listed("first_known"))
        if expression or choices:
            yield name, _Recipe(node.where, uses_of(node), expression, choices)


def chooses_own_sources(name: str, choices: Iterable[ScalarNode]) -> bool:
    """Whether it is the first known of what several sources wrote under its own name."""
    return any(choice.text.partition(".")[2] == name for choice in choices)


def uses_of(node: MappingNode) -> frozenset[str]:
    return frozenset(purpose.text for purpose in node.listed("use"))


def _segments(sheet: MappingNode, desk: Desk) -> dict[str, _Recipe]:
    """A segment is an expression, or a mapping with one and its use."""
    section, traits = sheet.mapping("segments"), sheet.mapping("traits")
    recipes = {}
    for name, node in section.entries.items():
        mapping = node if isinstance(node, MappingNode) else MappingNode({}, {}, node.where)
        for purpose in mapping.listed("use"):
            desk.purposes.refer_scalar(purpose, desk.findings)
        expression = section.scalar(name) or mapping.scalar("expression")
        if name in traits:
            expected = f"another name: it is a trait at {traits.at(name)}"
            desk.findings.add(section.at(name), f"the name {quote(name)}", expected)
        elif expression:
            recipes[name] = _Recipe(section.at(name), uses_of(mapping), expression, segment=True)
        else:
            desk.row_columns.broken.add(name)
    return recipes


def _order(recipes: dict[str, _Recipe], desk: Desk) -> list[str]:
    """Names, each after those it reads; those that read each other in a ring are left out."""
    reads = {name: recipe.reads & recipes.keys() for name, recipe in recipes.items()}
    while True:
        try:
            return list(TopologicalSorter(reads).static_order())
        except CycleError as error:
            ring = set(error.args[1])
            _report_ring(error.args[1], recipes, desk)
            reads = {name: read - ring for name, read in reads.items() if name not in ring}


def _report_ring(ring: list[str], recipes: dict[str, _Recipe], desk: Desk) -> None:
    """The sorter names the ring against the direction of reading, its first name twice."""
    names = ring[:0:-1]
    first = min(names, key=lambda name: recipes[name].where)
    turn = names.index(first)
    path = " → ".join([*names[turn:], *names[:turn], first])
    found = f"traits that read each other: {path}"
    desk.findings.add(recipes[first].where, found, "no trait that is computed from itself")
    desk.row_columns.broken |= set(ring)


def _read(name: str, recipe: _Recipe, desk: Desk) -> Trait | None:
    if recipe.expression is None:
        return _first_known(name, recipe, desk)
    compiler = desk.compiler
    compile_one = compiler.condition if recipe.segment else compiler.formula
    expression = compile_one(recipe.expression, desk.row_columns)
    if expression is UNREADABLE:
        return None
    return Trait(
        name=name,
        type=expression.type,
        derived=expression,
        segment=recipe.segment,
        uses=recipe.uses,
        where=recipe.where,
    )


def _first_known(name: str, recipe: _Recipe, desk: Desk) -> Trait | None:
    declared = _common_type(recipe.choices, desk)
    if declared is None:
        return None
    return Trait(
        name=name,
        type=declared,
        written=chooses_own_sources(name, recipe.choices),
        first_known=tuple(choice.text for choice in recipe.choices),
        uses=recipe.uses,
        where=recipe.where,
    )


def _common_type(choices: tuple[ScalarNode, ...], desk: Desk) -> Type | None:
    """The type that all have; None if they differ, or one of them is not known."""
    columns = desk.row_columns.schema.columns
    known = Names("a trait, or source.trait", columns)
    if any(desk.row_columns.hides(choice.text) for choice in choices):
        return None
    refers = [known.refer(choice.text, choice.where, desk.findings) for choice in choices]
    types = [columns[choice.text] for choice in choices if choice.text in columns]
    for choice in choices:
        declared = columns.get(choice.text, types[0] if types else None)
        if types and declared != types[0]:
            found = f"{quote(choice.text)}, which is {declared}"
            desk.findings.add(choice.where, found, f"{types[0]}, as the first one")
    return types[0] if all(refers) and len(set(types)) == 1 else None
