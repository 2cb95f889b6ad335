"""What `tuttu check` warns of: machines that call who has not consented."""

from __future__ import annotations

import msgspec
import pytest
from tests import builders
from tests.builders import HERE

from tuttu import consent
from tuttu.vocabulary.company import ANYONE, Channel, ConsentTerms, Purpose
from tuttu.vocabulary.project import Project

IN = ConsentTerms("legitimate interest", allowed=True)
OUT = ConsentTerms("consent", allowed=False)


def company(terms: dict[str, dict[str, ConsentTerms]], *, owed: bool = False) -> Project:
    return builders.project(
        purposes=[Purpose(name="marketing", terms=terms, owed=owed, where=HERE)],
        channels=[
            Channel(name="call", outbound=True, by="person", where=HERE),
            Channel(name="robot", outbound=True, by="machine", where=HERE),
        ],
        actions=[builders.action("offer")],
    )


def test_a_machine_that_is_in_is_told() -> None:
    (warning,) = consent.ROOM.warnings(company({ANYONE: {"call": IN, "robot": IN}}))
    assert "`robot`, where a machine speaks, is in for `marketing`" in str(warning)
    for_one_kind = {
        ANYONE: {"call": IN, "robot": OUT},
        "company": {"call": IN, "robot": IN},
        "consumer": {"call": IN, "robot": OUT},
    }
    assert len(list(consent.ROOM.warnings(company(for_one_kind)))) == 1


@pytest.mark.parametrize(
    "project",
    [
        company({ANYONE: {"call": IN, "robot": OUT}}),
        company({ANYONE: {"call": IN, "robot": IN}}, owed=True),
        company({ANYONE: {"call": IN, "robot": ConsentTerms("contract", allowed=True)}}),
        msgspec.structs.replace(company({ANYONE: {"call": IN, "robot": IN}}), actions={}),
    ],
    ids=["out", "owed", "by contract", "nothing to say"],
)
def test_what_is_meant_is_not(project: Project) -> None:
    assert list(consent.ROOM.warnings(project)) == []
