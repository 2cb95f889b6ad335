"""events.yaml: first the plan, by which conditions on events are read; then what events do."""

from typing import cast

from tuttu.catalog.columns import TEXT, ColumnRegistry, read_fields, read_types
from tuttu.catalog.expressions import Columns
from tuttu.catalog.findings import quote
from tuttu.catalog.names import Names
from tuttu.catalog.read_writes import check_property, read_write
from tuttu.catalog.schemas.json_schema import CALLS
from tuttu.catalog.scope import CALL_NAMES, SOURCES, LoadScope
from tuttu.catalog.trait_usage import OTHER_WORDS
from tuttu.catalog.yaml_nodes import MappingNode
from tuttu.vocabulary import company
from tuttu.vocabulary.conversion import CALLS_WITH_TRAITS
from tuttu.vocabulary.values import Kind, Type

ALWAYS = {"event": TEXT, "call": TEXT, "source": TEXT}
OF_PAGES = {"path": TEXT, "url": TEXT, "title": TEXT}
PRODUCTS = "products"
OF_PRODUCTS = {
    **dict.fromkeys(("product_id", "sku", "category", "name", "brand", "variant"), TEXT),
    **dict.fromkeys(("coupon", "url", "image_url"), TEXT),
    "price": Type(Kind.MONEY),
    "quantity": Type(Kind.INTEGER),
    "position": Type(Kind.INTEGER),
}
"""The list that Segment's e-commerce events carry, where the plan does not say otherwise."""
TIMELESS = (
    "a condition on the event alone, since it is asked once, when the event comes: how long ago it "
    "may be, say with `in: 7d` beside it; what is to be compared with now, keep as a trait (last, "
    "max) or as an item, and say it in an `expression`"
)


def read_plan(sheet: MappingNode | None, scope: LoadScope) -> None:
    """The tracking plan, with sources and the columns of events, into the scope."""
    scope.events.declare(sheet, "events")
    names = _call_names(sheet)
    scope.events.known |= set(names.values())
    scope.events_with_traits |= {names[call] for call in CALLS_WITH_TRAITS}
    events = sheet.mapping("events") if sheet else None
    plan = {name: _planned(name, node) for name, node in events.mappings()} if events else {}
    for event in plan.values():
        _check_required(event, events, scope)
    scope.sources |= _sources(sheet)
    scope.plan = plan
    scope.undeclared = (
        cast(company.Undeclared, sheet.text("undeclared", "keep")) if sheet else "keep"
    )
    scope.event_columns = _event_columns(sheet, scope)
    # A company that plans no events may name any: there is no plan to check names against.
    scope.events.open = scope.events.open or sheet is None or "events" not in sheet


def _call_names(sheet: MappingNode | None) -> dict[str, str]:
    given = dict(sheet.mapping("calls").scalars()) if sheet else {}
    return CALL_NAMES | {call: node.text for call, node in given.items()}


def _sources(sheet: MappingNode | None) -> set[str]:
    if sheet is None:
        return set()
    declared = {node.text for _, node in sheet.mapping("sources").scalars()}
    return declared | {write.text("source") for write in sheet.listed_mappings("writes")} - {""}


def _planned(name: str, node: MappingNode) -> company.PlannedEvent:
    properties = node.mapping("properties")
    lists = {key: read_fields(value) for key, value in properties.entries.items()}
    return company.PlannedEvent(
        name=name,
        properties=read_types(properties),
        required=frozenset(one.text for one in node.listed("required")),
        items={key: fields for key, fields in lists.items() if fields is not None},
        where=node.where,
    )


def _check_required(
    event: company.PlannedEvent, events: MappingNode | None, scope: LoadScope
) -> None:
    node = events.mapping(event.name) if events else None
    if node is None or node.doubtful or node.broken("properties"):
        return
    declared = Names("a property of the event", node.mapping("properties").entries)
    for one in node.listed("required"):
        declared.refer(one.text, one.where, scope.findings)


def _event_columns(sheet: MappingNode | None, scope: LoadScope) -> Columns:
    registry = ColumnRegistry(scope.findings, shared=True)
    registry.reserve(ALWAYS)
    for name, node in sheet.mapping("events").mappings() if sheet else ():
        _add_properties(registry, scope.plan[name], node.mapping("properties"))
    for name, declared in OF_PAGES.items():
        if name.lower() not in registry.places:
            registry.columns[name] = declared
    if PRODUCTS not in registry.places:
        registry.collections[PRODUCTS] = dict(OF_PRODUCTS)
    schema = registry.schema(scope.company.zone)
    columns = Columns(schema, events=scope.events, timeless=TIMELESS)
    columns.open = scope.events.open or bool(scope.events.broken)
    columns.broken = _broken_properties(sheet)
    return columns


def _add_properties(
    registry: ColumnRegistry, event: company.PlannedEvent, places: MappingNode
) -> None:
    for name, declared in event.properties.items():
        registry.column(name, declared, places.at(name))
    for name, fields in event.items.items():
        registry.collection(name, fields, places.at(name))


def _broken_properties(sheet: MappingNode | None) -> set[str]:
    events = sheet.mapping("events").mappings() if sheet else ()
    sections = [event.mapping("properties") for _, event in events]
    return {name for section in sections for name in section.entries if section.broken(name)}


def read_tracking(sheet: MappingNode | None, scope: LoadScope) -> company.Tracking:
    """What events do: write traits, report contacts, consent and outcomes."""
    if sheet is None:
        return company.Tracking(names=_call_names(None), sources=SOURCES, plan=scope.plan)
    sources = {name: node.text for name, node in sheet.mapping("sources").scalars()}
    _check_keys(sheet.mapping("sources"), scope, with_calls=True)
    _check_sources(sheet, scope)
    _check_keys(sheet.mapping("outcomes"), scope, with_calls=False)
    for _, outcome in sheet.mapping("outcomes").scalars():
        scope.outcomes.refer_scalar(outcome, scope.findings)
    return company.Tracking(
        names=_call_names(sheet),
        sources=SOURCES | sources,
        plan=scope.plan,
        undeclared=scope.undeclared,
        writes=tuple(read_write(one, sheet, scope) for one in sheet.listed_mappings("writes")),
        contacts=tuple(_contact(one, scope) for one in sheet.listed_mappings("contacts")),
        consent=tuple(_consent(one, scope) for one in sheet.listed_mappings("consent")),
        outcomes={name: node.text for name, node in sheet.mapping("outcomes").scalars()},
    )


def _check_keys(section: MappingNode, scope: LoadScope, *, with_calls: bool) -> None:
    names = Names(scope.events.what, scope.events.known, is_open=scope.events.open)
    if with_calls:
        names.known |= set(CALLS)
    for name in section.entries:
        names.refer(name, section.at(name), scope.findings)


def _check_sources(sheet: MappingNode, scope: LoadScope) -> None:
    """`contacted.offer` is the ledger's word, so no source is called `contacted`; nor `item`."""
    given = [node for _, node in sheet.mapping("sources").scalars()]
    given += [node for one in sheet.listed_mappings("writes") if (node := one.scalar("source"))]
    for node in given:
        if node.text in OTHER_WORDS:
            scope.findings.add(node.where, quote(node.text), "another name for the source")


def _contact(node: MappingNode, scope: LoadScope) -> company.ElsewhereContact:
    event = scope.events.refer_scalar(node.scalar("event"), scope.findings) or ""
    scope.channels.refer_scalar(node.scalar("channel"), scope.findings)
    scope.purposes.refer_scalar(node.scalar("purpose"), scope.findings)
    scope.actions.refer_scalar(node.scalar("action"), scope.findings)
    scope.outcomes.refer_scalar(node.scalar("outcome"), scope.findings)
    for key in ("action", "outcome"):
        check_property(node.scalar(f"{key}_from"), event, scope)
        if key in node and f"{key}_from" in node:
            found = f"both `{key}` and `{key}_from`"
            scope.findings.add(node.at(f"{key}_from"), found, "one of them")
    mapped = node.mapping("outcome_map")
    if mapped.entries and "outcome_from" not in node and not node.doubtful:
        scope.findings.add(mapped.where, "`outcome_map`", "`outcome_from` beside it")
    for _, outcome in mapped.scalars():
        scope.outcomes.refer_scalar(outcome, scope.findings)
    when = node.scalar("when")
    return company.ElsewhereContact(
        event=event,
        channel=node.text("channel"),
        purpose=node.text("purpose"),
        action=node.text("action") or None,
        action_from=node.text("action_from") or None,
        outcome=node.text("outcome") or None,
        outcome_from=node.text("outcome_from") or None,
        outcome_map={value: outcome.text for value, outcome in mapped.scalars()},
        when=scope.compiler.condition(when, scope.event_columns) if when else None,
        where=node.where,
    )


def _consent(node: MappingNode, scope: LoadScope) -> company.ConsentEvent:
    return company.ConsentEvent(
        event=scope.events.refer_scalar(node.scalar("event"), scope.findings) or "",
        allowed=node.flag("allowed"),
        purpose=scope.purposes.refer_scalar(node.scalar("purpose"), scope.findings),
        channel=scope.channels.refer_scalar(node.scalar("channel"), scope.findings),
        where=node.where,
    )
