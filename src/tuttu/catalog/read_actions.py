"""actions/: each action with what its group lets it inherit, conditions, formulas, treatments."""

import re
from typing import NamedTuple, cast

from tuttu.catalog.expressions import NUMBERS, UNREADABLE
from tuttu.catalog.findings import nearest, quote
from tuttu.catalog.folder import SourceFile
from tuttu.catalog.schema_validation import read_sheet
from tuttu.catalog.schemas.json_schema import NAMES, WORD
from tuttu.catalog.scope import LoadScope
from tuttu.catalog.trait_usage import TraitUsage
from tuttu.catalog.yaml_nodes import MappingNode, ScalarNode
from tuttu.policy import CompiledExpression, is_fulfilled
from tuttu.vocabulary import errors, library, values

MUST_HAVE = {
    "status": "draft, live, paused or retired",
    "purpose": "a purpose of consent.yaml",
    "value": "an expression in currency units",
    "propensity": "a probability, an expression, or {model: name}",
    "treatments": "one treatment or more",
}


def read_actions(
    sheets: "list[ActionSheet]", usage: TraitUsage, scope: LoadScope
) -> dict[str, library.Action]:
    """Actions by name. Those that are owed are read first: the others may ask whether one is
    late."""
    owed = [sheet for sheet in sheets if sheet.node.text("purpose") in scope.owed]
    found = {sheet.name: _Reader(sheet, usage, scope).action() for sheet in owed}
    scope.declare_late(found.values())
    for sheet in sheets:
        if sheet.name not in found:
            found[sheet.name] = _Reader(sheet, usage, scope).action()
    return {sheet.name: found[sheet.name] for sheet in sheets}


class _Reader:
    """Reads one action."""

    def __init__(self, sheet: "ActionSheet", usage: TraitUsage, scope: LoadScope) -> None:
        self.sheet = sheet
        self.node = sheet.node
        self.usage = usage
        self.scope = scope
        self.purpose = self.node.text("purpose")
        self.owed = self.purpose in scope.owed
        self.columns = scope.columns_about(self.node)

    def action(self) -> library.Action:
        self.check_missing()
        about = self.scope.collections.refer_scalar(self.node.scalar("about"), self.scope.findings)
        if "about" not in self.node and not self.node.doubtful:
            self.scope.actions_about_nothing.add(self.sheet.name)
        self.scope.purposes.refer_scalar(self.node.scalar("purpose"), self.scope.findings)
        valid = self.node.mapping("valid")
        start, end = self.scope.instant(valid.scalar("from")), self.scope.end(valid)
        if start is not None and end is not None and start >= end:
            self.scope.findings.add(valid.where, "a period that ends before it begins", "an order")
        model = self.node.mapping("propensity").text("model") or None
        due = self.due()
        return library.Action(
            name=self.sheet.name,
            owner=self.sheet.owner,
            issue_group=self.sheet.issue_group,
            objective=self.node.text("objective"),
            status=cast(library.ActionStatus, self.node.text("status")),
            purpose=self.purpose,
            value=self.formula("value"),
            relevance=self.optional("relevance"),
            effort=self.optional("effort"),
            propensity=self.propensity(),
            model=model,
            valid_from=start,
            valid_until=end,
            about=about,
            due=due,
            fulfilled=self.fulfilled(due) if self.owed else None,
            eligible=self.conditions("eligible"),
            applicable=self.conditions("applicable"),
            suitable=self.conditions("suitable"),
            similar_to=self.similar_to(),
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
                self.scope.findings.add(where, f"no `{key}`", f"`{key}`: {expected}")

    def formula(self, key: str) -> values.Expression:
        node = self.node.scalar(key)
        compiled = self.scope.compiler.number(node, self.columns, self.sheet.name)
        if node:
            self.usage.check(compiled, self.purpose, node.where)
        return compiled

    def optional(self, key: str) -> values.Expression | None:
        return self.formula(key) if self.node.scalar(key) else None

    def propensity(self) -> values.Expression | None:
        """A probability: one that no customer could have is a slip of the pen, as 3 for 3 %."""
        formula, node = self.optional("propensity"), self.node.scalar("propensity")
        if node is None or not isinstance(formula, CompiledExpression):
            return formula
        constant = not formula.columns and not formula.timed
        if not constant or formula.type.kind not in NUMBERS:
            return formula
        found = formula({})
        if isinstance(found, int | float):
            number = found / values.MONEY_SCALE if formula.type.kind is values.Kind.MONEY else found
            if not 0 <= number <= 1:
                expected = "a probability, from 0 to 1: 0.03 is 3 %"
                self.scope.findings.add(node.where, quote(node.text), expected)
        else:
            expected = "a probability, from 0 to 1; this is never known"
            self.scope.findings.add(node.where, quote(node.text), expected)
        return formula

    def due(self) -> values.Expression | None:
        """By when it is owed; what moves with time itself would never come. None: not said."""
        self.check_owed(self.node, "due")
        self.check_owed(self.node, "fulfils")
        if self.node.broken("due"):
            return UNREADABLE
        node = self.node.scalar("due")
        if node is None:
            return None
        due = self.scope.compiler.formula(node, self.columns, self.sheet.name)
        if not isinstance(due, CompiledExpression):
            return UNREADABLE
        self.usage.check(due, self.purpose, node.where)
        if due.type != values.Type(values.Kind.TIMESTAMP):
            self.scope.findings.add(
                node.where, f"{quote(node.text)}, which is {due.type}", "a timestamp"
            )
        elif due.timed:
            expected = "an instant that stays: one that moves with now is never past"
            self.scope.findings.add(node.where, quote(node.text), expected)
        return due

    def fulfilled(self, due: values.Expression | None) -> values.Expression:
        by = due if isinstance(due, CompiledExpression) else None
        return is_fulfilled(values.fulfilled_column(self.sheet.name), by)

    def check_owed(self, node: MappingNode, key: str) -> None:
        """Keys that mean nothing for what is offered."""
        if key in node and not self.owed and not self.scope.purposes.open and self.purpose:
            expected = f"it in an action of a purpose of class owed; {quote(self.purpose)} is none"
            self.scope.findings.add(node.at(key), quote(key), expected)

    def conditions(self, block: str) -> tuple[values.Condition, ...]:
        section = self.node.mapping(block)
        return tuple(self.condition(name, node) for name, node in section.scalars())

    def condition(self, name: str, node: ScalarNode) -> values.Condition:
        test = self.scope.compiler.condition(node, self.columns, self.sheet.name)
        self.usage.check(test, self.purpose, node.where)
        return values.Condition(name, test)

    def similar_to(self) -> values.Expression | None:
        node = self.node.scalar("similar_to")
        return None if node is None else self.condition("similar_to", node).test

    def outcomes(self) -> dict[str, values.Expression]:
        compiler, columns = self.scope.compiler, self.scope.event_columns
        section = self.node.mapping("outcomes")
        return {name: compiler.condition(node, columns) for name, node in section.scalars()}

    def treatments(self) -> dict[str, library.Treatment]:
        section = self.node.mapping("treatments")
        if "treatments" in self.node and not (section.entries or self.node.broken("treatments")):
            found = "no treatment"
            self.scope.findings.add(section.where, found, MUST_HAVE["treatments"])
        treatments = {name: self.treatment(name, node) for name, node in section.mappings()}
        if self.owed and treatments and not any(each.fulfils for each in treatments.values()):
            where = self.node.at("fulfils") if "fulfils" in self.node else section.where
            expected = "a treatment that fulfils: nothing else ends what is owed"
            self.scope.findings.add(where, "no treatment but reminders", expected)
        return treatments

    def treatment(self, name: str, node: MappingNode) -> library.Treatment:
        surface = self.surface(name, node)
        channel = self.scope.surface_channels.get(surface, "")
        message, cost = node.scalar("message"), node.scalar("cost")
        if "message" not in node and not node.doubtful:
            expected = "`message`: the message that the treatment shows"
            self.scope.findings.add(node.where, "no `message`", expected)
        self.scope.needs_message(message, channel)
        self.check_owed(node, "fulfils")
        uses = node.mapping("uses")
        for resource in uses.entries:
            self.scope.resources.refer(resource, uses.at(resource), self.scope.findings)
        return library.Treatment(
            name=name,
            surface=surface,
            channel=channel,
            message=message.text if message else "",
            cost=float(cost.text) if cost else 0.0,
            uses={resource: uses.whole(resource, 0) for resource in uses.entries},
            answer_within=self.scope.compiler.duration(node.scalar("answer_within")),
            holds=self.scope.compiler.duration(node.scalar("holds")),
            fulfils=self.fulfils(node),
            where=node.where,
        )

    def fulfils(self, node: MappingNode) -> bool:
        """As the treatment says, else as the action does."""
        said = node if "fulfils" in node else self.node
        return "fulfils" not in said or said.flag("fulfils")

    def surface(self, name: str, node: MappingNode) -> str:
        """The surface that is named, or the outbound channel that the treatment is named after."""
        findings = self.scope.findings
        if given := node.scalar("surface"):
            self.scope.surfaces.refer_scalar(given, findings)
            return given.text
        channels = self.scope.channels
        if node.broken("surface") or node.doubtful or channels.open or name in channels.broken:
            return ""
        if self.scope.surface_channels.get(name) != name:
            expected = "`surface`, or the name of an outbound channel"
            found = f"the treatment {quote(name)} without a surface"
            findings.add(node.where, found, expected)
        return name


GROUP_FILE = "_group.yaml"
BLOCKS = ("eligible", "applicable", "suitable", "outcomes")
OF_TIME = "ignored"


class ActionSheet(NamedTuple):
    """One action before its references and expressions are read."""

    name: str
    owner: str
    issue_group: str
    node: MappingNode


def read_action_sheets(files: list[SourceFile], scope: LoadScope) -> list[ActionSheet]:
    """Actions in the order of their paths; their names go to the scope."""
    groups = {file.parts[1:3]: _sheet("group", file, scope) for file in files if _is_group(file)}
    sheets: dict[str, ActionSheet] = {}
    taken: dict[str, ActionSheet] = {}
    for file in files:
        owner, issue_group = file.parts[1:3]
        _declare_folders(file, scope)
        if _is_group(file):
            continue
        name = file.parts[-1].removesuffix(".yaml")
        scope.actions.known.add(name)
        node = _sheet("action", file, scope)
        if node is None or not _is_named_well(name, node, taken.get(name.lower()), scope):
            continue
        inherited = groups.get((owner, issue_group), MappingNode({}, {}, node.where))
        sheets[name] = ActionSheet(name, owner, issue_group, inherit(inherited, node))
        taken[name.lower()] = sheets[name]
    for sheet in sheets.values():
        _declare_outcomes(sheet.node.mapping("outcomes"), scope)
    return list(sheets.values())


def inherit(group: MappingNode | None, action: MappingNode) -> MappingNode:
    """An action over its group: blocks are joined, a treatment takes what it leaves out.

    A group's treatment is no treatment by itself: it fills those of the same name. group None:
    it cannot be read, so it is not known what the action lacks.
    """
    if group is None:
        action.doubtful = True
        return action
    merged = _over(group, action)
    for block in BLOCKS:
        if not merged.broken(block) and block in merged:
            merged.entries[block] = _over(group.mapping(block), action.mapping(block))
    if "treatments" in action and not action.broken("treatments"):
        merged.entries["treatments"] = _treatments(group, action)
    else:
        merged.entries.pop("treatments", None)
        if action.broken("treatments"):
            merged.entries["treatments"] = action.entries["treatments"]
    return merged


def _treatments(group: MappingNode, action: MappingNode) -> MappingNode:
    treatments = action.mapping("treatments")
    shared = group.mapping("treatments")
    joined = MappingNode({}, dict(treatments.keys), treatments.where, doubtful=treatments.doubtful)
    for name, node in treatments.entries.items():
        if isinstance(node, MappingNode):
            joined.entries[name] = _over(shared.mapping(name), node)
        else:
            joined.entries[name] = node
    return joined


def _over(below: MappingNode, above: MappingNode) -> MappingNode:
    return MappingNode(
        entries=below.entries | above.entries,
        keys=below.keys | above.keys,
        where=above.where,
        doubtful=below.doubtful or above.doubtful,
    )


def _is_group(file: SourceFile) -> bool:
    return file.parts[-1] == GROUP_FILE


def _sheet(kind: str, file: SourceFile, scope: LoadScope) -> MappingNode | None:
    return read_sheet(kind, file.path, file.text, scope.findings)


def _declare_folders(file: SourceFile, scope: LoadScope) -> None:
    for names, folder in zip((scope.owners, scope.issue_groups), file.parts[1:3], strict=True):
        names.known.add(folder)
        if not re.search(WORD, folder):
            scope.findings.add(
                errors.Where(file.path, 1), f"the folder {quote(folder)}", NAMES[WORD]
            )


def _is_named_well(
    name: str, node: MappingNode, other: ActionSheet | None, scope: LoadScope
) -> bool:
    """An action has its file's name, unique in the company; names must differ in more than case."""
    given = node.scalar("action")
    if given and given.text != name:
        expected = f"{quote(name)}, as the file is named"
        scope.findings.add(given.where, quote(given.text), expected, nearest(given.text, [name]))
    if other is None:
        return True
    at = given.where if given else node.where
    found = f"the action {quote(name)} again"
    scope.findings.add(at, found, f"another name: it stands in {other.node.where.file} already")
    return False


def _declare_outcomes(outcomes: MappingNode, scope: LoadScope) -> None:
    scope.outcomes.known |= set(outcomes.entries)
    node = outcomes.entries.get(OF_TIME)
    if isinstance(node, ScalarNode):
        expected = "another outcome: ignored comes of time alone, after `answer_within`"
        scope.findings.add(outcomes.at(OF_TIME), f"the outcome {quote(OF_TIME)}", expected)
