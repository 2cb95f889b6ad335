"""traits.yaml: collections."""

from collections.abc import Mapping

from tuttu.catalog.columns import TEXT, ColumnRegistry, read_types
from tuttu.catalog.expressions import Columns
from tuttu.catalog.findings import nearest, quote
from tuttu.catalog.scope import LoadScope
from tuttu.catalog.yaml_nodes import MappingNode
from tuttu.vocabulary import company, values

TIMELESS = (
    "a condition on the item's own fields alone, such as status = 'resolved': time that passes "
    "closes no item; let an event close it, and keep that as a field"
)


def read_collections(
    sheet: MappingNode, registry: ColumnRegistry, scope: LoadScope
) -> dict[str, company.Collection]:
    """Collections by name; the key's own field is text unless `keep` says otherwise."""
    section = sheet.mapping("collections")
    return {name: _collection(name, node, registry, scope) for name, node in section.mappings()}


def _collection(
    name: str, node: MappingNode, registry: ColumnRegistry, scope: LoadScope
) -> company.Collection:
    key = node.text("key")
    fields = ({key: TEXT} if key else {}) | read_types(node.mapping("keep"))
    for event in node.listed("events"):
        scope.events.refer_scalar(event, scope.findings)
    if name in scope.sources:
        expected = f"another name: {quote(name)} is a source of events.yaml"
        scope.findings.add(node.where, f"the name {quote(name)}", expected)
    _mark_broken(name, node, scope)
    _check_fields(fields, node, scope)
    registry.collection(name, fields, node.where)
    return company.Collection(
        name=name,
        key=key,
        events=frozenset(event.text for event in node.listed("events")),
        fields=fields,
        closed=_closed(name, fields, node, scope),
        limit=node.whole("limit", company.ITEMS_SHOWN),
        where=node.where,
    )


def _closed(
    name: str, fields: Mapping[str, values.Type], node: MappingNode, scope: LoadScope
) -> values.Expression | None:
    """Which items count as live must not change while nothing happens."""
    schema = values.Schema(columns=fields, zone=scope.company.zone)
    columns = Columns(schema, timeless=TIMELESS)
    columns.broken, columns.open = scope.broken_fields[name], name in scope.collections.broken
    said = node.scalar("closed")
    return scope.compiler.condition(said, columns) if said else None


def _mark_broken(name: str, node: MappingNode, scope: LoadScope) -> None:
    """What has a fault already is not missed where it is named."""
    kept = node.mapping("keep")
    scope.broken_fields[name] = {field for field in kept.entries if kept.broken(field)}
    if kept.doubtful or node.doubtful or node.broken("keep") or node.broken("key"):
        scope.collections.broken.add(name)


def _check_fields(fields: Mapping[str, values.Type], node: MappingNode, scope: LoadScope) -> None:
    """A field is a property that the plan gives to one of the events, of the same type."""
    events = sorted(event.text for event in node.listed("events"))
    planned = [scope.plan[event] for event in events if event in scope.plan]
    says_all = len(planned) == len(events) and all(event.properties for event in planned)
    if not says_all or node.broken("events"):
        return
    kept = node.mapping("keep")
    known = {name: kind for event in planned for name, kind in event.properties.items()}
    for field, declared in fields.items():
        where = kept.at(field) if field in kept else node.at("key")
        if field in known and known[field] != declared:
            expected = f"{known[field]}, as events.yaml has it"
            scope.findings.add(where, f"{quote(field)} as {declared}", expected)
        elif field not in known and field not in scope.event_columns.broken:
            expected = f"a property of {', '.join(events)} in events.yaml"
            scope.findings.add(where, quote(field), expected, nearest(field, known))
