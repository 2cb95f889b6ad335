"""People as a question names them."""

from __future__ import annotations

from typing import Any

import pytest
from tests import builders

from tuttu.api import asked_identifiers, identifiers_of
from tuttu.vocabulary.errors import BadRequest
from tuttu.vocabulary.events import Identifier
from tuttu.vocabulary.project import Project

MAIJA = Identifier("user_id", "maija")


@pytest.fixture(scope="module")
def project() -> Project:
    rules: dict[str, Any] = {"user_id": {"unique": True}, "phone": {"blocked": frozenset({"100"})}}
    return builders.project(namespaces=builders.namespaces(**rules))


@pytest.mark.parametrize("nobody", ["undefined", "", " ", "NULL"])
def test_what_names_nobody_is_left_out_of_a_question_and_told(
    project: Project, nobody: str
) -> None:
    phone = Identifier("phone", "1")
    assert asked_identifiers(project, {"phone": "1", "user_id": nobody}) == ([phone], ("user_id",))
    assert asked_identifiers(project, {"phone": "1", "userId": nobody}) == ([phone], ("user_id",))
    assert asked_identifiers(project, {"phone": "100", "user_id": "maija"}) == ([MAIJA], ("phone",))
    assert asked_identifiers(project, {"user_id": "maija"}) == ([MAIJA], ())


def test_somebody_must_be_named(project: Project) -> None:
    for who in ({"user_id": "undefined"}, {"user_id": "null", "phone": "100"}):
        with pytest.raises(BadRequest, match="names somebody"):
            asked_identifiers(project, who)
    with pytest.raises(BadRequest, match="an empty `who`"):
        asked_identifiers(project, {})


def test_what_is_for_good_takes_no_placeholder(project: Project) -> None:
    with pytest.raises(BadRequest, match="user_id 'undefined'"):
        identifiers_of(project, {"phone": "1", "user_id": "undefined"})


def test_two_people_are_not_one_question(project: Project) -> None:
    """By Segment's name and by ours it is one namespace."""
    with pytest.raises(BadRequest, match="two values of user_id"):
        asked_identifiers(project, {"userId": "maija", "user_id": "pekka"})
    same = {"userId": "maija", "user_id": " maija"}
    assert asked_identifiers(project, same) == ([MAIJA], ())
    other = {"userId": "undefined", "user_id": "maija"}
    assert asked_identifiers(project, other) == ([MAIJA], ())
