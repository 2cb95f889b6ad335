"""Sequences as SQL: each step joined to the next occurrence after it."""

# ruff: noqa: S608 - names are quoted, and values are constants of ours

from tuttu.policy import quoted, quoted_name
from tuttu.profile.batch.layout import CUSTOMER, TIME, Layout
from tuttu.profile.batch.sums import Made, moment
from tuttu.storage import ExportWorkspace
from tuttu.vocabulary.company import Trait
from tuttu.vocabulary.values import Instant

KEPT = 64
"""How many of the newest occurrences of each step count, by definition."""


def compute(workspace: ExportWorkspace, layout: Layout, now: Instant) -> list[Made]:
    """Reads the table of events, ``numbered``."""
    made = []
    for trait in layout.project.profile.traits.values():
        if trait.sequence:
            table = f"sequence {trait.name}"
            workspace.run(
                f"CREATE OR REPLACE TEMP TABLE {quoted_name(table)} AS {_found(trait, now)}"
            )
            made.append(Made(table, {trait.name: "FALSE"}))
    return made


def _found(trait: Trait, now: Instant) -> str:
    """From every first step, repeatedly the earliest possible next step: the sequence happened if
    one of these chains ends soon enough after its first step, with a last step that is recent
    enough. `place` orders all events by (time, id)."""
    steps = ", ".join(map(quoted, dict.fromkeys(trait.sequence)))
    parts = [
        f"""placed AS (
            SELECT "{CUSTOMER}" AS who, event, "{TIME}" AS moment,
                   row_number() OVER (ORDER BY "{TIME}", "tuttu rank") AS place,
                   row_number() OVER (PARTITION BY "{CUSTOMER}", event
                                      ORDER BY "{TIME}" DESC, "tuttu rank" DESC) AS newness
            FROM numbered WHERE event IN ({steps}))""",
        f"past AS (SELECT * FROM placed WHERE newness <= {KEPT} AND moment <= {moment(now)})",
        f"""step0 AS (SELECT who, place, moment, moment AS began FROM past
                      WHERE event = {quoted(trait.sequence[0])})""",
    ]
    for number, step in enumerate(trait.sequence[1:]):
        recent = ""
        if number == len(trait.sequence) - 2 and trait.window is not None:
            recent = f" AND epoch_us(moment) >= {now - trait.window}"
        parts.append(
            f"step{number + 1} AS (SELECT a.who, b.place, b.moment, a.began FROM step{number} a"
            f" ASOF JOIN (SELECT * FROM past WHERE event = {quoted(step)}{recent}) b"
            " ON a.who = b.who AND a.place < b.place)"
        )
    soon = (
        "TRUE" if trait.within is None else f"epoch_us(moment) - epoch_us(began) <= {trait.within}"
    )
    return (
        f'WITH {", ".join(parts)} SELECT DISTINCT who AS "{CUSTOMER}",'
        f" TRUE AS {quoted_name(trait.name)} FROM step{len(trait.sequence) - 1} WHERE {soon}"
    )
