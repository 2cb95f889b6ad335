"""Files of actions/: the nodes of each action, with what _group.yaml lets it inherit."""

from __future__ import annotations

import re
from typing import NamedTuple

from tuttu.catalog.desk import Desk
from tuttu.catalog.findings import nearest, quote
from tuttu.catalog.folder import SourceFile
from tuttu.catalog.schemas.parts import NAMES, WORD
from tuttu.catalog.shapes import read_sheet
from tuttu.catalog.yaml_nodes import MappingNode, ScalarNode
from tuttu.vocabulary.errors import Where

GROUP_FILE = "_group.yaml"
BLOCKS = ("eligible", "applicable", "suitable", "outcomes")
OF_TIME = "ignored"


class ActionSheet(NamedTuple):
    """One action before its references and expressions are read."""

    name: str
    owner: str
    issue_group: str
    node: MappingNode


def read_action_sheets(files: list[SourceFile], desk: Desk) -> list[ActionSheet]:
    """Actions in the order of their paths; their names go to the desk."""
    groups = {file.parts[1:3]: _sheet("group", file, desk) for file in files if _is_group(file)}
    sheets: dict[str, ActionSheet] = {}
    taken: dict[str, ActionSheet] = {}
    for file in files:
        owner, issue_group = file.parts[1:3]
        _declare_folders(file, desk)
        if _is_group(file):
            continue
        name = file.parts[-1].removesuffix(".yaml")
        desk.actions.known.add(name)
        node = _sheet("action", file, desk)
        if node is None or not _is_named_well(name, node, taken.get(name.lower()), desk):
            continue
        inherited = groups.get((owner, issue_group), MappingNode({}, {}, node.where))
        sheets[name] = ActionSheet(name, owner, issue_group, inherit(inherited, node))
        taken[name.lower()] = sheets[name]
    for sheet in sheets.values():
        _declare_outcomes(sheet.node.mapping("outcomes"), desk)
    return list(sheets.values())


def inherit(group: MappingNode | None, action: MappingNode) -> MappingNode:
    """An action over its group: blocks are joined, a treatment takes what it leaves out.

    A group's treatment is no treatment by itself: it fills those of the same name. group None:
    it cannot be read, so that nobody knows what the action lacks.
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


def _sheet(kind: str, file: SourceFile, desk: Desk) -> MappingNode | None:
    return read_sheet(kind, file.path, file.text, desk.findings)


def _declare_folders(file: SourceFile, desk: Desk) -> None:
    for names, folder in zip((desk.owners, desk.issue_groups), file.parts[1:3], strict=True):
        names.known.add(folder)
        if not re.search(WORD, folder):
            desk.findings.add(Where(file.path, 1), f"the folder {quote(folder)}", NAMES[WORD])


def _is_named_well(name: str, node: MappingNode, other: ActionSheet | None, desk: Desk) -> bool:
    """An action is named as its file, and once in the company; case does not tell names apart."""
    given = node.scalar("action")
    if given and given.text != name:
        expected = f"{quote(name)}, as the file is named"
        desk.findings.add(given.where, quote(given.text), expected, nearest(given.text, [name]))
    if other is None:
        return True
    at = given.where if given else node.where
    found = f"the action {quote(name)} again"
    desk.findings.add(at, found, f"another name: it stands in {other.node.where.file} already")
    return False


def _declare_outcomes(outcomes: MappingNode, desk: Desk) -> None:
    desk.outcomes.known |= set(outcomes.entries)
    node = outcomes.entries.get(OF_TIME)
    if isinstance(node, ScalarNode):
        expected = "another outcome: ignored comes of time alone, after `answer_within`"
        desk.findings.add(outcomes.at(OF_TIME), f"the outcome {quote(OF_TIME)}", expected)
