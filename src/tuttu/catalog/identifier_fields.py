"""identity.yaml, `fields`: that somebody may send each of them."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from tuttu.catalog.findings import quote
from tuttu.catalog.scope import LoadScope
from tuttu.catalog.yaml_nodes import ListNode, MappingNode, Node, ScalarNode
from tuttu.vocabulary.values import Kind, Type

ALIKE = 0.75
"""Of `difflib`'s ratio: from here on two names are taken for one, written wrong."""


def check_fields(sheet: MappingNode | None, scope: LoadScope) -> None:
    """Faults of fields in which no identifier will ever be: of a type that none has, inside what
    has nothing inside, in no event of a plan that refuses all others; or written like one that
    there is, and not quite. Of other traits and properties nobody can know who sends them."""
    namespaces = sheet.mapping("namespaces") if sheet else None
    for _, node in namespaces.mappings() if namespaces else ():
        for path in _paths(node.entries.get("fields")):
            part, _, name = path.text.partition(".")
            if part == "properties":
                _check_property(path, name, scope)
            elif part == "traits":
                _check_trait(path, name, scope)


def _paths(node: Node | None) -> Iterator[ScalarNode]:
    for item in node.items if isinstance(node, ListNode) else ():
        if isinstance(item, ScalarNode):
            yield item
        else:
            yield from _paths(item)


def _check_property(path: ScalarNode, name: str, scope: LoadScope) -> None:
    events = scope.plan.values()
    if not events or scope.event_columns.hides(name):
        return
    types = {key: declared for each in events for key, declared in each.properties.items()}
    lists = {key for each in events for key in each.items}
    outer = next((key for key in (*types, *lists) if name.startswith(f"{key}.")), None)
    if name in lists or outer is not None:
        expected = "a property that is one value"
        found = f"{quote(path.text)}, where {quote(outer or name)} is not an object"
        scope.findings.add(path.where, found, expected)
    elif name in types:
        _check_type(path, types[name], scope)
    elif scope.undeclared == "refuse" and all(each.properties for each in events):
        expected = "a property of an event of the plan, which refuses all others"
        scope.findings.add(path.where, quote(path.text), expected, _alike(name, types))
    else:
        _check_spelling(path, name, types, scope)


def _check_trait(path: ScalarNode, name: str, scope: LoadScope) -> None:
    columns = scope.row_columns.schema.columns
    if scope.traits.open or scope.row_columns.hides(name):
        return
    written = {key: columns[key] for key in scope.written.known if key in columns}
    if name in written:
        _check_type(path, written[name], scope)
    else:
        _check_spelling(path, name, written, scope)


def _check_type(path: ScalarNode, declared: Type, scope: LoadScope) -> None:
    if declared.many or declared.kind is Kind.BOOL:
        found = f"{quote(path.text)}, which is {declared}"
        scope.findings.add(path.where, found, "something that can name a person")


def _check_spelling(path: ScalarNode, name: str, declared: Iterable[str], scope: LoadScope) -> None:
    """Whoever writes `emial` where there is `email` waits for it in vain."""
    others = {each.partition(".")[2] for each in scope.identifier_fields - {path.text}}
    known = {*declared, *scope.namespaces.known, *others}
    near = _alike(name, known)
    if name not in known and near is not None:
        expected = f"a name that is sent; declare {quote(name)} if it is another one"
        scope.findings.add(path.where, quote(path.text), expected, near)


def _alike(name: str, known: Iterable[str]) -> str | None:
    """The name that this one is a slip of the pen for: not one that it only goes on, as `email2`
    does."""
    close = get_close_matches(name[:200], sorted(known), n=3, cutoff=ALIKE)
    return next(
        (each for each in close if not (each.startswith(name) or name.startswith(each))), None
    )
