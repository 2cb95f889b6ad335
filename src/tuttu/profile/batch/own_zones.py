"""Customers' time zones as SQL: one row for each zone that anybody has, joined to what counts by
their calendar."""

# ruff: noqa: S608 - names are quoted, and values are constants of ours

from tuttu.policy import OFFSETS, OFFSETS_TYPE, offsets_of, quoted_name
from tuttu.profile.batch.layout import CUSTOMER
from tuttu.storage import ExportWorkspace
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import ZONE

OF_PEOPLE = "zones of people"
"""The view with `CUSTOMER` and `policy.OFFSETS`, for each of those whose traits are made now."""
_NAME = '"tuttu zone name"'
_ZONES = '"tuttu zones"'


def learn(workspace: ExportWorkspace, project: Project, relation: str) -> None:
    """Makes the zones known that the column `zone` of a relation names; what names none, and NULL,
    are the project's."""
    columns = f"{_NAME} VARCHAR, {_OFFSETS} {OFFSETS_TYPE}"
    workspace.run(f"CREATE TEMP TABLE IF NOT EXISTS {_ZONES} ({columns})")
    named = workspace.run(
        f"SELECT DISTINCT {_KEY} FROM {relation} WHERE {_KEY} NOT IN (SELECT {_NAME} FROM {_ZONES})"
    )
    for (own,) in named:
        offsets = offsets_of(own, project.company.zone)
        workspace.run(f"INSERT INTO {_ZONES} VALUES (?, ?)", [own, offsets])


def join() -> str:
    """Behind a relation with the column `zone`, of which all zones are known: adds
    `policy.OFFSETS`."""
    return f" LEFT JOIN {_ZONES} ON {_NAME} = {_KEY}"


def find(workspace: ExportWorkspace, project: Project, relation: str) -> None:
    """Makes `OF_PEOPLE`. relation: with `CUSTOMER` and `zone`."""
    own = '"zone of each"'
    workspace.run(
        f'CREATE OR REPLACE TEMP TABLE {own} AS SELECT "{CUSTOMER}", {_ZONE} FROM {relation}'
    )
    learn(workspace, project, own)
    workspace.run(
        f"CREATE OR REPLACE TEMP VIEW {quoted_name(OF_PEOPLE)} AS"
        f' SELECT "{CUSTOMER}", {_OFFSETS} FROM {own}{join()}'
    )


_ZONE, _OFFSETS = quoted_name(ZONE), quoted_name(OFFSETS)
_KEY = f"COALESCE({_ZONE}, '')"
