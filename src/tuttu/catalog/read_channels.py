"""channels.yaml."""

from collections.abc import Iterator, Mapping
from typing import cast

import msgspec

from tuttu.catalog.expressions import Columns
from tuttu.catalog.findings import quote
from tuttu.catalog.names import Names
from tuttu.catalog.scope import LoadScope
from tuttu.catalog.trait_usage import TraitUsage
from tuttu.catalog.yaml_nodes import MappingNode, ScalarNode
from tuttu.vocabulary import company, library
from tuttu.vocabulary.company import Channel, ContentType, Needs, Speaker, Surface
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.values import Kind, Schema, Type

STANDARD = {
    "web": "in",
    "app": "in",
    "email": "out",
    "sms": "out",
    "push": "out",
    "ads": "out",
    "call": "out",
    "letter": "out",
}
"""The channels of a company that names none of its own."""


def read_channels(sheet: MappingNode | None, scope: LoadScope) -> dict[str, Channel]:
    """Channels by name, and the names of surfaces, into the scope."""
    scope.channels.declare(sheet, "channels")
    scope.surfaces.declare(sheet, "surfaces")
    scope.surfaces.open = scope.surfaces.open or scope.channels.open
    if sheet is None:
        return {}
    channels = {}
    if "channels" in sheet:
        for name, node in sheet.mapping("channels").entries.items():
            if isinstance(node, ScalarNode):
                channels[name] = Channel(name=name, outbound=node.text == "out", where=node.where)
            elif isinstance(node, MappingNode):
                channels[name] = _channel(name, node, scope)
    else:
        channels = {
            name: Channel(name=name, outbound=way == "out", where=sheet.where)
            for name, way in STANDARD.items()
        }
        scope.channels.known |= STANDARD.keys()
    scope.surfaces.known |= {name for name, channel in channels.items() if channel.outbound}
    scope.surfaces.broken |= scope.channels.broken
    return channels


def read_surfaces(
    sheet: MappingNode | None, channels: dict[str, Channel], scope: LoadScope
) -> dict[str, Surface]:
    """Surfaces by name; every outbound channel is one too, of its own name."""
    declared = sheet.mapping("surfaces").mappings() if sheet else ()
    surfaces = {}
    for name, node in declared:
        surfaces[name] = _surface(name, node, scope)
        fits = _check_inbound(name, node, channels, scope)
        scope.surface_channels[name] = surfaces[name].channel if fits else ""
    for channel in channels.values():
        if channel.outbound:
            surfaces[channel.name] = _own_surface(channel)
            scope.surface_channels[channel.name] = channel.name
    return surfaces


def check_defaults(sheet: MappingNode | None, scope: LoadScope) -> None:
    """Default content of surfaces must be there."""
    for name, node in sheet.mapping("surfaces").mappings() if sheet else ():
        scope.needs_message(node.scalar("default"), scope.surface_channels.get(name, ""))


def _surface(name: str, node: MappingNode, scope: LoadScope) -> Surface:
    return Surface(
        name=name,
        channel=node.text("channel"),
        slots=node.whole("slots", 1),
        default=node.text("default") or None,
        deadline=scope.compiler.duration(node.scalar("deadline")),
        variety=node.whole("variety", 0) or None,
        person=node.flag("person"),
        owed=node.whole("owed", 0) or None,
        where=node.where,
    )


def _check_inbound(
    name: str, node: MappingNode, channels: dict[str, Channel], scope: LoadScope
) -> bool:
    """Whether the surface is on an inbound channel; if not, a fault."""
    given = node.scalar("channel")
    if given is None or not scope.channels.refer(given.text, given.where, scope.findings):
        return False
    own, channel = channels.get(name), channels.get(given.text)
    if own and own.outbound:
        expected = "another name: an outbound channel is a surface of its own name already"
        scope.findings.add(node.where, f"the surface {quote(name)}", expected)
        return False
    if channel and channel.outbound:
        inbound = ", ".join(sorted(one.name for one in channels.values() if not one.outbound))
        found, expected = (
            f"{quote(channel.name)}, which is outbound",
            f"an inbound channel: {inbound}",
        )
        scope.findings.add(given.where, found, expected)
        return False
    return channel is not None


def _own_surface(channel: Channel) -> Surface:
    return Surface(
        name=channel.name,
        channel=channel.name,
        counts="sent",
        outbound=True,
        where=channel.where,
    )


def _channel(name: str, node: MappingNode, scope: LoadScope) -> Channel:
    needs = node.mapping("needs")
    channel = Channel(
        name=name,
        outbound=node.text("direction") == "out",
        by=cast(Speaker | None, node.text("by") or None),
        content=cast(ContentType | None, node.text("content") or None),
        segments=node.whole("segments", 0) or None,
        needs=Needs(
            namespace=needs.text("namespace") or None,
            verified=needs.flag("verified"),
            traits=tuple(trait.text for trait in needs.listed("traits")),
        )
        if "needs" in node and not node.broken("needs")
        else None,
        dead=frozenset(event.text for event in node.listed("dead")),
        verified_by=frozenset(event.text for event in node.listed("verified_by")),
        where=node.where,
    )
    if not (node.doubtful or needs.doubtful or any(map(node.broken, node.entries))):
        for at, found, expected in _contradictions(channel, node, needs):
            scope.findings.add(at, found, expected)
    return channel


def _contradictions(
    channel: Channel, node: MappingNode, needs: MappingNode
) -> Iterator[tuple[Where, str, str]]:
    """Keys of a channel that mean nothing together: place, what was found, what is expected."""
    if channel.needs is not None:
        if not channel.outbound:
            expected = "needs of an outbound channel: on an inbound one the customer comes to us"
            yield node.at("needs"), "`needs`", expected
        named = channel.needs.namespace is not None
        if named == bool(channel.needs.traits) and not needs.broken("traits"):
            found = "both `namespace` and `traits`" if named else "neither `namespace` nor `traits`"
            yield node.at("needs"), found, "one of them"
        if channel.needs.verified and not channel.verified_by:
            expected = "`verified_by`: the events that confirm an address"
            yield needs.at("verified"), "`verified: true` alone", expected
    if channel.needs is None or channel.needs.namespace is None:
        for key in ("dead", "verified_by"):
            if key in node:
                yield node.at(key), quote(key), "a namespace that the channel needs, beside it"


def with_reach(
    sheet: MappingNode | None, channels: dict[str, Channel], scope: LoadScope
) -> dict[str, Channel]:
    """The channels with their needs compiled; after events, traits and namespaces are known."""
    section = sheet.mapping("channels") if sheet else None
    by_column: dict[str, Channel] = {}
    for channel in channels.values():
        if channel.needs is not None and channel.needs.namespace is not None:
            other = by_column.setdefault(company.reachable_column(channel.name), channel)
            if other is not channel:
                expected = f"a name that differs from {quote(other.name)} in more than - and _"
                scope.findings.add(channel.where, f"the channel {quote(channel.name)}", expected)
    return {
        name: channel
        if channel.needs is None or section is None
        else _with_condition(channel, section.mapping(name), scope)
        for name, channel in channels.items()
    }


def _with_condition(channel: Channel, node: MappingNode, scope: LoadScope) -> Channel:
    needs, findings = node.mapping("needs"), scope.findings
    for event in (*node.listed("dead"), *node.listed("verified_by")):
        scope.events.refer_scalar(event, findings)
    if namespace := needs.scalar("namespace"):
        if not scope.namespaces.refer(namespace.text, namespace.where, findings):
            return channel
        # The room that fills the column is not asked for it here.
        column = company.reachable_column(channel.name)
        columns = Columns(Schema(columns={column: Type(Kind.TEXT)}))
        text = f"{column} = '{company.REACHED}'"
    else:
        columns = scope.row_columns
        declared = {*columns.schema.columns, *columns.broken}
        known = Names("a trait of traits.yaml", declared, is_open=columns.open)
        traits = needs.listed("traits")
        if not all(known.refer(each.text, each.where, findings) for each in traits):
            return channel
        text = " AND ".join(_is_given(trait.text, columns.schema) for trait in traits)
    if not text:
        return channel
    test = scope.compiler.condition(ScalarNode(text, node.at("needs")), columns)
    return msgspec.structs.replace(channel, reachable=test)


def _is_given(trait: str, schema: Schema) -> str:
    """Nothing can be sent to a text without a letter in it."""
    declared = schema.columns.get(trait)
    return f"trim({trait}) <> ''" if declared == Type(Kind.TEXT) else f"{trait} IS NOT NULL"


def check_reach(
    actions: Mapping[str, library.Action], channels: Mapping[str, Channel], usage: TraitUsage
) -> None:
    """An address made of traits may be used for the purposes that these are for."""
    for action in actions.values():
        for treatment in action.treatments.values():
            channel = channels.get(treatment.channel)
            if channel is not None and channel.reachable is not None:
                usage.check(channel.reachable, action.purpose, treatment.where)
