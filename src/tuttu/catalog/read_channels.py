"""channels.yaml."""

from typing import cast

from tuttu.catalog.findings import quote
from tuttu.catalog.scope import LoadScope
from tuttu.catalog.yaml_nodes import MappingNode, ScalarNode
from tuttu.vocabulary.company import Channel, Speaker, Surface

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
    if "channels" in sheet:
        channels = {
            name: _channel(name, node)
            for name, node in sheet.mapping("channels").entries.items()
            if isinstance(node, ScalarNode | MappingNode)
        }
    else:
        channels = {
            name: Channel(name=name, outbound=way == "out", where=sheet.where)
            for name, way in STANDARD.items()
        }
        scope.channels.known |= STANDARD.keys()
    scope.surfaces.known |= {name for name, channel in channels.items() if channel.outbound}
    scope.surfaces.broken |= scope.channels.broken
    return channels


def _channel(name: str, node: ScalarNode | MappingNode) -> Channel:
    """Written as its direction, or as a mapping that says more."""
    if isinstance(node, ScalarNode):
        return Channel(name=name, outbound=node.text == "out", where=node.where)
    return Channel(
        name=name,
        outbound=node.text("direction") == "out",
        by=cast(Speaker | None, node.text("by") or None),
        where=node.where,
    )


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
