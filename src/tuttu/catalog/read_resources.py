"""resources.yaml."""

from __future__ import annotations

from typing import Literal, cast

from tuttu.catalog.scope import LoadScope
from tuttu.catalog.yaml_nodes import MappingNode, ScalarNode
from tuttu.vocabulary.company import Resource

Period = Literal["day", "week", "month", "year"]


def read_resources(sheet: MappingNode | None, scope: LoadScope) -> dict[str, Resource]:
    """Resources by name."""
    if sheet is None:
        scope.resources.open = True
        return {}
    scope.resources.known |= set(sheet.entries)
    return {
        name: Resource(
            name=name,
            amount=node.whole("amount", 0),
            per=_period(node.scalar("per")),
            where=node.where,
        )
        for name, node in sheet.mappings()
    }


def _period(node: ScalarNode | None) -> Period | None:
    return cast(Period, node.text) if node else None
