"""The times of a sequence: how long it may take, and how long ago it may have ended."""

from tuttu.catalog.scope import LoadScope
from tuttu.catalog.yaml_nodes import MappingNode
from tuttu.vocabulary.values import Duration

Times = tuple[Duration | None, Duration | None]


def sequence_times(node: MappingNode, scope: LoadScope) -> Times:
    """`within`, from the first step to the last; and `in`, from the last step to now: as long as
    `within` unless it says otherwise, and None if it was true for `ever`."""
    ever = node.flag("ever")
    if "within" not in node and not node.doubtful:
        scope.findings.add(node.where, "no `within`", "`within`: a duration such as 30m")
    if ever and "in" in node:
        scope.findings.add(node.at("ever"), "`ever: true` beside `in`", "one of them")
    within = scope.compiler.duration(node.scalar("within"))
    recent = scope.compiler.duration(node.scalar("in")) if "in" in node else within
    return within, None if ever else recent
