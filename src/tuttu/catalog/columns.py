"""The columns that conditions can name, put together from what the company declares."""

from collections.abc import Mapping

from tuttu.catalog.expressions import is_column_name
from tuttu.catalog.findings import Findings, quote
from tuttu.catalog.yaml_nodes import ListNode, MappingNode, Node, ScalarNode
from tuttu.policy.tree import NOW
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.values import ITEM, Kind, Schema, Type

TEXT = Type(Kind.TEXT)
Fields = Mapping[str, Type]


class ColumnRegistry:
    """Columns and collections with the places that declare them: a file and line, a room, or None
    for what is always there.

    shared: the same name may be declared again with the same type, as properties of events are;
    else it is the customer's row, in which `item` means what a rule is about.
    """

    def __init__(self, findings: Findings, *, shared: bool) -> None:
        self.findings = findings
        self.shared = shared
        self.columns: dict[str, Type] = {}
        self.collections: dict[str, dict[str, Type]] = {}
        self.places: dict[str, tuple[str, Where | str | None]] = {NOW: (NOW, None)}
        if not shared:
            self.places[ITEM] = (ITEM, None)

    def reserve(self, names: Mapping[str, Type], room: str | None = None) -> None:
        """Columns that are always there, or those of a room. Raises `ValueError` for a name that is
        reserved already: two rooms that contribute one column are a mistake of their authors."""
        for name, declared in names.items():
            if name.lower() in self.places:
                other, owner = self.places[name.lower()]
                raise ValueError(f"the column {name} of {room} is {other} of {owner} already")
            self.columns[name] = declared
            self.places[name.lower()] = (name, room)

    def column(self, name: str, declared: Type, where: Where) -> None:
        known = self.columns.get(name)
        if self._is_free(name, where, same=known == declared):
            self.columns[name] = declared

    def collection(self, name: str, fields: Fields, where: Where) -> None:
        known = self.collections.get(name)
        fits = known is not None and all(
            known.get(field, declared) == declared for field, declared in fields.items()
        )
        if self._is_free(name, where, same=fits):
            self.collections.setdefault(name, {}).update(fields)
        for field in fields:
            self._check_name(field, where)
        self._check_alike(fields, where)

    def _check_alike(self, fields: Fields, where: Where) -> None:
        """Reports fields that differ in nothing but case: SQL takes them for one."""
        known: dict[str, str] = {}
        for field in fields:
            other = known.setdefault(field.lower(), field)
            if other != field:
                expected = f"another name: {quote(other)} is declared beside it"
                self.findings.add(where, f"the name {quote(field)}", expected)

    def schema(self, zone: str, base: Schema | None = None) -> Schema:
        base = base or Schema()
        return Schema(
            columns={**base.columns, **self.columns},
            collections={name: dict(fields) for name, fields in self.collections.items()},
            actions=base.actions,
            channels=base.channels,
            outcomes=base.outcomes,
            zone=zone,
        )

    def _is_free(self, name: str, where: Where, *, same: bool) -> bool:
        """Reports a name that is in use; conditions ignore case in some places."""
        taken = self.places.get(name.lower())
        if taken is None:
            self.places[name.lower()] = (name, where)
            return self._check_name(name, where)
        other, place = taken
        if same and self.shared and other == name:
            return True
        expected = f"another name: {quote(other)} is always there"
        if isinstance(place, str):
            expected = f"another name: {quote(other)} is a column of the room {place}"
        elif place:
            expected = f"another name: {quote(other)} is declared at {place}"
            if self.shared and other == name:
                expected = f"the type it has at {place}"
        self.findings.add(where, f"the name {quote(name)}", expected)
        return False

    def _check_name(self, name: str, where: Where) -> bool:
        if is_column_name(name):
            return True
        expected = "a name that has no other meaning in conditions"
        self.findings.add(where, f"the name {quote(name)}", expected)
        return False


def read_type(node: Node | None) -> Type | None:
    """`text` or `[text]`; None where nothing can be read."""
    if isinstance(node, ScalarNode):
        return Type(Kind(node.text))
    if isinstance(node, ListNode) and isinstance(node.items[0], ScalarNode):
        return Type(Kind(node.items[0].text), many=True)
    return None


def read_fields(node: Node | None) -> dict[str, Type] | None:
    """`[{category: text}]`; None for anything else."""
    if isinstance(node, ListNode) and isinstance(node.items[0], MappingNode):
        return read_types(node.items[0])
    return None


def read_types(node: MappingNode) -> dict[str, Type]:
    return {
        name: declared for name, value in node.entries.items() if (declared := read_type(value))
    }
