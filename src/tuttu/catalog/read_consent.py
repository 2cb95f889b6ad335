"""consent.yaml."""

from tuttu.catalog.findings import quote
from tuttu.catalog.scope import LoadScope
from tuttu.catalog.yaml_nodes import MappingNode
from tuttu.vocabulary.company import BASES, OWED_SKIPS, Basis, Purpose


def read_consent(sheet: MappingNode | None, scope: LoadScope) -> dict[str, Purpose]:
    """Purposes by name, each with a default for every channel."""
    scope.purposes.declare(sheet, "purposes")
    if sheet is None:
        return {}
    purposes = {
        name: Purpose(
            name=name,
            basis=node.text("basis"),
            default=_default(node, scope),
            owed=node.text("class") == "owed",
            skips=frozenset(stage.text for stage in node.listed("skips"))
            | (OWED_SKIPS if node.text("class") == "owed" else frozenset()),
            where=node.where,
        )
        for name, node in sheet.mapping("purposes").mappings()
    }
    scope.owed = {name for name, purpose in purposes.items() if purpose.owed}
    return purposes


def _default(node: MappingNode, scope: LoadScope) -> dict[str, bool]:
    """Channel to allowed: True is `in`."""
    everywhere = node.scalar("default")
    if everywhere:
        return dict.fromkeys(scope.channels.known, everywhere.text == "in")
    if node.broken("default"):
        return {}
    if "default" not in node:
        basis = node.text("basis")
        asked = BASES.get(basis, Basis()).asked
        if asked and not node.doubtful:
            expected = "`default`: in or out, or a mapping that says it for every channel"
            scope.findings.add(node.where, f"no `default` beside the basis {basis}", expected)
        return dict.fromkeys(scope.channels.known, not asked)
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
