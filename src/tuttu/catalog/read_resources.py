"""resources.yaml."""

from typing import cast

from tuttu.catalog.scope import LoadScope
from tuttu.catalog.yaml_nodes import MappingNode
from tuttu.vocabulary.company import Period, Resource


def read_resources(sheet: MappingNode | None, scope: LoadScope) -> dict[str, Resource]:
    """Resources by name."""
    if sheet is None:
        scope.resources.open = True
        return {}
    scope.resources.known |= set(sheet.entries)
    resources = {
        name: Resource(
            name=name,
            amount=node.whole("amount", 0),
            per=cast(Period, node.text("per")) if node.scalar("per") else None,
            owed=node.whole("owed", 0),
            where=node.where,
        )
        for name, node in sheet.mappings()
    }
    for name, node in sheet.mappings():
        if resources[name].owed > resources[name].amount and not node.doubtful:
            expected = f"at most the amount, {resources[name].amount}"
            scope.findings.add(node.at("owed"), f"{resources[name].owed} units owed", expected)
    return resources
