"""A store that the code of an earlier commit wrote says today what it said then.

The dumps in `schemas/` that are named after a commit stand beside what its code answered, question
by question. They are asked over HTTP alone; `tests.witness.comparable` says what of an answer is
words that may change. Written again since: three answers of the embedded store, since
in the arm without marketing the contest of several slots is the policy's now; and of all stores the
digest and what is said of one customer, since a phone that two of them use is neither's any more;
and the length of the log, since nobody is noted to have looked at somebody whom nobody knows; and
timelines, which are in the order in which things happened, and what rests on a sequence that ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.storage.schemas.restoring import SCHEMAS, noted_of, restored
from tests.witness import LATER, Doors, comparable, doors

from tuttu.vocabulary import library

DUMPS = sorted(path.stem for path in SCHEMAS.glob("*-*-*.sql"))
GROWING = {"/v1/verify"}
"""Their answers say how long the log is, and a look makes it longer."""


SLICES = partial(
    library.Controls,
    arms={
        "no_marketing": library.ControlArm(),
        "random_choice": library.ControlArm(start=Fraction(25, 100)),
        "propensity_only": library.ControlArm(start=Fraction(40, 100)),
    },
)
"""Where the arms of the later rules began then, one behind the other: with another start a customer
would be in another arm, and be answered otherwise."""


@pytest.fixture(params=DUMPS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def noted(name: str) -> dict[str, Any]:
    return noted_of(name)


@pytest.fixture
def opened(
    name: str,
    noted: dict[str, Any],
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Doors]:
    monkeypatch.setattr(library, "Controls", SLICES)
    folder = tmp_path / "company"
    url = restored(name, folder, lambda: str(request.getfixturevalue("postgres_url")))
    with doors(folder, noted["now"], url) as found:
        yield found


def ask_all(opened: Doors, questions: list[dict[str, Any]]) -> None:
    for question in questions:
        with of(question):
            found, recorded = opened.answer(as_asked_now(question)), answer_in(question)
            assert comparable(found) == comparable(recorded)


def as_asked_now(question: dict[str, Any]) -> dict[str, Any]:
    """Who was refused, which every answer told then, has to be asked for."""
    if question["path"] != "/v1/decide":
        return question
    return {**question, "body": json.dumps({**json.loads(question["body"]), "refused": True})}


def answer_in(question: dict[str, Any]) -> dict[str, Any]:
    return {name: question[name] for name in ("status", "answer")}


@contextmanager
def of(question: dict[str, Any]) -> Iterator[None]:
    """Whatever fails in it says of which question."""
    try:
        yield
    except AssertionError as error:
        asked = " ".join(str(question.get(each, "")) for each in ("method", "path", "body"))
        error.add_note(f"asked: {asked}")
        raise


def test_there_is_a_store_of_each_kind() -> None:
    assert {name.partition("-")[0] for name in DUMPS} == {"sqlite", "postgresql"}


def test_it_answers_as_it_did(opened: Doors, noted: dict[str, Any]) -> None:
    """Twice, and the log folded again between: only records of access are added."""
    assert opened.ask("GET", "/v1/digest")["digest"] == noted["digest"]
    ask_all(opened, noted["asked"])
    folded = opened.ask("GET", "/v1/replay")
    assert folded["live"] == folded["replayed"] == noted["digest"]
    assert folded["refused"] == 0
    ask_all(opened, [each for each in noted["asked"] if each["path"] not in GROWING])
    assert opened.ask("GET", "/v1/digest")["digest"] == noted["digest"]


def test_a_decision_of_then_reads_as_it_did(opened: Doors, noted: dict[str, Any]) -> None:
    """Its receipt keeps the words, from before reasons were data, and nobody takes them apart."""
    kept = [each for each in noted["asked"] if each["path"].startswith("/v1/decisions/")]
    assert kept
    for question in kept:
        with of(question):
            found, recorded = opened.answer(question), answer_in(question)
            assert comparable(found, LATER) == comparable(recorded, LATER)


def test_what_was_asked_once_is_not_decided_again(opened: Doors, noted: dict[str, Any]) -> None:
    once = noted["once"]
    before = opened.ask("GET", "/v1/replay")["facts"]
    for _ in range(2):
        assert comparable(opened.answer(once)) == comparable(answer_in(once))
    assert opened.ask("GET", "/v1/replay")["facts"] == before
    assert opened.ask("GET", "/v1/digest")["digest"] == noted["digest"]


def test_what_was_asked_once_is_its_askers_own(opened: Doors, noted: dict[str, Any]) -> None:
    """The same Idempotency-Key of another asker is another key; with another question it is a
    mistake."""
    other = {**noted["once"], "key": noted["asked"][0]["key"]}
    assert opened.answer(other)["answer"]["decision_id"] != noted["once"]["answer"]["decision_id"]
    changed = {**noted["once"], "body": '{"who": {"user_id": "c05"}, "surfaces": ["letter"]}'}
    assert opened.answer(changed)["status"] == 400
