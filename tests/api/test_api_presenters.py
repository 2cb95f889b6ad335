"""Presenters: a record goes in, an answer comes out, in the reader's language."""

from __future__ import annotations

import hashlib
from typing import Any, get_args

import msgspec
import pytest
from tests import builders

from tuttu import api
from tuttu import counterfactual as c
from tuttu.api import DecideRequest, answer_of, fingerprint, words_in
from tuttu.api.changes import parts_of
from tuttu.api.decisions import explained, outcomes_of, shown_refusal
from tuttu.api.timeline import KINDS
from tuttu.ledger import History
from tuttu.vocabulary import facts
from tuttu.vocabulary.events import ContactWithdrawn
from tuttu.vocabulary.facts import Logged
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.values import Kind, Schema, Type
from tuttu.vocabulary.verdicts import Choice, Reason, Receipt, Refusal, Score, Verdict, refusal

NOON = builders.NOON
SCORE = Score(
    propensity=0.5, value=100_000, relevance=1, lever=1, effort=0, cost=2_000, rounded=48_000
)
CHOICE = Choice(
    contact_id="d1.1",
    action="tv",
    treatment="banner",
    surface="front",
    slot=0,
    probability=1.0,
    score=SCORE,
    rendered="Watch",
    why=("has fibre",),
    basis="consent",
    kind="consumer",
    held_until=NOON,
    language="fi",
    subject="See TV",
)
GUARDED = Verdict(
    action="net",
    treatment="banner",
    surface="front",
    refusal=refusal("guards", Reason("guard", {"guard": "open case"})),
    all_refusals=(
        refusal("guards", Reason("guard", {"guard": "open case"})),
        refusal("scoring", Reason("no_propensity")),
    ),
)
RECEIPT = Receipt(
    id="d1",
    now=NOON,
    customer=b"m" * 16,
    position=7,
    surfaces=("front",),
    choices=(CHOICE,),
    verdicts=(GUARDED, Verdict(action="tv", treatment="banner", surface="front", score=SCORE)),
    defaults={"side": "welcome"},
    arm="policy",
    seed=1,
    project_digest="p",
    asked="user_id:maija",
)
SCHEMA = Schema(
    columns={"age": Type(Kind.INTEGER), "keen": Type(Kind.BOOL)},
    collections={"contracts": {"id": Type(Kind.TEXT), "kwh": Type(Kind.INTEGER)}},
)


@pytest.mark.parametrize(
    ("language", "why", "first", "second"),
    [
        ("en", "worth 4.8 = 0.5 × 10 - 0.2 cost", "stopped by: open case", "no propensity"),
        ("fi", "arvo 4.8 = 0.5 × 10 - 0.2 kulua", "pysäytti: open case", "todennäköisyys puuttuu"),
        ("sv", "värde 4.8 = 0.5 × 10 - 0.2 kostnad", "stoppat av: open case", "sannolikhet saknas"),
    ],
)
def test_a_receipt_is_an_answer(language: str, why: str, first: str, second: str) -> None:
    answer = msgspec.to_builtins(answer_of(RECEIPT, words_in(language), kept=True))
    assert answer == {
        "decision_id": "d1",
        "now": "2026-03-05T10:00:00Z",
        "customer": "user_id:maija",
        "known": True,
        "shared": False,
        "nobodies": [],
        "beyond_limit": {},
        "arm": "policy",
        "seed": 1,
        "owed": [],
        "owed_left": [],
        "choices": [
            {
                "contact_id": "d1.1",
                "action": "tv",
                "treatment": "banner",
                "surface": "front",
                "slot": 0,
                "item": None,
                "content": "Watch",
                "worth": 4.8,
                "propensity": 0.5,
                "probability": 1.0,
                "why": ["has fibre", why],
                "reused": False,
                "held_until": "2026-03-05T10:00:00Z",
                "basis": "consent",
                "kind_of_person": "consumer",
                "address": None,
                "language": "fi",
                "subject": "See TV",
            }
        ],
        "refused": [
            {
                "action": "net",
                "treatment": "banner",
                "surface": "front",
                "stage": "guards",
                "reason": first,
                "code": "guard",
                "values": {"guard": "open case"},
                "also": [
                    {"stage": "scoring", "reason": second, "code": "no_propensity", "values": {}}
                ],
            }
        ],
        "withheld": [],
        "defaults": {"side": "welcome"},
        "project_digest": "p",
    }
    assert answer_of(RECEIPT, words_in(language), kept=False).decision_id is None


def test_a_refusal_of_an_old_receipt_keeps_its_words_in_every_language() -> None:
    old = msgspec.structs.replace(GUARDED, refusal=Refusal("guards", "open case"), all_refusals=())
    for language in api.LANGUAGES:
        shown = shown_refusal(old, words_in(language))
        assert (shown.stage, shown.reason, shown.code) == ("guards", "open case", "as_worded")


@pytest.mark.parametrize(
    ("changes", "no_change"),
    [
        (None, ""),
        ({}, "not looked for: too many refusals in one question; ask for fewer surfaces"),
        (
            {("net", "banner", None): None},
            f"no change of at most {c.MOST_PARTS} parts was found that would",
        ),
        ({("net", "banner", None): c.Change((c.Live(action="net", now="draft"),))}, ""),
    ],
)
def test_an_explanation_says_what_would_change_it(changes: Any, no_change: str) -> None:
    (shown,) = explained(RECEIPT, changes, SCHEMA, words_in("en"), kept=False).refused
    assert shown.no_change == no_change
    found = [part.words for part in shown.would_pass_if]
    assert found == (["status of net: live instead of draft"] if changes and not no_change else [])


def _column(name: str, now: Any, would_be: Any, of: Any = None) -> c.ColumnSet:
    return c.ColumnSet(name=name, now=now, would_be=would_be, of=of)


MORE = [{"id": "a", "kwh": 1}, {"id": "b", "kwh": None}]
PARTS: list[tuple[Any, str, str, str]] = [
    (c.Later(now=0, would_be=NOON), "time", "time", "time: 2026-03-05T10:00:00Z instead of "),
    (
        c.Allowed(purpose="news", channel="sms", now=False, would_be=True),
        "consent",
        "news by sms",
        "consent to news by sms: given instead of not given",
    ),
    (
        c.Units(name="calls", now=1, would_be=2),
        "resource",
        "calls",
        "calls free: 2 instead of 1",
    ),
    (c.Live(action="tv", now="draft"), "status", "tv", "status of tv: live instead of draft"),
    (
        c.Endless(action="tv", now=NOON),
        "validity",
        "tv",
        "end of tv: none instead of 2026-03-05T10:00:00Z",
    ),
    (
        c.Worth(action="tv", treatment="web", item="a", now=None, would_be=10_000),
        "worth",
        "tv (web, item a)",
        "worth of tv (web, item a): 1.0 instead of not known",
    ),
    (
        c.HigherLimit(name="one a day", now=1, would_be=2),
        "limit",
        "one a day",
        "contact limit 'one a day': at most 2 instead of 1",
    ),
    (c.Arm(now="no_marketing", would_be="policy"), "arm", "arm", "arm: policy instead of "),
    (c.NoExploration(now=0.05), "dice", "exploration", "exploration: 0.0 instead of 0.05"),
    (_column("age", None, 18), "column", "age", "age: a value that fits instead of not known"),
    (_column("keen", False, True), "column", "keen", "keen: TRUE instead of FALSE"),
    (
        _column("item.kwh", 1, 2, ("contracts", "a")),
        "column",
        "item.kwh",
        "contracts a: item.kwh: 2 instead of 1",
    ),
    (
        _column("contracts", MORE[:1], MORE),
        "column",
        "contracts",
        "contracts: one more with id b",
    ),
    (_column("contracts", MORE, MORE[:1]), "column", "contracts", "contracts: without id b"),
    (
        _column("contracts", MORE[:1], [{"id": "a", "kwh": 5}]),
        "column",
        "contracts",
        "contracts: kwh 5 instead of 1",
    ),
]


@pytest.mark.parametrize(("part", "kind", "name", "words"), PARTS)
def test_a_part_of_a_change(part: c.ChangePart, kind: str, name: str, words: str) -> None:
    (shown,) = parts_of(c.Change((part,)), SCHEMA, words_in("en"))
    assert (shown.kind, shown.name) == (kind, name)
    assert shown.words.startswith(words)
    for language in ("fi", "sv"):
        (other,) = parts_of(c.Change((part,)), SCHEMA, words_in(language))
        assert (other.kind, other.name, other.now, other.would_be, other.about) == (
            shown.kind,
            shown.name,
            shown.now,
            shown.would_be,
            shown.about,
        )
        assert other.words != shown.words
        assert "…" not in other.words


WITHDRAWN = Reason("action_gone", {"action": "tv", "version": "0123456789ab"})


@pytest.mark.parametrize(
    ("body", "why", "code"),
    [
        (
            ContactWithdrawn(contact_id="d1.1", code=WITHDRAWN.code, values=WITHDRAWN.values),
            "toimenpidettä tv ei enää ole (versio 0123456789ab)",
            "action_gone",
        ),
        (
            ContactWithdrawn(contact_id="d1.1", reason="the action tv is gone"),
            "the action tv is gone",
            "as_worded",
        ),
    ],
)
def test_a_withdrawal_in_the_timeline(body: ContactWithdrawn, why: str, code: str) -> None:
    class Nobody:
        def pseudonym(self, _namespace: str, _value: str) -> bytes:
            return b""

    fact = builders.fact(Nobody(), body, NOON, id="f1")
    entry = api.timeline_entry(Logged(position=3, fact=fact), words_in("fi"), "Europe/Helsinki")
    assert (entry.position, entry.why, entry.code) == (3, why, code)
    assert msgspec.json.decode(entry.properties) == {"contact_id": "d1.1"}


class _Past(History):
    """Nothing but what was withdrawn."""

    def __init__(self) -> None:
        self.entries = ()

    def withdrawn(self) -> dict[str, tuple[int, Reason]]:
        return {"d1.1": (NOON, WITHDRAWN), "d9.1": (NOON, WITHDRAWN)}


def test_what_came_of_a_receipts_contacts() -> None:
    (shown,) = outcomes_of(RECEIPT, _Past(), words_in("en"))
    assert msgspec.to_builtins(shown) == {
        "contact_id": "d1.1",
        "action": "tv",
        "item": None,
        "outcome": "withdrawn",
        "time": "2026-03-05T10:00:00Z",
        "why": "the action tv is gone since version 0123456789ab",
        "code": "action_gone",
        "values": {"action": "tv", "version": "0123456789ab"},
    }


@pytest.mark.parametrize(
    ("language", "note"),
    [
        (
            "en",
            "issued when user_id:a, user_id:b were merged into one customer; unmerged since",
        ),
        ("fi", "tehty, kun user_id:a, user_id:b olivat yksi asiakas; sen jälkeen erotettu: "),
        ("sv", "utfärdat när user_id:a, user_id:b var sammanslagna till en kund; sedan dess skild"),
    ],
)
def test_whom_a_decision_was_about(language: str, note: str) -> None:
    receipt = msgspec.structs.replace(RECEIPT, fragments=(b"a", b"b"))
    now = Customer(fragments=(b"a",), identifiers=())
    shown = api.decided_customer(
        receipt, now, lambda each: {"user_id": each.decode()}, words_in(language)
    )
    assert shown.note.startswith(note)
    assert shown.unmerged_since == [{"user_id": "b"}]


def test_a_long_list_of_the_merged_is_cut() -> None:
    fragments = tuple(bytes([n]) for n in range(97, 105))
    receipt = msgspec.structs.replace(RECEIPT, fragments=fragments[:1])
    now = Customer(fragments=fragments, identifiers=())
    shown = api.decided_customer(
        receipt, now, lambda each: {"user_id": each.decode()}, words_in("en")
    )
    assert shown.note.endswith("user_id:f and 2 more")


REQUESTS = [
    DecideRequest(who={"user_id": "maija"}, surfaces=["front"]),
    DecideRequest(
        who={"user_id": "maija", "email": "m@example.org"},
        surfaces=["side", "front"],
        slots={"side": 2},
        language="fi",
        dry_run=True,
        seed=5,
        context={"b": 1.5, "a": [None, "x"]},
    ),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_the_fingerprint_of_a_question_is_that_of_commit_f06ea64(request_: DecideRequest) -> None:
    """There it was taken of all fields, by name: of those fields it is so for ever."""
    fields = msgspec.to_builtins(request_)
    then = {name: fields[name] for name in fields if name not in {"create", "answers", "refused"}}
    asked = msgspec.json.encode(then, order="sorted")
    assert fingerprint(request_) == hashlib.blake2b(asked, digest_size=16).digest()


def test_the_fingerprint_is_written_down() -> None:
    assert fingerprint(REQUESTS[0]).hex() == FINGERPRINT


FINGERPRINT = "d44f3d8ddd270155997fef6831cbd415"


class LaterRequest(DecideRequest, kw_only=True, forbid_unknown_fields=True):
    """As it may be one day."""

    device: str | None = None


def test_a_later_field_leaves_old_keys_valid() -> None:
    before = REQUESTS[0]
    later = LaterRequest(who=before.who, surfaces=before.surfaces)
    assert fingerprint(later) == fingerprint(before)
    assert fingerprint(msgspec.structs.replace(later, device="tv")) != fingerprint(before)
    assert fingerprint(REQUESTS[0]) != fingerprint(REQUESTS[1])


def test_every_fact_has_a_name_in_the_timeline() -> None:
    assert set(KINDS) == set(get_args(facts.Body))
    assert set(KINDS.values()) == {
        "ClockTurnedBack",
        "ContactWithdrawn",
        "DeadLetter",
        "DeadLetterClosed",
        "Event",
        "HistoryFolded",
        "KeyIssued",
        "KeyRevoked",
        "LinkClaimed",
        "LinksClosed",
        "LinksRead",
        "LinksSettled",
        "PersonLookedAt",
        "PreferenceSet",
        "ProjectActivated",
        "Receipt",
        "ResourceSet",
        "TraitsRefused",
        "Unmerge",
    }
