"""Actions about each contract, through the engine: answers, the past, the funnel, the raw file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuttu import engine as use
from tuttu.api import (
    ClockRequest,
    DecideAnswer,
    DecideRequest,
    ExplainRequest,
    FunnelQuery,
    TimelineQuery,
)
from tuttu.batch.funnel import funnel_text
from tuttu.catalog import load
from tuttu.engine import Runtime, open_engine, scratch_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant, item_key, parse_instant
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import SECOND, Kind, Type

UTILITY = Path(__file__).parents[2] / "src/tuttu/examples/utility"
MOMENT = parse_instant("2026-03-01T09:00:00Z") or 0
AINO = {"user_id": "aino"}
HOME = {"contract_id": "kuusitie-77", "place": "home", "product": "spot", "yearly_kwh": 12_000}
COTTAGE = {"contract_id": "rantatie-2", "place": "cottage", "product": "spot", "yearly_kwh": 2_600}
TERMS = {"ends_on": "2026-05-01", "bill_status": "paid"}


@pytest.fixture(scope="module")
def project() -> Project:
    return load(UTILITY)


@pytest.fixture
def engine(storage_url: str, tmp_path: Path) -> Iterator[Runtime]:
    """Over each kind of store."""
    folder = shutil.copytree(UTILITY, tmp_path / "utility")
    with closing(open_engine(folder, clock=ManualClock(MOMENT), storage=storage_url)) as opened:
        yield opened


def tell(engine: Runtime, event: str, said: Mapping[str, Any], *, who: str = "aino") -> None:
    call = {
        "messageId": f"{who} {event} {json.dumps(said, sort_keys=True)} {engine.now()}",
        "userId": who,
        "event": event,
        "properties": said,
    }
    outcome = use.accept(engine, "track", json.dumps(call).encode(), None, "test")
    assert outcome.accepted == 1, outcome
    use.set_clock(engine, ClockRequest(now=format_instant(engine.now() + SECOND)))


def signed(engine: Runtime) -> None:
    for contract in (HOME, COTTAGE):
        tell(engine, "Contract Signed", {**contract, **TERMS})


def asking(**more: object) -> DecideRequest:
    said = {"who": AINO, "surfaces": ["front.page"], **more}
    return DecideRequest(**said)  # type: ignore[arg-type]


def explaining() -> ExplainRequest:
    return ExplainRequest(who=AINO, surfaces=["front.page"])


def chosen(answer: DecideAnswer) -> dict[str | None, str]:
    return {each.item: each.contact_id for each in answer.choices}


def test_a_decision_about_two_contracts_and_what_came_of_it(engine: Runtime) -> None:
    signed(engine)
    first = use.decide(engine, asking(), idempotency=b"k")
    contacts = chosen(first)
    assert [(each.action, each.item) for each in first.choices] == [
        ("fixed-price", "kuusitie-77"),
        ("fixed-price", "rantatie-2"),
    ]
    assert "home" in first.choices[0].content
    assert "cottage" in first.choices[1].content
    assert use.decide(engine, asking(), idempotency=b"k") == first
    assert chosen(use.decide(engine, asking())) == contacts
    for contact in contacts.values():
        tell(engine, "Promotion Viewed", {"contact_id": contact})
    tell(engine, "Offer Declined", {"contract_id": "kuusitie-77", "offer": "fixed-price"})
    tell(engine, "Contract Renewed", {"contract_id": "rantatie-2", "ends_on": "2028-05-01"})
    found = {each.item: each.outcome for each in use.customer(engine, AINO, "anna").contacts}
    assert found == {"kuusitie-77": "declined", "rantatie-2": "accepted"}
    assert first.decision_id is not None
    kept = use.decision_by_id(engine, first.decision_id, "anna")
    assert kept.decision == first
    assert kept.read_of_items["contracts"]["rantatie-2"]["item.ends_on"] == "2026-05-01"
    assert ("rantatie-2", "accepted") in {(each.item, each.outcome) for each in kept.outcomes}
    refused = {
        each.item: each.reason
        for each in use.explain(engine, explaining(), "anna").refused
        if each.action == "fixed-price"
    }
    assert refused == {
        "kuusitie-77": "left alone after: said no",
        "rantatie-2": "not met: ends within 90 days",
    }
    replayed = use.replay(engine)
    assert (replayed.refused, replayed.live) == (0, replayed.replayed)


def test_the_timeline_says_what_was_shown_about_which_item(engine: Runtime) -> None:
    signed(engine)
    answer = use.decide(engine, asking(slots={"front.page": 1}))
    [receipt] = [
        each
        for each in use.timeline(engine, AINO, "anna", TimelineQuery()).entries
        if each.kind == "Receipt"
    ]
    assert json.loads(bytes(receipt.properties)) == {
        "choices": [
            {
                "contact_id": answer.choices[0].contact_id,
                "action": "fixed-price",
                "treatment": "web",
                "surface": "front.page",
                "item": "kuusitie-77",
            }
        ]
    }


def test_a_stranger_is_refused_for_want_of_items(engine: Runtime) -> None:
    answer = use.explain(engine, explaining(), "anna")
    assert answer.choices == []
    found = {(each.action, each.item, each.stage, each.reason) for each in answer.refused}
    for action in ("bill-help", "energy-advice", "fixed-price", "stay-with-us"):
        assert (action, None, "eligibility", "there are no contracts") in found


def test_the_funnel_counts_each_item(project: Project) -> None:
    with closing(scratch_engine(project, clock=ManualClock(MOMENT))) as engine:
        signed(engine)
        tell(engine, "Bill Disputed", {"contract_id": "rantatie-2", "bill_status": "disputed"})
        tell(engine, "Contract Viewed", {"contract_id": "x"}, who="pekka")
        counted = use.funnel(engine, FunnelQuery(at=format_instant(MOMENT)))
    assert counted.customers == 2
    lines = {line.action: line for line in counted.lines if line.treatment is None}
    offer = lines["fixed-price"]
    assert (offer.about, lines["moving-question"].about) == ("contracts", None)
    first, _, _, guards, *_ = offer.stages
    assert (first.entered, first.reasons) == (3, {"there are no contracts": 1})
    assert guards.reasons == {"stopped by: disputed bill stops selling to that contract": 1}
    assert offer.chosen == 1
    assert lines["bill-help"].chosen == 1
    assert lines["moving-question"].stages[0].entered == 2
    assert not first.no_data
    assert "fixed-price, each of contracts" in funnel_text(counted)


SAID = (
    ("Contract Signed", {**HOME, **TERMS}),
    ("Contract Signed", {**COTTAGE, **TERMS}),
    ("Bill Disputed", {"contract_id": "kuusitie-77", "bill_status": "disputed"}),
    ("Contract Renewed", {"contract_id": "rantatie-2", "ends_on": "2028-05-01"}),
    ("Advice Read", {"contract_id": "kuusitie-77"}),
    ("Offer Declined", {"contract_id": "rantatie-2", "offer": "fixed-price"}),
)


def digest_of(project: Project, order: Sequence[int]) -> str:
    with closing(scratch_engine(project, clock=ManualClock(MOMENT))) as engine:
        for number in order:
            event, said = SAID[number]
            call = {
                "messageId": f"m{number}",
                "userId": "aino",
                "event": event,
                "properties": said,
                "timestamp": f"2026-02-0{number + 1}T09:00:00Z",
            }
            assert use.accept(engine, "track", json.dumps(call).encode(), None, "test").success
        return use.digest(engine).digest


@pytest.fixture(scope="module")
def in_order(project: Project) -> str:
    return digest_of(project, range(len(SAID)))


@pytest.mark.laws
@given(order=st.permutations(range(len(SAID))))
def test_in_any_order_the_digest_is_the_same(
    project: Project, in_order: str, order: list[int]
) -> None:
    assert digest_of(project, order) == in_order


def test_the_key_of_an_item_does_not_lie_open_in_the_file(tmp_path: Path) -> None:
    folder = shutil.copytree(UTILITY, tmp_path / "utility")
    with closing(open_engine(folder, clock=ManualClock(MOMENT))) as engine:
        signed(engine)
        answer = use.decide(engine, asking())
        tell(engine, "Promotion Viewed", {"contact_id": answer.choices[0].contact_id})
        tell(engine, "Offer Declined", {"contract_id": "kuusitie-77", "offer": "fixed-price"})
        raw = b"".join(each.read_bytes() for each in (folder / ".tuttu").glob("store.db*"))
    assert len(raw) > 50_000
    for key in (b"kuusitie-77", b"rantatie-2"):
        assert key not in raw


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("home", Kind.TEXT, "home"),
        (42, Kind.TEXT, "42"),
        ("042", Kind.INTEGER, "42"),
        (42, Kind.INTEGER, "42"),
        ("forty-two", Kind.INTEGER, None),
        ("2026-03-01T10:00:00Z", Kind.DATE, "2026-03-01"),
        ("", Kind.TEXT, None),
        (None, Kind.TEXT, None),
        ({"a": 1}, Kind.TEXT, None),
    ],
)
def test_a_key_has_one_form(value: object, kind: Kind, expected: str | None) -> None:
    assert item_key(value, Type(kind), "Europe/Helsinki") == expected
