"""identity.yaml."""

from tuttu.catalog.findings import quote
from tuttu.catalog.scope import LoadScope
from tuttu.catalog.yaml_nodes import MappingNode, ScalarNode
from tuttu.vocabulary.company import MOST_PARTNERS, Namespace


def read_identity(sheet: MappingNode | None, scope: LoadScope) -> dict[str, Namespace]:
    """Namespaces by name; the order of the file is their priority."""
    scope.namespaces.declare(sheet, "namespaces")
    if sheet is None:
        return {}
    return {
        name: _namespace(name, rank, node, scope)
        for rank, (name, node) in enumerate(sheet.mapping("namespaces").mappings())
    }


def _namespace(name: str, rank: int, node: MappingNode, scope: LoadScope) -> Namespace:
    strength = node.mapping("strength")
    steps = tuple(step.text for step in node.listed("normalise"))
    blocked = node.listed("blocked")
    for value in blocked:
        _check_blocked(value, steps, scope)
    _check_alias_limit(node, scope)
    fields = tuple(path.text for path in node.listed("fields"))
    scope.identifier_fields |= set(fields)
    return Namespace(
        name=name,
        rank=rank,
        unique=node.flag("unique"),
        apart=node.flag("apart"),
        limit=node.whole("limit", 0) or None,
        partners=node.whole("partners", MOST_PARTNERS),
        alias_limit=node.whole("alias_limit", 1),
        normalise=steps if "normalise" in node else ("trim",),
        blocked=frozenset(value.text for value in blocked if "*" not in value.text),
        blocked_patterns=tuple(value.text for value in blocked if "*" in value.text),
        strength={call: strength.whole(call, 0) for call in strength.entries},
        fields=fields,
        where=node.where,
    )


def _check_blocked(value: ScalarNode, steps: tuple[str, ...], scope: LoadScope) -> None:
    """A blocked value is compared after normalisation, so it must be written so."""
    normal = value.text.strip() if "trim" in steps else value.text
    normal = normal.lower() if "lower" in steps else normal
    if normal != value.text:
        expected = f"the value as it is after normalisation, {quote(normal)}"
        scope.findings.add(value.where, quote(value.text), expected)


def _check_alias_limit(node: MappingNode, scope: LoadScope) -> None:
    if "alias_limit" not in node or node.flag("unique") or node.broken("unique") or node.doubtful:
        return
    expected = "`unique: true` beside it; without it any number is joined"
    scope.findings.add(node.at("alias_limit"), "`alias_limit` alone", expected)
