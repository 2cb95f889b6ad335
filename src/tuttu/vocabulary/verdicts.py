"""What was decided and why: stages, verdicts, receipts, permits, contacts, outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.values import Instant


class Stage(StrEnum):
    """Where a candidate can be refused, in the order in which they are asked."""

    ELIGIBILITY = "eligibility"
    APPLICABILITY = "applicability"
    SUITABILITY = "suitability"
    GUARDS = "guards"
    CONSENT = "consent"
    SUPPRESSIONS = "suppressions"
    CONTACT_LIMITS = "contact_limits"
    RESOURCES = "resources"
    SCORING = "scoring"
    ARBITRATION = "arbitration"
    CONTROLS = "controls"


class Refusal(msgspec.Struct, frozen=True):
    """One stage's no, with the reason in the words of the project folder."""

    stage: Stage
    reason: str


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How a candidate was ranked. Money is in 1/10,000 of the unit; worth too."""

    propensity: float
    value: int
    relevance: float
    lever: float
    effort: int
    cost: int
    worth: int


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate, chosen (refusal None) or refused by exactly one first stage."""

    action: str
    treatment: str
    surface: str
    refusal: Refusal | None = None
    score: Score | None = None
    all_refusals: tuple[Refusal, ...] = ()
    """With explain: every stage that would refuse, the first one first."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A filled slot. probability: of this choice given the slots before it."""

    contact_id: str
    action: str
    treatment: str
    surface: str
    slot: int
    probability: float
    score: Score
    rendered: str
    reused: bool = False
    """An earlier answer that is still held: nothing new was reserved."""
    held_until: Instant | None = None
    why: tuple[str, ...] = ()
    """Names of the conditions that passed, in the order in which they were asked."""


class Receipt(msgspec.Struct, frozen=True, tag="receipt", kw_only=True):
    """What was decided, what it read, and what no log holds.

    read: the columns that conditions and formulas read, by name. position: log position of the
    snapshot. withheld: choices that the no-marketing control took back. asked: the person's name
    as the doors show it, at the time.
    """

    id: str
    now: Instant
    customer: FragmentId
    position: int
    surfaces: tuple[str, ...]
    choices: tuple[Choice, ...]
    verdicts: tuple[Verdict, ...]
    defaults: Mapping[str, str | None] = {}
    withheld: tuple[Choice, ...] = ()
    arm: str
    seed: int
    read: Mapping[str, Any] = {}
    project_digest: str = ""
    contacts: tuple[Contact, ...] = ()
    """New reservations that this decision makes: the ledger's fold writes them."""
    idempotency: bytes | None = None
    asked: str = ""


class Permit(msgspec.Struct, frozen=True, kw_only=True):
    """Leave to contact a customer; made by the room `consent` alone."""

    purpose: str
    channel: str
    basis: str


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """One contact of company to customer, as the ledger keeps it.

    state: ``held`` (inbound, reserved until it is viewed or `held_until` passes), ``queued``
    (outbound: the row is the outbox), ``counted`` (viewed, or made elsewhere), ``released``.
    time: when it counts from; while held or queued, when it was reserved. uses: resource to units.
    decision_id None: made outside tuttu.
    """

    id: str
    fragment: FragmentId
    action: str | None
    treatment: str | None
    issue_group: str | None
    owner: str | None
    purpose: str
    channel: str
    surface: str | None
    state: str
    time: Instant
    held_until: Instant | None = None
    answer_within: int | None = None
    decision_id: str | None = None
    uses: Mapping[str, int] = {}
    cost: int = 0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a contact: viewed, clicked, accepted, declined, ignored."""

    contact_id: str
    name: str
    time: Instant
