"""Eligibility alone, action by action, beside rule engines of others on the same rows."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from tuttu.bench import company, conditions, customers, fixtures, peers, results, timing

TARGET = 0.1
CUSTOMERS = 20
BLOCKS = ("eligibility", "applicability", "suitability")
Row = Mapping[str, Any]
Judge = Callable[[Row], list[bool]]
"""Whether each action's conditions all pass."""


class Peer(NamedTuple):
    """made: a judge of actions by their conditions."""

    name: str
    made: Callable[[list[list[conditions.GeneratedCondition]]], Judge]


def run(ground: fixtures.Fixtures) -> Iterator[results.Result]:
    made = company.GeneratedCompany(ground.scale.of(1_000, 15), comparable=True)
    folder, conditions = ground.empty(made), company.drawn(made)
    customers.seed_store(folder, CUSTOMERS, made.actions, ground.now)
    with ground.desk(folder) as desk:
        for each in PEERS:
            measurement = results.Measurement(
                bench="decide.peer",
                size={"actions": made.actions, "conditions": made.conditions, "peer": each.name},
                unit="µs CPU a customer",
                kind="peer",
                target=TARGET,
            )
            try:
                yield _measured(ground, measurement, desk, each.made(conditions))
            except peers.MissingPeerError as missing:
                yield measurement.skipped(str(missing))


def _measured(
    ground: fixtures.Fixtures, measurement: results.Measurement, desk: fixtures.Desk, judge: Judge
) -> results.Result:
    names = [customers.user(number) for number in range(ground.scale.of(CUSTOMERS, 3))]
    refused = desk.refused_by(*BLOCKS, treatment="banner")
    views = [desk.view(name) for name in names]
    if any([not each for each in refused(view)] != judge(view.row) for view in views):
        measurement.doubts.append("the peer passes others than we do")

    def repeat() -> results.Sample:
        turns = iter(names)
        ours = timing.cpu_with(lambda: desk.view(next(turns)), refused, len(names))
        rows = iter([view.row for view in views])
        return results.Sample(1e6 * ours, 1e6 * timing.cpu(lambda: judge(next(rows)), len(names)))

    return ground.measure(measurement, repeat)


def _python(actions: list[list[conditions.GeneratedCondition]]) -> Judge:
    source = [_joined(each, "row[{!r}]".format) for each in actions]
    tests: list[Callable[[Row], bool]] = [
        eval(f"lambda row: {text}")  # noqa: S307 - made of our own conditions
        for text in source
    ]
    return lambda row: [bool(test(row)) for test in tests]


def _zen(actions: list[list[conditions.GeneratedCondition]]) -> Judge:
    zen = peers.peer("zen")
    compiled = [zen.compile_expression(_joined(each, str)) for each in actions]

    def judge(row: Row) -> list[bool]:
        told = _told(row)
        return [each.evaluate(told) for each in compiled]

    return judge


def _json_logic(actions: list[list[conditions.GeneratedCondition]]) -> Judge:
    evaluate = peers.peer("json_logic").jsonLogic
    rules = [{"and": [_rule(clause) for clause in _clauses(each)]} for each in actions]

    def judge(row: Row) -> list[bool]:
        told = _told(row)
        return [bool(evaluate(rule, told)) for rule in rules]

    return judge


def _told(row: Row) -> dict[str, object]:
    """What such an engine can read of a row."""
    return {name: row[name] for name in row if isinstance(row[name], bool | int | float | str)}


def _clauses(
    conditions: list[conditions.GeneratedCondition],
) -> list[tuple[conditions.ConditionPart, ...]]:
    return [clause for each in conditions for clause in each.clauses]


def _joined(conditions: list[conditions.GeneratedCondition], column: Callable[[str], str]) -> str:
    clauses = (" or ".join(_text(each, column) for each in some) for some in _clauses(conditions))
    return " and ".join(f"({clause})" for clause in clauses)


def _text(atom: conditions.ConditionPart, column: Callable[[str], str]) -> str:
    """As Python and as the expressions of zen write it."""
    name, constant = column(atom.column), atom.constant
    if isinstance(constant, bool):
        return name if constant else f"not {name}"
    if isinstance(constant, tuple):
        return f"{name} in {list(constant)!r}"
    operator = {"=": "==", "<>": "!="}.get(atom.operator, atom.operator)
    return f"{name} {operator} {constant!r}"


def _rule(clause: tuple[conditions.ConditionPart, ...]) -> dict[str, Any]:
    """As JSON Logic writes it."""
    return {"or": [_json(each) for each in clause]}


def _json(atom: conditions.ConditionPart) -> dict[str, Any]:
    variable, constant = {"var": atom.column}, atom.constant
    if isinstance(constant, tuple):
        return {"in": [variable, list(constant)]}
    operator = {"=": "===", "<>": "!=="}.get(atom.operator, atom.operator)
    return {operator: [variable, constant]}


PEERS = (
    Peer("python", _python),
    Peer("zen-engine", _zen),
    Peer("json-logic-qubit", _json_logic),
)
BENCH = fixtures.Bench(
    "decide.peer",
    "eligibility of 1,000 actions ÷ Python, zen-engine and json-logic: at most a tenth of each",
    run,
)
