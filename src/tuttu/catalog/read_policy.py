"""policy.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from tuttu.catalog.desk import Desk
from tuttu.catalog.expressions import Columns
from tuttu.catalog.findings import quote
from tuttu.catalog.moments import share
from tuttu.catalog.uses import Uses
from tuttu.catalog.yaml_nodes import MappingNode
from tuttu.vocabulary.library import (
    Action,
    ContactLimit,
    Controls,
    Guard,
    Lever,
    Policy,
    Suppression,
)
from tuttu.vocabulary.values import Duration, Expression

Scope = Literal["action", "issue_group", "owner", "purpose"]
SLICES = ("no_marketing", "random_choice", "propensity_only")
TARGETS = ("action", "issue_group", "owner")


def read_policy(
    sheet: MappingNode | None, actions: Mapping[str, Action], uses: Uses, desk: Desk
) -> Policy:
    """Guards, limits, suppressions, levers and controls, in the order of the file."""
    if sheet is None:
        return Policy()
    guards = [_guard(name, node, uses, desk) for name, node in sheet.mapping("guards").mappings()]
    for guard in guards:
        _check_instead(guard, sheet.mapping("guards").mapping(guard.name), actions, desk)
    limits = sheet.mapping("contact_limits").mappings()
    suppressions = sheet.mapping("suppressions").mappings()
    return Policy(
        guards=tuple(guards),
        contact_limits=tuple(_limit(name, node, desk) for name, node in limits),
        suppressions=tuple(_suppression(name, node, desk) for name, node in suppressions),
        levers=tuple(_lever(name, node, desk) for name, node in sheet.mapping("levers").mappings()),
        controls=_controls(sheet, desk),
    )


def _guard(name: str, node: MappingNode, uses: Uses, desk: Desk) -> Guard:
    purpose = desk.purposes.refer_scalar(node.scalar("blocks"), desk.findings) or ""
    columns = desk.columns_about(node)
    when = desk.compiler.condition(node.scalar("when"), columns)
    cooling, after = _cooling(node, columns, desk)
    uses.check(when, purpose, node.at("when"))
    if after:
        uses.check(after, purpose, node.at("through" if "through" in node else "until"))
    return Guard(
        name=name,
        when=when,
        blocks=purpose,
        about=desk.collections.refer_scalar(node.scalar("about"), desk.findings),
        after=after,
        cooling=cooling,
        inclusive="through" in node,
        instead=desk.actions.refer_scalar(node.scalar("instead"), desk.findings),
        where=node.where,
    )


def _cooling(node: MappingNode, columns: Columns, desk: Desk) -> tuple[Duration, Expression | None]:
    through, until = node.scalar("through"), node.scalar("until")
    if through and until:
        desk.findings.add(until.where, "both `through` and `until`", "one of them")
    given = through or until
    return desk.compiler.cooling(given, columns) if given else (0, None)


def _check_instead(
    guard: Guard, node: MappingNode, actions: Mapping[str, Action], desk: Desk
) -> None:
    action = actions.get(guard.instead or "")
    if action and action.purpose == guard.blocks:
        found = f"{quote(action.name)}, which is for {guard.blocks}: the guard blocks it too"
        desk.findings.add(node.at("instead"), found, "an action for another purpose")


def _limit(name: str, node: MappingNode, desk: Desk) -> ContactLimit:
    findings = desk.findings
    return ContactLimit(
        name=name,
        at_most=node.whole("at_most", 0),
        window=desk.compiler.duration(node.scalar("in")) or 0,
        purpose=desk.purposes.refer_scalar(node.scalar("purpose"), findings),
        channel=desk.channels.refer_scalar(node.scalar("channel"), findings),
        action=desk.actions.refer_scalar(node.scalar("action"), findings),
        issue_group=desk.issue_groups.refer_scalar(node.scalar("issue_group"), findings),
        group=desk.groups.refer_scalar(node.scalar("of"), findings),
        where=node.where,
    )


def _suppression(name: str, node: MappingNode, desk: Desk) -> Suppression:
    return Suppression(
        name=name,
        outcome=desk.outcomes.refer_scalar(node.scalar("after"), desk.findings) or "",
        times=node.whole("times", 1),
        window=desk.compiler.duration(node.scalar("for")) or 0,
        scope=cast(Scope, node.text("scope", "action")),
        where=node.where,
    )


def _lever(name: str, node: MappingNode, desk: Desk) -> Lever:
    targets = [target for target in TARGETS if target in node]
    if len(targets) != 1 and not node.doubtful:
        found = " and ".join(quote(target) for target in targets) or "a lever on nothing"
        desk.findings.add(node.where, found, f"one of {', '.join(TARGETS)}")
    if "through" not in node and "until" not in node and not node.doubtful:
        desk.findings.add(node.where, "a lever without an end", "`through` or `until`: a date")
    times = node.scalar("times")
    return Lever(
        name=name,
        times=float(times.text) if times else 1.0,
        action=desk.actions.refer_scalar(node.scalar("action"), desk.findings),
        issue_group=desk.issue_groups.refer_scalar(node.scalar("issue_group"), desk.findings),
        owner=desk.owners.refer_scalar(node.scalar("owner"), desk.findings),
        valid_until=desk.end(node),
        by=node.text("by"),
        why=node.text("why"),
        where=node.where,
    )


def _controls(sheet: MappingNode, desk: Desk) -> Controls:
    node = sheet.mapping("controls")
    shares = {name: share(node.text(name, "0")) for name in SLICES}
    if sum(shares.values()) > 1:
        found = f"slices of {sum(shares.values()):.0%} together"
        desk.findings.add(node.where, found, "slices of at most 100% together")
    exploration = _exploration(sheet, desk)
    return Controls(**shares, exploration=exploration, salt=node.text("salt", Controls().salt))


def _exploration(sheet: MappingNode, desk: Desk) -> float:
    value = share(sheet.text("exploration", "0"))
    if value > 1:
        desk.findings.add(sheet.at("exploration"), sheet.text("exploration"), "at most 100%")
    return value
