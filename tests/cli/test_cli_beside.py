"""Beside a running server the commands speak to it; alone they own the store. Same answers."""

from __future__ import annotations

from typing import Any

import pytest

TOUR: tuple[tuple[str, ...], ...] = (
    ("import", "demo/events.jsonl"),
    ("resources", "--set", "vouchers", "7"),
    ("preferences", "pekka", "--out", "marketing"),
    ("decide", "maija", "--surface", "front", "--dry-run"),
    ("explain", "maija", "--surface", "front"),
    ("customer", "user_id:maija"),
    ("preferences", "pekka"),
    ("resources",),
    ("dead-letters", "list"),
    ("keys", "list"),
)
CHANGING = {"id", "now", "held_until", "received", "decision_id", "seed", "contact_id"}


def without_moments(answer: Any) -> Any:
    if isinstance(answer, list):
        return [without_moments(each) for each in answer]
    if isinstance(answer, dict):
        return {key: without_moments(answer[key]) for key in answer.keys() - CHANGING}
    return answer


@pytest.fixture
def answers(ask: Any) -> Any:
    return lambda: [without_moments(ask(*command)) for command in TOUR]


def test_the_same_beside_a_server_and_alone(
    server: Any, answers: Any, run: Any, folder: Any
) -> None:
    beside = answers()
    digest = run("digest").output
    server.end()
    assert run("digest").output == digest
    for kept in (folder / ".tuttu").iterdir():
        kept.unlink()
    assert answers() == beside


def test_the_running_server_sees_what_a_command_did(
    server: Any, run: Any, ask: Any, client: Any
) -> None:
    key = ask("keys", "add", "shop", "--scope", "read-person")["key"]
    shop = client(server.url, key)
    assert shop.get("/v1/customers/maija").json()["traits"]["has_tv"] is None
    run("import", "demo/events.jsonl")
    assert shop.get("/v1/customers/maija").json()["traits"]["has_tv"] is False
    run("keys", "revoke", "shop")
    assert shop.get("/v1/customers/maija").status_code == 401


def test_what_a_server_refuses_is_said_in_its_words(server: Any, run: Any) -> None:
    said = run("decide", "maija", "--surface", "nowhere", exit_code=1).output
    assert said.startswith("Error: found")
    assert "nowhere" in said
