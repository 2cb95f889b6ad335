"""events.yaml, `writes`: which event writes which traits, and that it ever can."""

from tuttu.catalog.findings import nearest, quote
from tuttu.catalog.scope import LoadScope
from tuttu.catalog.yaml_nodes import MappingNode, ScalarNode
from tuttu.vocabulary import company
from tuttu.vocabulary.values import Kind, Type

_NUMBERS = {Kind.INTEGER, Kind.MONEY, Kind.REAL}
_TIMES = {Kind.DATE, Kind.TIMESTAMP}


def read_write(node: MappingNode, sheet: MappingNode, scope: LoadScope) -> company.TraitWrite:
    """One entry of `writes`."""
    event = scope.events.refer_scalar(node.scalar("event"), scope.findings) or ""
    source = _source(node, event, sheet, scope)
    traits = node.mapping("traits")
    for trait, path in traits.scalars():
        scope.written.refer(trait, traits.at(trait), scope.findings)
        check_property(path, event, scope)
        _check_type(trait, path, event, scope)
        if event in scope.events_with_traits:
            scope.said_inside.add(path.text.removeprefix("traits.").partition(".")[0])
    return company.TraitWrite(
        event=event,
        source=source,
        traits={trait: path.text for trait, path in traits.scalars()},
        where=node.where,
    )


def _source(node: MappingNode, event: str, sheet: MappingNode, scope: LoadScope) -> str:
    """Of a trait write: its own, or the one of its event."""
    sources = sheet.mapping("sources")
    source = node.text("source") or sources.text(event)
    hidden = sheet.broken("sources") or sources.broken(event) or sources.doubtful
    if not source and not (hidden or node.broken("source") or node.doubtful):
        expected = "`source: …`, or a source of this event under sources"
        found = f"a trait write of {quote(event)} without a source"
        scope.findings.add(node.where, found, expected)
    return source


def check_property(node: ScalarNode | None, event: str, scope: LoadScope) -> None:
    """A property that the event does not have, or that has nothing inside it."""
    planned = scope.plan.get(event)
    if node is None or planned is None or scope.event_columns.hides(node.text):
        return
    known = {*planned.properties, *planned.items}
    path = node.text.removeprefix("properties.")
    if not known or path in known:
        return
    outer = next((name for name in known if path.startswith(f"{name}.")), None)
    if outer is not None:
        declared = planned.properties.get(outer)
        found = f"{quote(node.text)}, where {quote(outer)} is {declared or 'a list of objects'}"
        scope.findings.add(node.where, found, "a property that may hold it: nothing is inside this")
        return
    if "." in path or event in scope.events_with_traits:
        return
    near = nearest(node.text, known)
    expected = f"a property of {quote(event)} in the tracking plan"
    scope.findings.add(node.where, quote(node.text), expected, near)


def _check_type(trait: str, path: ScalarNode, event: str, scope: LoadScope) -> None:
    """A property of a type that no value of the trait's type has: each would be a slip."""
    planned, declared = scope.plan.get(event), scope.row_columns.schema.columns.get(trait)
    if planned is None or declared is None or scope.event_columns.hides(path.text):
        return
    name = path.text.removeprefix("properties.")
    said = planned.properties.get(name)
    if name in planned.items or (said is not None and not may_fit(said, declared)):
        found = f"{quote(path.text)}, which is {said or 'a list of objects'}"
        expected = f"a property that may be {declared}, as the trait {quote(trait)} is"
        scope.findings.add(path.where, found, expected)


def may_fit(said: Type, declared: Type) -> bool:
    """Whether any value of one type can be read as the other: a text may be anything, everything
    may be a text, and numbers are one kind, as dates and times are."""
    if said.many != declared.many:
        return False
    kinds = {said.kind, declared.kind}
    return Kind.TEXT in kinds or len(kinds) == 1 or kinds <= _NUMBERS or kinds <= _TIMES
