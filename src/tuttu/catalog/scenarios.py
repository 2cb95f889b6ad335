"""scenarios/*.yaml: stories with what must come out of them, for those who run them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from tuttu.catalog.desk import Desk
from tuttu.catalog.findings import quote
from tuttu.catalog.names import Names
from tuttu.catalog.yaml_nodes import Data, MappingNode, Plain, to_data
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.values import Instant

StepKind = Literal[
    "identify",
    "track",
    "page",
    "screen",
    "group",
    "alias",
    "decide",
    "outcome",
    "preference",
    "resource",
]
ExpectationKind = Literal["chosen", "refused", "not_chosen", "empty", "trait"]
Who = Mapping[str, str]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happens.

    name, by kind: the event of ``track``; the page or screen; the group's id; the surface of
    ``decide`` (a decision that is kept); the outcome; the resource. values: traits of ``identify``
    or properties of ``track``, ``page``, ``screen``, as JSON. previous: who ``alias`` joins to
    `who`. action: of ``outcome``, which is said of the customer's newest contact of that action,
    about `item` if that is given.
    purpose, channel (None: every one), allowed: of ``preference``. amount: of ``resource``, which
    alone has no `who`.
    """

    at: Instant
    kind: StepKind
    who: Who
    name: str = ""
    values: Mapping[str, Data] = {}
    previous: Who = {}
    action: str = ""
    item: str | None = None
    purpose: str = ""
    channel: str | None = None
    allowed: bool = False
    amount: int = 0
    where: Where


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must hold when `who` is asked for at `at`; nothing is kept of the asking.

    chosen: `action` is shown on `surface` (by `treatment`, if given). refused: `action` is refused
    there (of `treatment`, if given) `because` of a reason, by `stage`, and by `also` too, as far
    as these are given. not_chosen: `action` is not shown. item: all of these about that item; None:
    about whichever. empty: nothing is shown; `value`, if
    given, is the default content. trait: the trait `action` is `value`.
    """

    at: Instant
    who: Who
    kind: ExpectationKind
    surface: str = ""
    action: str = ""
    treatment: str | None = None
    item: str | None = None
    because: str | None = None
    stage: str | None = None
    also: tuple[str, ...] = ()
    value: Plain = None
    where: Where


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One story. The steps are in the order of the file; time decides what comes first."""

    name: str
    given: tuple[Step, ...]
    expect: tuple[Expectation, ...]
    where: Where


STEP_KEYS: dict[str, StepKind] = {
    "traits": "identify",
    "event": "track",
    "page": "page",
    "screen": "screen",
    "group": "group",
    "alias": "alias",
    "decide": "decide",
    "outcome": "outcome",
    "purpose": "preference",
    "resource": "resource",
}
BESIDE: dict[StepKind, frozenset[str]] = {
    "track": frozenset({"properties"}),
    "page": frozenset({"properties"}),
    "screen": frozenset({"properties"}),
    "outcome": frozenset({"action", "item"}),
    "preference": frozenset({"channel", "allowed"}),
    "resource": frozenset({"amount"}),
}
OPTIONAL = frozenset({"properties", "channel", "item"})
ANSWERS: dict[str, ExpectationKind] = {
    "chosen": "chosen",
    "refused": "refused",
    "not_chosen": "not_chosen",
    "empty": "empty",
    "default": "empty",
}
OF_REFUSALS = ("because", "stage", "also")
OF_ACTIONS = frozenset({"chosen", "refused", "not_chosen"})


def read_scenario(sheet: MappingNode, desk: Desk) -> Scenario:
    """One file; what refers to nothing is a fault."""
    steps = [_step(node, desk) for node in sheet.listed_mappings("given")]
    return Scenario(
        name=sheet.text("scenario"),
        given=tuple(step for step in steps if step),
        expect=tuple(
            expectation
            for node in sheet.listed_mappings("expect")
            for expectation in _expectations(node, desk)
        ),
        where=sheet.where,
    )


def _step(node: MappingNode, desk: Desk) -> Step | None:
    keys = [key for key in STEP_KEYS if key in node]
    if len(keys) != 1:
        if not node.doubtful:
            found = " and ".join(map(quote, keys)) or "a step in which nothing happens"
            desk.findings.add(node.where, found, f"one of {', '.join(STEP_KEYS)}")
        return None
    kind = STEP_KEYS[keys[0]]
    _check_beside(node, keys[0], kind, desk)
    _check_step_names(node, desk)
    return Step(
        at=desk.instant(node.scalar("at")) or 0,
        kind=kind,
        who=_who(node, "who", desk),
        name=node.text(keys[0]),
        values=_values(node, desk),
        previous=_who(node, "alias", desk),
        action=node.text("action"),
        item=node.text("item") or None,
        purpose=node.text("purpose"),
        channel=node.text("channel") or None,
        allowed=node.flag("allowed"),
        amount=node.whole("amount", 0),
        where=node.where,
    )


def _check_beside(node: MappingNode, key: str, kind: StepKind, desk: Desk) -> None:
    """Keys that the kind needs, and those that mean nothing beside it."""
    beside = BESIDE.get(kind, frozenset()) | ({"who"} if kind != "resource" else set())
    for name in node.entries:
        if name not in {"at", key, *beside}:
            expected = f"nothing but at, {', '.join(sorted(beside))} beside `{key}`"
            desk.findings.add(node.at(name), quote(name), expected)
    for name in sorted(beside - OPTIONAL - node.entries.keys()):
        if not node.doubtful:
            desk.findings.add(node.where, f"no `{name}`", f"`{name}` beside `{key}`")


def _check_step_names(node: MappingNode, desk: Desk) -> None:
    findings = desk.findings
    desk.events.refer_scalar(node.scalar("event"), findings)
    desk.surfaces.refer_scalar(node.scalar("decide"), findings)
    desk.outcomes.refer_scalar(node.scalar("outcome"), findings)
    desk.actions.refer_scalar(node.scalar("action"), findings)
    _check_item(node, node.text("action"), desk)
    desk.purposes.refer_scalar(node.scalar("purpose"), findings)
    desk.channels.refer_scalar(node.scalar("channel"), findings)
    desk.resources.refer_scalar(node.scalar("resource"), findings)


def _values(node: MappingNode, desk: Desk) -> dict[str, Data]:
    traits, properties = node.mapping("traits"), node.mapping("properties")
    written = Names("a written trait or an identifier", desk.written.known | desk.fields("traits"))
    written.open = desk.written.open
    for name in traits.entries:
        written.refer(name, traits.at(name), desk.findings)
    if known := _known_properties(node, desk):
        for name in properties.entries:
            known.refer(name, properties.at(name), desk.findings)
    section = traits if "traits" in node else properties
    return {name: to_data(value) for name, value in section.entries.items()}


def _known_properties(node: MappingNode, desk: Desk) -> Names | None:
    """What the plan says of the event; None if it says nothing."""
    planned = desk.plan.get(node.text("event"))
    if planned is None or not (planned.properties or planned.items):
        return None
    known = {*planned.properties, *planned.items, "contact_id"} | desk.fields("properties")
    return Names(f"a property of {quote(planned.name)}", known, is_open=desk.event_columns.open)


def _who(node: MappingNode, key: str, desk: Desk) -> dict[str, str]:
    section = node.mapping(key)
    for namespace in section.entries:
        desk.namespaces.refer(namespace, section.at(namespace), desk.findings)
    return {namespace: value.text for namespace, value in section.scalars()}


def _expectations(node: MappingNode, desk: Desk) -> list[Expectation]:
    """One for every answer and every trait that the entry names."""
    found = [_answer(node, key, desk) for key in ANSWERS if key in node]
    found += [_trait(node, name, desk) for name in node.mapping("traits").entries]
    if not found and not node.doubtful and not node.broken("traits"):
        expected = f"one of {', '.join((*ANSWERS, 'traits'))}"
        desk.findings.add(node.where, "an expectation of nothing", expected)
    if found:
        _check_answer(node, desk)
    return found


def _check_answer(node: MappingNode, desk: Desk) -> None:
    findings = desk.findings
    desk.surfaces.refer_scalar(node.scalar("surface"), findings)
    asks = [key for key in ANSWERS if key in node]
    if asks and "surface" not in node and not node.doubtful:
        findings.add(node.where, "no `surface`", f"`surface` beside `{asks[0]}`")
    for key in OF_REFUSALS:
        if key in node and "refused" not in node and not node.doubtful:
            findings.add(node.at(key), quote(key), "`refused` beside it")
    if "item" in node and not OF_ACTIONS & node.entries.keys():
        findings.add(node.at("item"), "`item`", "`chosen`, `refused` or `not_chosen` beside it")
    if "treatment" in node and not {"chosen", "refused"} & node.entries.keys():
        findings.add(node.at("treatment"), "`treatment`", "`chosen` or `refused` beside it")


def _check_item(node: MappingNode, action: str, desk: Desk) -> None:
    """An action that is about no collection is never about an item."""
    if "item" in node and action in desk.actions_about_nothing:
        expected = f"no `item`, or `about: …` in the action {quote(action)}"
        desk.findings.add(node.at("item"), "`item`", expected)


def _answer(node: MappingNode, key: str, desk: Desk) -> Expectation:
    kind = ANSWERS[key]
    refused = kind == "refused"
    if kind != "empty":
        desk.actions.refer_scalar(node.scalar(key), desk.findings)
        _check_item(node, node.text(key), desk)
    return Expectation(
        at=desk.instant(node.scalar("at")) or 0,
        who=_who(node, "who", desk),
        kind=kind,
        surface=node.text("surface"),
        action=node.text(key) if kind != "empty" else "",
        treatment=(node.text("treatment") or None) if kind in {"chosen", "refused"} else None,
        item=(node.text("item") or None) if kind in OF_ACTIONS else None,
        because=(node.text("because") or None) if refused else None,
        stage=(node.text("stage") or None) if refused else None,
        also=tuple(stage.text for stage in node.listed("also")) if refused else (),
        value=node.text("default") if key == "default" else None,
        where=node.keys.get(key, node.where),
    )


def _trait(node: MappingNode, name: str, desk: Desk) -> Expectation:
    section = node.mapping("traits")
    known = Names("a trait of traits.yaml", desk.row_columns.schema.columns)
    known.open = desk.row_columns.open or desk.row_columns.hides(name)
    known.refer(name, section.at(name), desk.findings)
    value = section.scalar(name)
    return Expectation(
        at=desk.instant(node.scalar("at")) or 0,
        who=_who(node, "who", desk),
        kind="trait",
        action=name,
        value=value.value if value else None,
        where=section.at(name),
    )
