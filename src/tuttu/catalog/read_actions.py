"""Actions with their conditions, formulas and treatments."""

from __future__ import annotations

from typing import Literal, cast

from tuttu.catalog.action_sheets import ActionSheet
from tuttu.catalog.desk import Desk
from tuttu.catalog.findings import quote
from tuttu.catalog.uses import Uses
from tuttu.catalog.yaml_nodes import MappingNode, ScalarNode
from tuttu.vocabulary.library import Action, Treatment
from tuttu.vocabulary.values import Condition, Expression

MUST_HAVE = {
    "status": "draft, live, paused or retired",
    "purpose": "a purpose of consent.yaml",
    "value": "an expression in currency units",
    "propensity": "a probability, an expression, or {model: name}",
    "treatments": "one treatment or more",
}
Status = Literal["draft", "live", "paused", "retired"]


def read_actions(sheets: list[ActionSheet], uses: Uses, desk: Desk) -> dict[str, Action]:
    """Actions by name."""
    return {sheet.name: _Reader(sheet, uses, desk).action() for sheet in sheets}


class _Reader:
    """Reads one action."""

    def __init__(self, sheet: ActionSheet, uses: Uses, desk: Desk) -> None:
        self.sheet = sheet
        self.node = sheet.node
        self.uses = uses
        self.desk = desk
        self.purpose = self.node.text("purpose")
        self.columns = desk.columns_about(self.node)

    def action(self) -> Action:
        self.check_missing()
        about = self.desk.collections.refer_scalar(self.node.scalar("about"), self.desk.findings)
        if "about" not in self.node and not self.node.doubtful:
            self.desk.actions_about_nothing.add(self.sheet.name)
        self.desk.purposes.refer_scalar(self.node.scalar("purpose"), self.desk.findings)
        valid = self.node.mapping("valid")
        start, end = self.desk.instant(valid.scalar("from")), self.desk.end(valid)
        if start is not None and end is not None and start >= end:
            self.desk.findings.add(valid.where, "a period that ends before it begins", "an order")
        model = self.node.mapping("propensity").text("model") or None
        return Action(
            name=self.sheet.name,
            owner=self.sheet.owner,
            issue_group=self.sheet.issue_group,
            objective=self.node.text("objective"),
            status=cast(Status, self.node.text("status")),
            purpose=self.purpose,
            value=self.formula("value"),
            relevance=self.optional("relevance"),
            effort=self.optional("effort"),
            propensity=self.optional("propensity"),
            model=model,
            valid_from=start,
            valid_until=end,
            about=about,
            eligible=self.conditions("eligible"),
            applicable=self.conditions("applicable"),
            suitable=self.conditions("suitable"),
            treatments=self.treatments(),
            outcomes=self.outcomes(),
            where=self.node.where,
        )

    def check_missing(self) -> None:
        if self.node.doubtful:
            return
        for key, expected in MUST_HAVE.items():
            if key not in self.node:
                where = self.node.where
                self.desk.findings.add(where, f"no `{key}`", f"`{key}`: {expected}")

    def formula(self, key: str) -> Expression:
        node = self.node.scalar(key)
        compiled = self.desk.compiler.number(node, self.columns, self.sheet.name)
        if node:
            self.uses.check(compiled, self.purpose, node.where)
        return compiled

    def optional(self, key: str) -> Expression | None:
        return self.formula(key) if self.node.scalar(key) else None

    def conditions(self, block: str) -> tuple[Condition, ...]:
        section = self.node.mapping(block)
        return tuple(self.condition(name, node) for name, node in section.scalars())

    def condition(self, name: str, node: ScalarNode) -> Condition:
        test = self.desk.compiler.condition(node, self.columns, self.sheet.name)
        self.uses.check(test, self.purpose, node.where)
        return Condition(name, test)

    def outcomes(self) -> dict[str, Expression]:
        compiler, columns = self.desk.compiler, self.desk.event_columns
        section = self.node.mapping("outcomes")
        return {name: compiler.condition(node, columns) for name, node in section.scalars()}

    def treatments(self) -> dict[str, Treatment]:
        section = self.node.mapping("treatments")
        if "treatments" in self.node and not (section.entries or self.node.broken("treatments")):
            found = "no treatment"
            self.desk.findings.add(section.where, found, MUST_HAVE["treatments"])
        return {name: self.treatment(name, node) for name, node in section.mappings()}

    def treatment(self, name: str, node: MappingNode) -> Treatment:
        surface = self.surface(name, node)
        channel = self.desk.surface_channels.get(surface, "")
        message = node.scalar("message")
        if "message" not in node and not node.doubtful:
            expected = "`message`: the message that the treatment shows"
            self.desk.findings.add(node.where, "no `message`", expected)
        self.desk.needs_message(message, channel)
        uses = node.mapping("uses")
        for resource in uses.entries:
            self.desk.resources.refer(resource, uses.at(resource), self.desk.findings)
        return Treatment(
            name=name,
            surface=surface,
            channel=channel,
            message=message.text if message else "",
            cost=self.desk.money(node.scalar("cost")),
            uses={resource: uses.whole(resource, 0) for resource in uses.entries},
            answer_within=self.desk.compiler.duration(node.scalar("answer_within")),
            holds=self.desk.compiler.duration(node.scalar("holds")),
            where=node.where,
        )

    def surface(self, name: str, node: MappingNode) -> str:
        """The surface that is named, or the outbound channel that the treatment is named after."""
        findings = self.desk.findings
        if given := node.scalar("surface"):
            self.desk.surfaces.refer_scalar(given, findings)
            return given.text
        if node.broken("surface") or node.doubtful or self.desk.channels.open:
            return ""
        if self.desk.surface_channels.get(name) != name:
            expected = "`surface`, or the name of an outbound channel"
            found = f"the treatment {quote(name)} without a surface"
            findings.add(node.where, found, expected)
        return name
