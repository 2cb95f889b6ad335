"""The stages that ask an action's own conditions, guards, permits and the worth, as DuckDB SQL over
the wide row.

Written a second time on purpose, and from the words of the design, not from `stages`: what judges a
whole company in one statement must give the verdicts of real time, and can show that it does.
"""

from collections.abc import Sequence

from tuttu.policy import quoted, quoted_name, to_sql
from tuttu.vocabulary.company import (
    ANYONE,
    REACHED,
    SOFT_OPT_IN,
    Channel,
    ConsentTerms,
    Purpose,
    reachable_column,
)
from tuttu.vocabulary.library import Action, Guard, Lever, Treatment
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import MONEY_SCALE, Condition, Expression, Kind

JUDGED = ("eligibility", "applicability", "suitability")
"""The stages that SQL can judge."""


def stage_sql(action: Action, stage: str, item: str) -> str:
    """TRUE where the stage lets the action pass, else FALSE; never NULL.

    item: the SQL of the key of the item at hand, NULL where there is none; asked only of an action
    that is about items.
    """
    if stage == "applicability":
        return _all_true(action.applicable)
    if stage == "suitability":
        return _all_true(action.suitable)
    tests = [_all_true(action.eligible)]
    if action.status != "live":
        tests.append("FALSE")
    if action.valid_from is not None:
        tests.append(f'epoch_us("now") >= {action.valid_from}')
    if action.valid_until is not None:
        tests.append(f'epoch_us("now") < {action.valid_until}')
    if action.about is not None:
        tests.append(f"{item} IS NOT NULL")
    return f"({' AND '.join(tests)})"


def reachable_sql(channel: Channel) -> str:
    """TRUE where the channel reaches the customer, else FALSE; never NULL. Whether there is an
    address that it can use is a column, which the room `reach` fills."""
    if channel.needs is None:
        return "TRUE"
    if channel.needs.namespace is not None:
        column = quoted_name(reachable_column(channel.name))
        return f"COALESCE({column} = {quoted(REACHED)}, FALSE)"
    return "FALSE" if channel.reachable is None else f"(({to_sql(channel.reachable)}) IS TRUE)"


def guard_sql(guard: Guard, item: str, too_many: str) -> str:
    """TRUE where the guard blocks, else FALSE; never NULL. item: as in `stage_sql`. too_many: the
    SQL of whether nothing is known of the group, since it is too large; asked of guards of such."""
    blocks = f"({to_sql(guard.when)}) IS DISTINCT FROM FALSE"
    if guard.after is not None:
        before = "<=" if guard.inclusive else "<"
        end = f"epoch_us({to_sql(guard.after)}) + {guard.cooling}"
        blocks += f' OR COALESCE(epoch_us("now") {before} {end}, FALSE)'
    if guard.group is not None:
        blocks = f"{too_many} OR {blocks}"
    return f"({blocks})" if guard.about is None else f"(({blocks}) AND {item} IS NOT NULL)"


def permit_sql(project: Project, action: Action, treatment: Treatment, choice: str) -> str:
    """The basis of the permit, NULL where there is none. choice: SQL of the customer's own yes or
    no for the purpose in the channel, NULL where they chose nothing."""
    purpose, channel = project.purposes[action.purpose], treatment.channel
    after_sale = _after_sale(purpose, action, channel)
    kinds = {name: each[channel] for name, each in purpose.terms.items() if name != ANYONE}
    doubt = purpose.terms[ANYONE][channel]
    if project.kinds is None or not kinds:
        return _basis(doubt, choice, after_sale)
    alike = len(set(kinds.values())) == 1
    kind = to_sql(project.kinds.read)
    known = [
        f"WHEN {quoted(name)} THEN {_basis(terms, choice, after_sale)}"
        for name, terms in kinds.items()
    ]
    unknown = _basis(doubt, choice, after_sale if alike else "FALSE")
    return f"CASE {kind} {' '.join(known)} ELSE {unknown} END"


def _basis(terms: ConsentTerms, choice: str, after_sale: str) -> str:
    without_choice = "TRUE" if terms.allowed else "FALSE"
    instead = after_sale if terms.basis == "consent" else "FALSE"
    return (
        f"CASE WHEN COALESCE({choice}, {without_choice}) THEN {quoted(terms.basis)}"
        f" WHEN {choice} IS NULL AND {instead} THEN {quoted(SOFT_OPT_IN)} END"
    )


def _after_sale(purpose: Purpose, action: Action, channel: str) -> str:
    soft = purpose.soft_opt_in
    if soft is None or action.similar_to is None or channel not in soft.channels:
        return "FALSE"
    tests = (soft.sale, soft.offered, action.similar_to)
    return f"({' AND '.join(f'({to_sql(each)}) IS TRUE' for each in tests)})"


_FITS = ("{0} * 10000 >= CAST(-(2.0 ** 63) AS DOUBLE)", "{0} * 10000 < CAST(2.0 ** 63 AS DOUBLE)")
"""Of an amount in currency units that money can hold."""


def worth_sql(action: Action, treatment: Treatment, levers: Sequence[Lever]) -> str:
    """The worth in currency units, a DOUBLE; NULL where the candidate cannot be ranked."""
    if action.propensity is None:
        return "CAST(NULL AS DOUBLE)"
    lifted = [_lever(each) for each in levers if _lifts(each, action)]
    figures = {
        "p": _figure(action.propensity, 1.0),
        "v": _figure(action.value, 0.0),
        "r": _figure(action.relevance, 1.0),
        "l": " * ".join(lifted) or _double(1.0),
        "e": _figure(action.effort, 0.0),
    }
    struct = ", ".join(f"'{name}': {sql}" for name, sql in figures.items())
    gain = "((tuttu_w.p * tuttu_w.v) * tuttu_w.r) * tuttu_w.l"
    worth = f"((({gain}) - tuttu_w.e) - {_double(treatment.cost)})"
    tests = ["tuttu_w.p BETWEEN 0 AND 1"]
    for amount in ("tuttu_w.v", "tuttu_w.e", worth):
        tests += [f"isfinite({amount})", *(bound.format(amount) for bound in _FITS)]
    chosen = f"CASE WHEN {' AND '.join(tests)} THEN {worth} END"
    return f"list_transform([{{{struct}}}], lambda tuttu_w: {chosen})[1]"


def _figure(formula: Expression | None, absent: float) -> str:
    if formula is None:
        return _double(absent)
    figure = f"CAST(({to_sql(formula)}) AS DOUBLE)"
    money = formula.type.kind is Kind.MONEY
    return f"({figure} / {_double(MONEY_SCALE)})" if money else figure


def _lifts(lever: Lever, action: Action) -> bool:
    """A lever names one of these; of the others it has none."""
    named = ((lever.action, action.name), (lever.issue_group, action.issue_group))
    return all(each in (None, own) for each, own in (*named, (lever.owner, action.owner)))


def _lever(lever: Lever) -> str:
    times = _double(lever.times)
    if lever.valid_until is None:
        return times
    return f'(CASE WHEN epoch_us("now") < {lever.valid_until} THEN {times} ELSE 1.0 END)'


def _double(number: float) -> str:
    return f"CAST('{float(number)!r}' AS DOUBLE)"


def _all_true(conditions: Sequence[Condition]) -> str:
    tests = [f"({to_sql(each.test)}) IS TRUE" for each in conditions]
    return f"({' AND '.join(tests)})" if tests else "TRUE"
