"""The stages that ask an action's own conditions, and guards, as DuckDB SQL over the wide row.

Written a second time on purpose, and from the words of the design, not from `stages`: what judges a
whole company in one statement must give the verdicts of real time, and can show that it does.
"""

from collections.abc import Sequence

from tuttu.policy import to_sql
from tuttu.vocabulary.library import Action, Guard
from tuttu.vocabulary.values import Condition

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


def guard_sql(guard: Guard, item: str) -> str:
    """TRUE where the guard blocks, else FALSE; never NULL. item: as in `stage_sql`."""
    blocks = f"({to_sql(guard.when)}) IS DISTINCT FROM FALSE"
    if guard.after is not None:
        before = "<=" if guard.inclusive else "<"
        end = f"epoch_us({to_sql(guard.after)}) + {guard.cooling}"
        blocks += f' OR COALESCE(epoch_us("now") {before} {end}, FALSE)'
    return f"({blocks})" if guard.about is None else f"(({blocks}) AND {item} IS NOT NULL)"


def _all_true(conditions: Sequence[Condition]) -> str:
    tests = [f"({to_sql(each.test)}) IS TRUE" for each in conditions]
    return f"({' AND '.join(tests)})" if tests else "TRUE"
