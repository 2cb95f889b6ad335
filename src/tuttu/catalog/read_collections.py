"""Collections and groups of traits.yaml."""

from __future__ import annotations

from collections.abc import Mapping

from tuttu.catalog.columns import TEXT, ColumnBook, read_types
from tuttu.catalog.desk import Desk
from tuttu.catalog.findings import nearest, quote
from tuttu.catalog.names import Names
from tuttu.catalog.yaml_nodes import MappingNode
from tuttu.vocabulary.company import Collection, Group, Trait
from tuttu.vocabulary.values import Type


def read_collections(sheet: MappingNode, book: ColumnBook, desk: Desk) -> dict[str, Collection]:
    """Collections by name; the key's own field is text unless `keep` says otherwise."""
    section = sheet.mapping("collections")
    return {name: _collection(name, node, book, desk) for name, node in section.mappings()}


def _collection(name: str, node: MappingNode, book: ColumnBook, desk: Desk) -> Collection:
    key = node.text("key")
    fields = ({key: TEXT} if key else {}) | read_types(node.mapping("keep"))
    for event in node.listed("events"):
        desk.events.refer_scalar(event, desk.findings)
    if name in desk.sources:
        expected = f"another name: {quote(name)} is a source of events.yaml"
        desk.findings.add(node.where, f"the name {quote(name)}", expected)
    _mark_broken(name, node, desk)
    _check_fields(fields, node, desk)
    book.collection(name, fields, node.where)
    events = frozenset(event.text for event in node.listed("events"))
    return Collection(name=name, key=key, events=events, fields=fields, where=node.where)


def _mark_broken(name: str, node: MappingNode, desk: Desk) -> None:
    """What has a fault already is not missed where it is named."""
    kept = node.mapping("keep")
    desk.broken_fields[name] = {field for field in kept.entries if kept.broken(field)}
    if kept.doubtful or node.doubtful or node.broken("keep") or node.broken("key"):
        desk.collections.broken.add(name)


def _check_fields(fields: Mapping[str, Type], node: MappingNode, desk: Desk) -> None:
    """A field is a property that the plan gives to one of the events, of the same type."""
    events = sorted(event.text for event in node.listed("events"))
    planned = [desk.plan[event] for event in events if event in desk.plan]
    says_all = len(planned) == len(events) and all(event.properties for event in planned)
    if not says_all or node.broken("events"):
        return
    kept = node.mapping("keep")
    known = {name: kind for event in planned for name, kind in event.properties.items()}
    for field, declared in fields.items():
        where = kept.at(field) if field in kept else node.at("key")
        if field in known and known[field] != declared:
            expected = f"{known[field]}, as events.yaml has it"
            desk.findings.add(where, f"{quote(field)} as {declared}", expected)
        elif field not in known and field not in desk.event_columns.broken:
            expected = f"a property of {', '.join(events)} in events.yaml"
            desk.findings.add(where, quote(field), expected, nearest(field, known))


def read_groups(sheet: MappingNode, traits: Mapping[str, Trait], desk: Desk) -> dict[str, Group]:
    """Groups by name; the key is a trait that is written, or the first known of such."""
    keys = Names("a trait that is written, or the first known of such")
    keys.known = {name for name, trait in traits.items() if trait.written or trait.first_known}
    keys.known |= desk.row_columns.broken
    keys.open = desk.traits.open
    section = sheet.mapping("groups")
    for _, node in section.mappings():
        keys.refer_scalar(node.scalar("key"), desk.findings)
    return {
        name: Group(name=name, key=node.text("key"), where=node.where)
        for name, node in section.mappings()
    }
