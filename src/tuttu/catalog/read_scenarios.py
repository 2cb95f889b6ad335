"""scenarios/*.yaml: the steps of each scenario, and what is expected of them."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from tuttu.catalog.codes import check_bare
from tuttu.catalog.findings import quote
from tuttu.catalog.names import Names
from tuttu.catalog.scope import LoadScope
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
ExpectationKind = Literal["chosen", "refused", "not_chosen", "owed", "not_owed", "empty", "trait"]
Who = Mapping[str, str]


class ScenarioStep(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happens.

    name, by kind: the event of ``track``; the page or screen; the group's id; the surface of
    ``decide`` (a decision that is kept); the outcome; the resource. values: traits of ``identify``
    or properties of ``track``, ``page``, ``screen``, as JSON. previous: who ``alias`` joins to
    `who`. action: of ``outcome``, which is reported for the customer's newest contact of that
    action, about `item` if that is given.
    purpose, channel (None: every one), allowed: of ``preference``. amount: of ``resource``, the
    only kind without `who`.
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
    """One expectation for `who` at `at`; checking it leaves no trace.

    chosen: `action` is shown on a surface (by `treatment`, if given). refused: `action` is refused
    there (of `treatment`, if given) `because` of a reason, by `stage`, and by `also` too, as far as
    these are given. not_chosen: `action` is not shown. item: all of these about that item; None:
    about any. owed, not_owed: `action` is told as owed, or not; late: past its due, or not, if that
    is given. empty: nothing is shown; `value`, if given, is the default content. trait: the trait
    `action` is `value`. surfaces: those that are asked for, together.
    """

    at: Instant
    who: Who
    kind: ExpectationKind
    surfaces: tuple[str, ...] = ()
    action: str = ""
    treatment: str | None = None
    item: str | None = None
    late: bool | None = None
    because: str | None = None
    stage: str | None = None
    also: tuple[str, ...] = ()
    value: Plain = None
    where: Where


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario. The steps are in the order of the file; time decides what comes first."""

    name: str
    given: tuple[ScenarioStep, ...]
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
    "owed": "owed",
    "not_owed": "not_owed",
    "empty": "empty",
    "default": "empty",
}
OF_REFUSALS = ("because", "stage", "also")
OF_ACTIONS = frozenset({"chosen", "refused", "not_chosen", "owed", "not_owed"})
OF_TREATMENTS = frozenset({"chosen", "refused", "owed"})


def read_scenario(sheet: MappingNode, scope: LoadScope) -> Scenario:
    """One file; what refers to nothing is a fault."""
    steps = [_step(node, scope) for node in sheet.listed_mappings("given")]
    return Scenario(
        name=sheet.text("scenario"),
        given=tuple(step for step in steps if step),
        expect=tuple(
            expectation
            for node in sheet.listed_mappings("expect")
            for expectation in _expectations(node, scope)
        ),
        where=sheet.where,
    )


def _step(node: MappingNode, scope: LoadScope) -> ScenarioStep | None:
    keys = [key for key in STEP_KEYS if key in node]
    if len(keys) != 1:
        if not node.doubtful:
            found = " and ".join(map(quote, keys)) or "a step in which nothing happens"
            scope.findings.add(node.where, found, f"one of {', '.join(STEP_KEYS)}")
        return None
    kind = STEP_KEYS[keys[0]]
    _check_beside(node, keys[0], kind, scope)
    _check_step_names(node, scope)
    return ScenarioStep(
        at=scope.instant(node.scalar("at")) or 0,
        kind=kind,
        who=_who(node, "who", scope),
        name=node.text(keys[0]),
        values=_values(node, scope),
        previous=_who(node, "alias", scope),
        action=node.text("action"),
        item=node.text("item") or None,
        purpose=node.text("purpose"),
        channel=node.text("channel") or None,
        allowed=node.flag("allowed"),
        amount=node.whole("amount", 0),
        where=node.where,
    )


def _check_beside(node: MappingNode, key: str, kind: StepKind, scope: LoadScope) -> None:
    """Keys that the kind needs, and those that mean nothing beside it."""
    beside = BESIDE.get(kind, frozenset()) | ({"who"} if kind != "resource" else set())
    for name in node.entries:
        if name not in {"at", key, *beside}:
            expected = f"nothing but at, {', '.join(sorted(beside))} beside `{key}`"
            scope.findings.add(node.at(name), quote(name), expected)
    for name in sorted(beside - OPTIONAL - node.entries.keys()):
        if not node.doubtful:
            scope.findings.add(node.where, f"no `{name}`", f"`{name}` beside `{key}`")


def _check_step_names(node: MappingNode, scope: LoadScope) -> None:
    findings = scope.findings
    scope.events.refer_scalar(node.scalar("event"), findings)
    scope.surfaces.refer_scalar(node.scalar("decide"), findings)
    scope.outcomes.refer_scalar(node.scalar("outcome"), findings)
    scope.actions.refer_scalar(node.scalar("action"), findings)
    _check_item(node, node.text("action"), scope)
    scope.purposes.refer_scalar(node.scalar("purpose"), findings)
    scope.channels.refer_scalar(node.scalar("channel"), findings)
    scope.resources.refer_scalar(node.scalar("resource"), findings)


def _values(node: MappingNode, scope: LoadScope) -> dict[str, Data]:
    traits, properties = node.mapping("traits"), node.mapping("properties")
    written = Names(
        "a written trait or an identifier",
        scope.written.known | scope.fields("traits") | scope.said_inside,
    )
    written.open = scope.written.open
    for name in traits.entries:
        written.refer(name, traits.at(name), scope.findings)
    if known := _known_properties(node, scope):
        for name in properties.entries:
            known.refer(name, properties.at(name), scope.findings)
    section = traits if "traits" in node else properties
    planned = scope.plan.get(node.text("event"))
    types = scope.row_columns.schema.columns if "traits" in node else {}
    types = planned.properties if planned and "traits" not in node else types
    for name, value in section.entries.items():
        inside = planned.items.get(name) if planned else None
        check_bare(value, scope.findings, types.get(name), inside)
    return {name: to_data(value) for name, value in section.entries.items()}


def _known_properties(node: MappingNode, scope: LoadScope) -> Names | None:
    """The event in the plan; None if it is not there."""
    planned = scope.plan.get(node.text("event"))
    if planned is None or not (planned.properties or planned.items):
        return None
    known = {*planned.properties, *planned.items, "contact_id"} | scope.fields("properties")
    known |= {name.partition(".")[0] for name in planned.properties}
    return Names(f"a property of {quote(planned.name)}", known, is_open=scope.event_columns.open)


def _who(node: MappingNode, key: str, scope: LoadScope) -> dict[str, str]:
    section = node.mapping(key)
    for namespace in section.entries:
        scope.namespaces.refer(namespace, section.at(namespace), scope.findings)
    return {namespace: value.text for namespace, value in section.scalars()}


def _expectations(node: MappingNode, scope: LoadScope) -> list[Expectation]:
    """One for every result and every trait that the entry names."""
    found = [_answer(node, key, scope) for key in ANSWERS if key in node]
    found += [_trait(node, name, scope) for name in node.mapping("traits").entries]
    if not found and not node.doubtful and not node.broken("traits"):
        expected = f"one of {', '.join((*ANSWERS, 'traits'))}"
        scope.findings.add(node.where, "an expectation of nothing", expected)
    if found:
        _check_answer(node, scope)
    return found


def _check_answer(node: MappingNode, scope: LoadScope) -> None:
    findings = scope.findings
    for surface in (node.scalar("surface"), *node.listed("surfaces")):
        scope.surfaces.refer_scalar(surface, findings)
    asks = [key for key in ANSWERS if key in node]
    if asks and not {"surface", "surfaces"} & node.entries.keys() and not node.doubtful:
        findings.add(node.where, "no `surface`", f"`surface` beside `{asks[0]}`")
    if {"surface", "surfaces"} <= node.entries.keys():
        findings.add(node.at("surfaces"), "`surfaces` beside `surface`", "one of them")
    if "late" in node and "owed" not in node and not node.doubtful:
        findings.add(node.at("late"), "`late`", "`owed` beside it")
    for key in OF_REFUSALS:
        if key in node and "refused" not in node and not node.doubtful:
            findings.add(node.at(key), quote(key), "`refused` beside it")
    if "item" in node and not OF_ACTIONS & node.entries.keys():
        findings.add(node.at("item"), "`item`", f"{_one_of(OF_ACTIONS)} beside it")
    if "treatment" in node and not OF_TREATMENTS & node.entries.keys():
        findings.add(node.at("treatment"), "`treatment`", f"{_one_of(OF_TREATMENTS)} beside it")


def _one_of(keys: frozenset[str]) -> str:
    *most, last = (f"`{key}`" for key in ANSWERS if key in keys)
    return f"{', '.join(most)} or {last}"


def _check_item(node: MappingNode, action: str, scope: LoadScope) -> None:
    """An action that is about no collection is never about an item."""
    if "item" in node and action in scope.actions_about_nothing:
        expected = f"no `item`, or `about: …` in the action {quote(action)}"
        scope.findings.add(node.at("item"), "`item`", expected)


def _answer(node: MappingNode, key: str, scope: LoadScope) -> Expectation:
    kind = ANSWERS[key]
    refused = kind == "refused"
    if kind != "empty":
        scope.actions.refer_scalar(node.scalar(key), scope.findings)
        _check_item(node, node.text(key), scope)
    return Expectation(
        at=scope.instant(node.scalar("at")) or 0,
        who=_who(node, "who", scope),
        kind=kind,
        surfaces=tuple(each.text for each in node.listed("surfaces")) or (node.text("surface"),),
        action=node.text(key) if kind != "empty" else "",
        treatment=(node.text("treatment") or None) if kind in OF_TREATMENTS else None,
        item=(node.text("item") or None) if kind in OF_ACTIONS else None,
        late=node.flag("late") if kind == "owed" and "late" in node else None,
        because=(node.text("because") or None) if refused else None,
        stage=(node.text("stage") or None) if refused else None,
        also=tuple(stage.text for stage in node.listed("also")) if refused else (),
        value=node.text("default") if key == "default" else None,
        where=node.keys.get(key, node.where),
    )


def _trait(node: MappingNode, name: str, scope: LoadScope) -> Expectation:
    section = node.mapping("traits")
    known = Names("a trait of traits.yaml", scope.row_columns.schema.columns)
    known.open = scope.row_columns.open or scope.row_columns.hides(name)
    known.refer(name, section.at(name), scope.findings)
    value = section.scalar(name)
    check_bare(value, scope.findings, scope.row_columns.schema.columns.get(name))
    return Expectation(
        at=scope.instant(node.scalar("at")) or 0,
        who=_who(node, "who", scope),
        kind="trait",
        action=name,
        value=value.value if value else None,
        where=section.at(name),
    )
