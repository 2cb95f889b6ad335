"""policy.yaml."""

from collections.abc import Mapping
from itertools import combinations
from typing import cast

from tuttu.catalog.expressions import Columns
from tuttu.catalog.findings import quote
from tuttu.catalog.scalars import share
from tuttu.catalog.scope import LoadScope, late_of
from tuttu.catalog.trait_usage import TraitUsage
from tuttu.catalog.yaml_nodes import MappingNode
from tuttu.policy import CompiledExpression, keeps_on
from tuttu.vocabulary import library
from tuttu.vocabulary.values import Duration, Expression

TARGETS = ("action", "issue_group", "owner")


def read_policy(
    sheet: MappingNode | None,
    actions: Mapping[str, library.Action],
    usage: TraitUsage,
    scope: LoadScope,
) -> library.Policy:
    """Guards, limits, suppressions, levers and controls, in the order of the file."""
    if sheet is None:
        return library.Policy()
    guards = [_guard(name, node, usage, scope) for name, node in sheet.mapping("guards").mappings()]
    for guard in guards:
        _check_instead(guard, sheet.mapping("guards").mapping(guard.name), actions, scope)
        _check_late(guard, sheet.mapping("guards").mapping(guard.name), actions, scope)
    limits = sheet.mapping("contact_limits").mappings()
    suppressions = sheet.mapping("suppressions").mappings()
    return library.Policy(
        guards=tuple(guards),
        contact_limits=tuple(_limit(name, node, scope) for name, node in limits),
        suppressions=tuple(_suppression(name, node, scope) for name, node in suppressions),
        levers=tuple(
            _lever(name, node, scope) for name, node in sheet.mapping("levers").mappings()
        ),
        controls=_controls(sheet, scope),
    )


def _guard(name: str, node: MappingNode, usage: TraitUsage, scope: LoadScope) -> library.Guard:
    purpose = scope.purposes.refer_scalar(node.scalar("blocks"), scope.findings) or ""
    if "about" in node and "of" in node:
        scope.findings.add(node.at("of"), "both `about` and `of`", "one of them")
    columns = scope.columns_about(node)
    when = scope.compiler.condition(node.scalar("when"), columns)
    cooling, after = _cooling(node, columns, scope)
    usage.check(when, purpose, node.at("when"))
    group = scope.groups.refer_scalar(node.scalar("of"), scope.findings)
    if group:
        usage.check_group(when, group, node.at("when"))
    if after:
        where = node.at("through" if "through" in node else "until")
        usage.check(after, purpose, where)
        if group:
            usage.check_group(after, group, where)
    return library.Guard(
        name=name,
        when=when,
        blocks=purpose,
        about=scope.collections.refer_scalar(node.scalar("about"), scope.findings),
        group=group,
        after=after,
        cooling=cooling,
        inclusive="through" in node,
        instead=scope.actions.refer_scalar(node.scalar("instead"), scope.findings),
        where=node.where,
    )


def _cooling(
    node: MappingNode, columns: Columns, scope: LoadScope
) -> tuple[Duration, Expression | None]:
    through, until = node.scalar("through"), node.scalar("until")
    if through and until:
        scope.findings.add(until.where, "both `through` and `until`", "one of them")
    given = through or until
    return scope.compiler.cooling(given, columns) if given else (0, None)


def _check_instead(
    guard: library.Guard, node: MappingNode, actions: Mapping[str, library.Action], scope: LoadScope
) -> None:
    action = actions.get(guard.instead or "")
    if action and action.purpose == guard.blocks:
        found = f"{quote(action.name)}, which is for {guard.blocks}: the guard blocks it too"
        scope.findings.add(node.at("instead"), found, "an action for another purpose")


def _check_late(
    guard: library.Guard, node: MappingNode, actions: Mapping[str, library.Action], scope: LoadScope
) -> None:
    """A guard that stops what is late for as long as it is late."""
    for action in actions.values():
        late = late_of(action) if action.purpose == guard.blocks else None
        asked = guard.when
        if late and isinstance(asked, CompiledExpression) and keeps_on(asked, late):
            found = f"late of {quote(action.name)}, which is for {guard.blocks}, that it blocks"
            expected = "a guard of another purpose: what it blocks stays late for ever"
            scope.findings.add(node.at("when"), found, expected)


def _limit(name: str, node: MappingNode, scope: LoadScope) -> library.ContactLimit:
    findings = scope.findings
    if ("in" in node) == ("per" in node) and not node.doubtful:
        found = "both `in` and `per`" if "in" in node else "a limit over no time"
        expected = "one of `in`: a sliding time, and `per: day`: the calendar day"
        findings.add(node.at("per") if "per" in node else node.where, found, expected)
    return library.ContactLimit(
        name=name,
        at_most=node.whole("at_most", 0),
        window=scope.compiler.duration(node.scalar("in")),
        purpose=scope.purposes.refer_scalar(node.scalar("purpose"), findings),
        channel=scope.channels.refer_scalar(node.scalar("channel"), findings),
        action=scope.actions.refer_scalar(node.scalar("action"), findings),
        issue_group=scope.issue_groups.refer_scalar(node.scalar("issue_group"), findings),
        group=scope.groups.refer_scalar(node.scalar("of"), findings),
        where=node.where,
    )


def _suppression(name: str, node: MappingNode, scope: LoadScope) -> library.Suppression:
    return library.Suppression(
        name=name,
        outcome=scope.outcomes.refer_scalar(node.scalar("after"), scope.findings) or "",
        times=node.whole("times", 1),
        window=scope.compiler.duration(node.scalar("for")) or 0,
        scope=cast(library.SuppressionScope, node.text("scope", "action")),
        where=node.where,
    )


def _lever(name: str, node: MappingNode, scope: LoadScope) -> library.Lever:
    targets = [target for target in TARGETS if target in node]
    if len(targets) != 1 and not node.doubtful:
        found = " and ".join(quote(target) for target in targets) or "a lever on nothing"
        scope.findings.add(node.where, found, f"one of {', '.join(TARGETS)}")
    if "through" not in node and "until" not in node and not node.doubtful:
        scope.findings.add(node.where, "a lever without an end", "`through` or `until`: a date")
    times = node.scalar("times")
    return library.Lever(
        name=name,
        times=float(times.text) if times else 1.0,
        action=scope.actions.refer_scalar(node.scalar("action"), scope.findings),
        issue_group=scope.issue_groups.refer_scalar(node.scalar("issue_group"), scope.findings),
        owner=scope.owners.refer_scalar(node.scalar("owner"), scope.findings),
        valid_until=scope.end(node),
        by=node.text("by"),
        why=node.text("why"),
        where=node.where,
    )


def _controls(sheet: MappingNode, scope: LoadScope) -> library.Controls:
    node, usual = sheet.mapping("controls"), library.Controls()
    arms = {name: _arm(name, node, default) for name, default in usual.arms.items()}
    for (one, arm), (other, beside) in combinations(arms.items(), 2):
        if arm.meets(beside):
            found = f"{_slice(other, beside)}, which meets {_slice(one, arm)}"
            expected = "slices that do not meet: another `start`, or a smaller share"
            scope.findings.add(node.at(other if other in node else one), found, expected)
    for name, arm in arms.items():
        if arm.share > 1:
            scope.findings.add(node.at(name), f"{float(arm.share):.0%}", "at most 100%")
        start = node.mapping(name).text("start")
        if start and share(start) > 1:
            where = node.mapping(name).at("start")
            scope.findings.add(where, f"the start {quote(start)}", "a place from 0% to 100%")
    exploration = share(sheet.text("exploration", "0"))
    if exploration > 1:
        found = sheet.text("exploration")
        scope.findings.add(sheet.at("exploration"), found, "at most 100%")
    return library.Controls(
        arms=arms, exploration=float(exploration), salt=node.text("salt", usual.salt)
    )


def _arm(name: str, node: MappingNode, usual: library.ControlArm) -> library.ControlArm:
    """Written as its share, or as {share: 2%, start: 50%}."""
    text = node.text(name)
    if text:
        return library.ControlArm(share(text), usual.start)
    parts = node.mapping(name)
    start = parts.text("start")
    return library.ControlArm(
        share(parts.text("share", "0")), share(start) % 1 if start else usual.start
    )


def _slice(name: str, arm: library.ControlArm) -> str:
    end = arm.start + arm.share
    return f"{quote(name)} from {float(arm.start):.4g} to {float(end):.4g} of the circle"
