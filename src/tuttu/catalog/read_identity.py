"""identity.yaml."""

from fractions import Fraction
from itertools import chain

from phonenumbers import SUPPORTED_REGIONS

from tuttu.catalog.findings import nearest, quote
from tuttu.catalog.scalars import share
from tuttu.catalog.scope import LoadScope
from tuttu.catalog.yaml_nodes import ListNode, MappingNode, ScalarNode
from tuttu.vocabulary.company import MOST_PARTNERS, NOBODY, ROUNDED, EvidenceSet, Namespace

MAY_BE_NEW = frozenset({"anonymous_id"})
"""Namespaces whose identifiers are made by whoever comes for the first time."""
SHAPES = ("email", "phone")
"""Steps that say what a value is, not only how it is written. A namespace of such a name is one."""


def read_identity(sheet: MappingNode | None, scope: LoadScope) -> dict[str, Namespace]:
    """Namespaces by name; the order of the file is their priority."""
    scope.namespaces.declare(sheet, "namespaces")
    if sheet is None:
        return {}
    country = _country(sheet.scalar("country"), scope)
    return {
        name: _namespace(name, rank, node, country, scope)
        for rank, (name, node) in enumerate(sheet.mapping("namespaces").mappings())
    }


def read_sets(sheet: MappingNode | None, scope: LoadScope) -> dict[str, EvidenceSet]:
    """Sets of links of others, by name."""
    if sheet is None:
        return {}
    return {
        name: EvidenceSet(
            name=name,
            strength=node.whole("strength", 0),
            at_least=_share(node.scalar("at_least"), scope),
            where=node.where,
        )
        for name, node in sheet.mapping("sets").mappings()
    }


def _share(node: ScalarNode | None, scope: LoadScope) -> float:
    found = Fraction(0) if node is None else share(node.text)
    if node is not None and found > 1:
        scope.findings.add(node.where, quote(node.text), "a share of at most 1, or 100%")
    return float(found)


def _country(node: ScalarNode | None, scope: LoadScope) -> str | None:
    if node is not None and node.text not in SUPPORTED_REGIONS:
        expected = "a country such as FI, as ISO 3166 names it"
        scope.findings.add(
            node.where, quote(node.text), expected, nearest(node.text, SUPPORTED_REGIONS)
        )
        return None
    return node.text if node else None


def _namespace(
    name: str, rank: int, node: MappingNode, country: str | None, scope: LoadScope
) -> Namespace:
    strength = node.mapping("strength")
    steps = _steps(name, node)
    blocked = node.listed("blocked")
    for value in blocked:
        _check_blocked(value, steps, scope)
    _check_allowed(node, scope)
    _check_alias_limit(node, scope)
    fields = tuple(path.text for path in node.listed("fields"))
    compounds = _compounds(node)
    _check_shapes(node, steps, compounds, scope)
    scope.identifier_fields |= {*fields, *chain.from_iterable(compounds)}
    return Namespace(
        name=name,
        rank=rank,
        unique=node.flag("unique"),
        apart=node.flag("apart"),
        limit=node.whole("limit", 0) or None,
        partners=node.whole("partners", MOST_PARTNERS),
        alias_limit=node.whole("alias_limit", 1),
        normalise=steps,
        country=country if "phone" in steps else None,
        allowed=frozenset(value.text for value in node.listed("allowed")),
        blocked=frozenset(value.text for value in blocked if "*" not in value.text),
        blocked_patterns=tuple(value.text for value in blocked if "*" in value.text),
        strength={call: strength.whole(call, 0) for call in strength.entries},
        fields=fields,
        compounds=compounds,
        may_be_new=node.flag("may_be_new") if "may_be_new" in node else name in MAY_BE_NEW,
        where=node.where,
    )


def _steps(name: str, node: MappingNode) -> tuple[str, ...]:
    written = tuple(step.text for step in node.listed("normalise"))
    steps = written if "normalise" in node else ("trim",)
    return (*steps, name) if name in SHAPES and name not in steps else steps


def _compounds(node: MappingNode) -> tuple[tuple[str, ...], ...]:
    """The lists in the list: the paths of the parts of one identifier."""
    listed = node.entries.get("fields")
    items = listed.items if isinstance(listed, ListNode) else []
    return tuple(
        tuple(path.text for path in item.items if isinstance(path, ScalarNode))
        for item in items
        if isinstance(item, ListNode)
    )


def _check_shapes(
    node: MappingNode, steps: tuple[str, ...], compounds: tuple[object, ...], scope: LoadScope
) -> None:
    """Nothing is an address and a number at once, nor are the parts of a compound: such a
    namespace would silently name nobody."""
    shapes = [step for step in steps if step in SHAPES]
    if shapes and (len(shapes) > 1 or "digits" in steps):
        kinds = " and ".join(quote(step) for step in steps if step in {*SHAPES, "digits"})
        scope.findings.add(node.at("normalise"), f"{kinds} of one value", "one of them")
    if shapes and compounds:
        found = f"parts of a compound that are each spelled as {quote(shapes[0])}"
        scope.findings.add(node.at("fields"), found, "the compound in a namespace of its own")


def _check_blocked(value: ScalarNode, steps: tuple[str, ...], scope: LoadScope) -> None:
    """A blocked value is compared after normalisation, so it must be written so."""
    normal = value.text.strip() if "trim" in steps else value.text
    normal = normal.lower() if "lower" in steps else normal
    if normal != value.text:
        expected = f"the value as it is after normalisation, {quote(normal)}"
        scope.findings.add(value.where, quote(value.text), expected)


def _check_allowed(node: MappingNode, scope: LoadScope) -> None:
    """Only what names nobody everywhere needs to be allowed, and not where it is blocked again."""
    blocked = {value.text.casefold() for value in node.listed("blocked")}
    for value in node.listed("allowed"):
        plain = value.text.strip().casefold()
        if plain not in NOBODY and not ROUNDED.fullmatch(plain):
            expected = f"one of the values that name nobody everywhere: {', '.join(sorted(NOBODY))}"
            scope.findings.add(
                value.where, quote(value.text), expected, nearest(value.text, NOBODY)
            )
        elif plain in blocked:
            scope.findings.add(
                value.where, f"{quote(value.text)} in `allowed` and in `blocked`", "one of them"
            )


def _check_alias_limit(node: MappingNode, scope: LoadScope) -> None:
    if "alias_limit" not in node or node.flag("unique") or node.broken("unique") or node.doubtful:
        return
    expected = "`unique: true` beside it; without it any number is joined"
    scope.findings.add(node.at("alias_limit"), "`alias_limit` alone", expected)
