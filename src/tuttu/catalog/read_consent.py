"""consent.yaml."""

from tuttu.catalog.findings import quote
from tuttu.catalog.scope import LoadScope
from tuttu.catalog.yaml_nodes import MappingNode
from tuttu.vocabulary.company import Purpose

CONSENT = "consent"


def read_consent(sheet: MappingNode | None, scope: LoadScope) -> dict[str, Purpose]:
    """Purposes by name, each with a default for every channel."""
    scope.purposes.declare(sheet, "purposes")
    if sheet is None:
        return {}
    return {
        name: Purpose(
            name=name,
            basis=node.text("basis"),
            default=_default(node, scope),
            skips=frozenset(stage.text for stage in node.listed("skips")),
            where=node.where,
        )
        for name, node in sheet.mapping("purposes").mappings()
    }


def _default(node: MappingNode, scope: LoadScope) -> dict[str, bool]:
    """Channel to allowed: True is `in`. Only consent has to be asked for: a contract or a law
    allows until it is refused."""
    everywhere = node.scalar("default")
    if everywhere:
        return dict.fromkeys(scope.channels.known, everywhere.text == "in")
    if node.broken("default"):
        return {}
    if "default" not in node:
        if node.text("basis") == CONSENT and not node.doubtful:
            expected = "`default`: in or out, or a mapping that says it for every channel"
            scope.findings.add(node.where, "no `default` beside the basis consent", expected)
        return dict.fromkeys(scope.channels.known, node.text("basis") != CONSENT)
    section = node.mapping("default")
    for channel in section.entries:
        scope.channels.refer(channel, section.at(channel), scope.findings)
    missing = sorted(scope.channels.known - set(section.entries))
    # A channel nobody knows is reported, and may be the one that is missing.
    misnamed = not scope.channels.known.issuperset(section.entries)
    if missing and not scope.channels.open and not misnamed:
        found = f"a default without {', '.join(quote(name) for name in missing)}"
        expected = "in or out for every channel, or `default: in` or `out` for all"
        scope.findings.add(node.at("default"), found, expected)
    return {channel: value.text == "in" for channel, value in section.scalars()}
