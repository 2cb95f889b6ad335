"""Names that a company gives, and references to them.

`open` says that the names are not all known, because what declares them has a fault: then no
reference is called wrong. A *broken* name is declared, but its declaration has a fault.
"""

from collections.abc import Iterable

from tuttu.catalog.findings import Findings, nearest, quote
from tuttu.catalog.yaml_nodes import BrokenNode, MappingNode, ScalarNode
from tuttu.vocabulary.errors import Where


class Names:
    """The names of one kind; `what` is how faults call it, with its article."""

    def __init__(self, what: str, known: Iterable[str] = (), *, is_open: bool = False) -> None:
        self.what = what
        self.known = set(known)
        self.broken: set[str] = set()
        self.open = is_open

    def declare(self, section: MappingNode | None, key: str) -> None:
        """Takes the names of a section; one that cannot be read leaves the names open."""
        if section is None or section.broken(key):
            self.open = True
            return
        for name, node in section.mapping(key).entries.items():
            self.known.add(name)
            if isinstance(node, BrokenNode):
                self.broken.add(name)
        self.open = self.open or section.mapping(key).doubtful

    def expected(self) -> str:
        """What a reference should have named."""
        listed = sorted(self.known)
        if not listed:
            return f"{self.what}; none is declared"
        if len(listed) > 12:
            return self.what
        return f"{self.what}: {', '.join(listed)}"

    def has(self, name: str) -> bool:
        return self.open or name in self.known

    def refer(self, name: str, where: Where, findings: Findings) -> bool:
        """Whether the name is known; if not, a fault."""
        if self.has(name):
            return True
        findings.add(where, quote(name), self.expected(), nearest(name, self.known))
        return False

    def refer_scalar(self, node: ScalarNode | None, findings: Findings) -> str | None:
        """The name in a scalar; None if there is none."""
        if node is None:
            return None
        self.refer(node.text, node.where, findings)
        return node.text
