"""What is owed, through the use cases: one contact however many ask, at the address of theirs."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tuttu import engine as use
from tuttu.api import DecideAnswer, DecideRequest, ExplainRequest, Shows
from tuttu.engine import Runtime, open_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import parse_instant

OPERATOR = Path(__file__).parents[2] / "src" / "tuttu" / "examples" / "operator"
LEENA = {"user_id": "leena"}
EMAIL = {"email": "leena@operator.example"}
ASKERS = 20
DEAD = ", dead: [Email Bounced]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    left_out = shutil.ignore_patterns(".tuttu")
    return Path(shutil.copytree(OPERATOR, tmp_path / "operator", ignore=left_out))


@pytest.fixture
def engine(folder: Path, storage_url: str) -> Iterator[Runtime]:
    """On a store of each kind; Leena has an e-mail address, and her price will change."""
    clock = ManualClock(parse_instant("2026-03-10T09:00:00Z") or 0)
    with closing(open_engine(folder, clock=clock, storage=storage_url)) as opened:
        traits = {"email": "leena@operator.example", "price_changes_on": "2026-04-15"}
        say(opened, type="identify", messageId="m1", userId="leena", traits=traits)
        yield opened


def say(engine: Runtime, **call: Any) -> None:
    sent = {"timestamp": "2026-03-01T09:00:00Z", **call}
    answer = use.accept(engine, "batch", json.dumps({"batch": [sent]}).encode(), None, "test")
    assert answer.accepted == 1


def bounced(engine: Runtime) -> None:
    said = {"type": "track", "event": "Email Bounced", "messageId": "m2", "userId": "leena"}
    say(engine, **said, properties={"email": "leena@operator.example"})


def asked(engine: Runtime, *surfaces: str, **more: Any) -> DecideAnswer:
    return use.decide(engine, DecideRequest(who=LEENA, surfaces=[*surfaces], dry_run=True), **more)


def test_twenty_at_once_queue_one(engine: Runtime) -> None:
    answers: list[DecideAnswer] = []
    together = threading.Barrier(ASKERS)

    def ask() -> None:
        together.wait()
        answers.append(use.decide(engine, DecideRequest(who=LEENA, surfaces=["email"])))

    threads = [threading.Thread(target=ask) for _ in range(ASKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == ASKERS
    assert len({each.contact_id for answer in answers for each in answer.owed}) == 1
    assert [len(answer.owed) for answer in answers] == [1] * ASKERS
    contacts = use.customer(engine, LEENA, "test").contacts
    assert [(each.action, each.state) for each in contacts] == [("price-change", "queued")]
    # It lies under the address that it goes to.
    known = use.customer(engine, EMAIL, "test").contacts
    assert [each.contact_id for each in known] == [contacts[0].contact_id]


def test_the_address_is_shown_to_who_may_read_people(engine: Runtime) -> None:
    assert [each.address for each in asked(engine, "email").owed] == [EMAIL]
    hidden = asked(engine, "email", shows=Shows(addresses=False))
    assert [each.address for each in hidden.owed] == [None]
    made = use.decide(engine, DecideRequest(who=LEENA, surfaces=["email"]))
    stored = use.decision_by_id(engine, made.decision_id or "", "test").decision
    assert [each.address for each in stored.owed] == [EMAIL]


def test_a_bounce_before_the_rule_counts_once_the_rule_is_there(
    engine: Runtime, folder: Path
) -> None:
    channels = folder / "channels.yaml"
    text = channels.read_text()
    assert DEAD in text
    channels.write_text(text.replace(DEAD, ""))
    use.reload(engine, "test")
    bounced(engine)
    assert [each.treatment for each in asked(engine, "email").owed] == ["email"]
    channels.write_text(text)
    assert use.reload(engine, "test").filled == 1
    refused = {each.action: each.code for each in asked(engine, "email").refused}
    assert refused["price-change"] == "address_dead"
    replayed = use.replay(engine)
    assert replayed.live == replayed.replayed


def test_what_would_change_it_is_an_address(engine: Runtime) -> None:
    bounced(engine)
    answer = use.explain(engine, ExplainRequest(who=LEENA, surfaces=["email"]), "test")
    (refused,) = [each for each in answer.refused if each.action == "price-change"]
    assert refused.stage == "reachable"
    assert [(part.name, part.now, part.would_be) for part in refused.would_pass_if] == [
        ("reachable_email", "dead", "yes")
    ]


def test_verify_knows_who_is_reached_and_what_is_owed(engine: Runtime) -> None:
    bounced(engine)
    use.decide(engine, DecideRequest(who=LEENA, surfaces=["app.home"]))
    found = use.verify(engine)
    assert found.agree, found.differences
    assert next(each for each in found.parts if each.part == "owed").definitions == 2


NOTICE = """
action: case-closed
status: live
purpose: notices
about: tickets
value: 1
propensity: 1
due: item.resolved_at
eligible:
  is solved: item.status = 'resolved'
treatments:
  app: {surface: app.home, message: price-change}
"""
SURVEY = """
action: survey
status: live
purpose: service
about: tickets
value: 1
propensity: 1
eligible:
  the notice is late: late('case-closed')
treatments:
  app: {surface: app.home, message: price-change}
"""


def test_each_item_is_owed_by_itself(folder: Path) -> None:
    group = folder / "actions/service/closing"
    group.mkdir()
    (group / "case-closed.yaml").write_text(NOTICE)
    (group / "survey.yaml").write_text(SURVEY)
    clock = ManualClock(parse_instant("2026-03-10T09:00:00Z") or 0)
    with closing(open_engine(folder, clock=clock, storage="sqlite::memory:")) as engine:
        for number, day in (("T1", 9), ("T2", 8), ("T3", 11)):
            said = {"ticket_id": number, "status": "resolved"}
            resolved = {**said, "resolved_at": f"2026-03-{day:02}T09:00:00Z"}
            say(engine, type="track", event="Ticket Resolved", messageId=number, userId="leena",
                properties=resolved)  # fmt: skip
        made = use.decide(engine, DecideRequest(who=LEENA, surfaces=["app.home"]))
        assert [(each.item, each.late) for each in made.owed] == [
            ("T2", True),
            ("T1", True),
            ("T3", False),
        ]
        seen = {"contact_id": made.owed[0].contact_id}
        say(engine, type="track", event="Promotion Viewed", messageId="v1", userId="leena",
            timestamp="2026-03-10T09:00:00Z", properties=seen)  # fmt: skip
        again = asked(engine, "app.home")
        assert [(each.item, each.reused) for each in again.owed] == [("T1", True), ("T3", True)]
        why = {each.item: each.code for each in again.refused if each.action == "case-closed"}
        assert why == {"T2": "fulfilled"}
        # The survey may ask whether the notice of its own case is late.
        late = {each.item: each.code for each in again.refused if each.action == "survey"}
        assert late["T2"] == late["T3"] == "not_met"
        assert late.get("T1") != "not_met"
        found = use.verify(engine)
        assert found.agree, found.differences
