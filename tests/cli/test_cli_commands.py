"""Each command alone on a folder; `test_cli_beside.py` asks them beside a running server."""

from __future__ import annotations

import json
from typing import Any

import pytest

EVENTS = "demo/events.jsonl"


@pytest.fixture(autouse=True)
def _company(run: Any) -> None:
    run("import", EVENTS)


def test_a_decision_is_printed_with_its_reasons(run: Any) -> None:
    said = run("decide", "maija", "--surface", "front").output
    assert "front slot 1: tv-package (web), worth 10.00" in said
    assert "shows: TV for you." in said
    assert "because" in said
    assert "case-news  applicability:  not met: has an open case  front" in said


@pytest.mark.parametrize(
    ("language", "words", "change"),
    [
        ("fi", "ei täyty: has an open case", "jos open_tickets: "),
        ("sv-FI", "inte uppfyllt: has an open case", "om open_tickets: "),
    ],
)
def test_reasons_are_in_the_language_that_is_asked_for(
    run: Any, ask: Any, language: str, words: str, change: str
) -> None:
    """It is the content's too, where there is any; one that there are no words in is English."""
    way = ("--surface", "front", "--dry-run")
    assert words in run("decide", "maija", *way, "--language", language).output
    explained = run("explain", "maija", *way[:2], "--language", language).output
    assert words in explained
    assert change in explained
    decided = ask("decide", "maija", "--surface", "front")
    assert words in run("decision", decided["decision_id"], "--language", language).output
    assert (
        words in run("explain", "--decision", decided["decision_id"], "--language", language).output
    )
    assert words in run("funnel", "--language", language).output
    assert "not met: has an open case" in run("decide", "maija", *way, "--language", "de").output


def test_a_decision_can_be_looked_up(ask: Any, run: Any) -> None:
    decided = ask("decide", "maija", "--surface", "front")
    assert ask("decision", decided["decision_id"])["decision"] == decided
    assert "tv-package" in run("decision", decided["decision_id"]).output
    assert "no" in run("decision", "nothing", exit_code=1).output


def test_a_dry_run_and_an_explanation_write_nothing(ask: Any, run: Any) -> None:
    before = run("digest").output
    assert ask("decide", "maija", "--surface", "front", "--dry-run")["decision_id"] is None
    assert ask("explain", "pekka", "--surface", "front")["choices"] == []
    assert run("digest").output == before


def test_an_explanation_says_what_would_change_it_also_of_an_old_decision(
    run: Any, ask: Any
) -> None:
    now = run("explain", "maija", "--surface", "front").output
    assert "would be chosen:" in now
    told = ask("explain", "maija", "--surface", "front")
    (refused,) = (each for each in told["refused"] if each["action"] == "case-news")
    (part,) = refused["would_pass_if"]
    assert f"if {part['words']}" in now
    decision_id = ask("decide", "maija", "--surface", "front")["decision_id"]
    then = ask("explain", "--decision", decision_id)
    assert then["decision_id"] == decision_id
    assert then["refused"] == told["refused"]
    both = run("explain", "maija", "--decision", decision_id, exit_code=2).output
    assert "A decision has its own WHO" in both
    assert "Give WHO" in run("explain", "maija", exit_code=2).output
    assert "no decision" in run("explain", "--decision", "nothing", exit_code=1).output


def test_what_is_unknown_is_named(run: Any) -> None:
    assert "nowhere" in run("decide", "maija", "--surface", "nowhere", exit_code=1).output
    said = run("decide", "shoe:42", "--surface", "front", exit_code=1).output
    assert "user_id, anonymous_id, email" in said


@pytest.mark.parametrize("command", ["customer", "timeline", "preferences"])
def test_that_nobody_is_known_is_said(run: Any, ask: Any, command: str) -> None:
    assert "nobody is known by user_id:ghost" in run(command, "ghost").stdout
    assert "nobody is known" not in run(command, "maija").stdout
    assert "nobody is known" not in json.dumps(ask(command, "ghost"))


def test_what_is_shown_of_nobody_has_no_fragment(run: Any) -> None:
    said = run("customer", "ghost").stdout
    assert said.startswith("nobody is known by user_id:ghost; of somebody new this holds:\n")
    assert "fragment" not in said
    assert "allowed:" in said


def test_a_decision_says_whether_it_was_written(run: Any) -> None:
    """One for somebody whom nobody knows is not, and is no dry run either."""
    way = ("--surface", "front")
    before = run("digest").output
    for who, options, said in [
        ("ghost", (), "(not kept, nothing written)\nnobody is known by user_id:ghost\n"),
        ("ghost", ("--dry-run",), "(dry run, nothing written)\nnobody is known by user_id:ghost\n"),
        ("maija", ("--dry-run",), "(dry run, nothing written)\nfront "),
    ]:
        assert said in run("decide", who, *way, *options).stdout
    assert "(explained, nothing decided)\n" in run("explain", "maija", *way).stdout
    assert run("digest").output == before
    assert "(decision " in run("decide", "maija", *way).stdout
    assert run("digest").output != before


def test_a_decision_for_somebody_new_is_written(run: Any) -> None:
    """anonymous_id may name somebody new; then they are known by the decision."""
    way = ("anonymous_id:ghost", "--surface", "front")
    first = run("decide", *way).stdout
    assert "(decision " in first
    assert "nobody was known by anonymous_id:ghost\n" in first
    assert "nobody" not in run("decide", *way).stdout


def test_an_empty_list_is_told_of_and_stays_empty(run: Any) -> None:
    for command in (["dead-letters", "list"], ["slips"], ["keys", "list"]):
        result = run(*command)
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1


def test_a_customer_is_shown_whole(run: Any, ask: Any) -> None:
    assert ask("customer", "maija")["traits"]["has_tv"] is False
    said = run("customer", "user_id:maija").output
    assert "user_id:maija" in said
    assert "has_tv" in said


def test_a_timeline_goes_on_behind_a_position(run: Any, ask: Any) -> None:
    entries = ask("timeline", "maija")
    assert [entry["id"] for entry in entries if entry["kind"] == "identify"] == ["d1"]
    last = entries[-1]["position"]
    assert all(entry["position"] > last for entry in ask("timeline", "maija", "--after", str(last)))
    assert "2026-03-01T09:00:00Z" in run("timeline", "maija").output


def test_a_choice_is_recorded_and_obeyed(run: Any, ask: Any) -> None:
    run("preferences", "maija", "--out", "marketing", "--in", "service/web")
    cells = ask("preferences", "maija")["preferences"]
    chosen = {
        (each["purpose"], each["channel"], each["allowed"]) for each in cells if each["chosen"]
    }
    assert chosen == {
        ("marketing", "web", False),
        ("marketing", "email", False),
        ("service", "web", True),
    }
    assert ask("decide", "maija", "--surface", "front")["choices"] == []
    assert "by default" in run("preferences", "pekka").output


def test_two_persons_are_parted(run: Any, ask: Any, tmp_path: Any) -> None:
    joined = tmp_path / "joined.jsonl"
    joined.write_text(
        '{"type": "identify", "userId": "maija", "anonymousId": "a1", "messageId": "j"}'
    )
    run("import", str(joined))
    assert len(ask("customer", "maija")["identifiers"]) == 2
    parted = ask("unmerge", "user_id:maija", "anonymous_id:a1", "--why", "a shared computer")
    assert parted["one"] != parted["other"]
    assert [each["event_id"] for each in parted["forbidden"]] == ["j"]
    assert len(ask("customer", "maija")["identifiers"]) == 1
    for who in ("maija", "anonymous_id:a1"):
        assert "by local: a shared computer" in run("timeline", who).output


def test_a_fragment_is_taken_out_of_its_customer(run: Any, ask: Any, tmp_path: Any) -> None:
    joined = tmp_path / "joined.jsonl"
    joined.write_text(
        '{"type": "identify", "userId": "maija", "anonymousId": "a1", "messageId": "j"}\n'
        '{"type": "identify", "userId": "maija", "anonymousId": "a2", "messageId": "k"}'
    )
    run("import", str(joined))
    parts = {
        part["who"].get("anonymous_id"): part["id"] for part in ask("customer", "maija")["parts"]
    }
    said = run("unmerge", f"fragment:{parts['a1']}", "--why", "it stands in the shop").output
    assert f"fragment:{parts['a1']} is anonymous_id:a1" in said
    assert "evidence that no longer counts" in said
    assert ask("customer", "anonymous_id:a1")["identifiers"] == [{"anonymous_id": "a1"}]
    assert len(ask("customer", "maija")["identifiers"]) == 2
    for wrong in ("fragment:abc", f"fragment:{'0' * 32}", "anonymous_id:a1", "anonymous_id:nobody"):
        assert "expected" in run("unmerge", wrong, exit_code=1).output


def test_replay_is_the_same_state(run: Any, ask: Any) -> None:
    again = ask("replay")
    assert again["live"] == again["replayed"] == run("digest").output.strip()
    assert again["live"] in run("replay").output


def test_a_resource_is_set_and_shown(run: Any, ask: Any) -> None:
    assert ask("resources", "--set", "vouchers", "7")[0]["free"] == 7
    assert "vouchers  7" in run("resources").output
    assert "no" in run("resources", "--set", "unicorns", "1", exit_code=1).output


def test_keys_are_issued_once_and_revoked(run: Any, ask: Any) -> None:
    issued = ask("keys", "add", "shop", "--scope", "ingest", "--scope", "decide")
    assert issued["scopes"] == ["decide", "ingest"]
    assert ask("keys", "list") == [{"name": "shop", "scopes": ["decide", "ingest"]}]
    assert "shop" in run("keys", "add", "shop", "--scope", "all", exit_code=1).output
    run("keys", "revoke", "shop")
    assert ask("keys", "list") == []


def test_a_dead_letter_is_repaired(run: Any, ask: Any, tmp_path: Any) -> None:
    bad = tmp_path / "bad.jsonl"
    call = b'{"type": "track", "userId": "maija", "messageId": "x1", "event": "Ticket Opened"%s}'
    bad.write_bytes(call % b"")
    run("import", str(bad))
    [letter] = ask("dead-letters", "list")
    assert (letter["status"], letter["code"]) == ("waiting", "missing_property")
    assert letter["id"] in run("dead-letters", "list").output
    assert "Ticket Opened" in run("dead-letters", "show", letter["id"]).output
    run("dead-letters", "send", letter["id"], exit_code=1)
    good = call % b', "properties": {"ticket_id": "T9"}'
    run("dead-letters", "repair", letter["id"], "-", input=good)
    assert ask("customer", "maija")["traits"]["open_tickets"] == 1
    assert "sent" in run("dead-letters", "send", letter["id"], exit_code=1).output


def test_the_funnel_counts_every_customer(run: Any, ask: Any) -> None:
    assert "tv-package" in run("funnel").output
    assert ask("funnel", "--surfaces", "front")["surfaces"] == ["front"]
