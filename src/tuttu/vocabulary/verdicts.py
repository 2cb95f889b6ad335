"""What was decided and why: stages, verdicts, receipts, permits, contacts, outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from tuttu.vocabulary.events import FragmentId, Identifier
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
    """One candidate, chosen (refusal None) or refused by exactly one first stage.

    item: the key of the item that an action with `about` was judged for; None: of no item, or the
    customer has none.
    """

    action: str
    treatment: str
    surface: str
    item: str | None = None
    refusal: Refusal | None = None
    score: Score | None = None
    all_refusals: tuple[Refusal, ...] = ()
    """With explain: every stage that would refuse, the first one first."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A filled slot. probability: of this choice given the slots before it. item: as in
    `Verdict`."""

    contact_id: str
    action: str
    treatment: str
    surface: str
    slot: int
    item: str | None = None
    probability: float
    score: Score
    rendered: str
    reused: bool = False
    """An earlier answer that is still held: nothing new was reserved."""
    held_until: Instant | None = None
    why: tuple[str, ...] = ()
    """Names of the conditions that passed, in the order in which they were asked."""


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """A suppression that held: for which action, about which item, and until when."""

    rule: str
    action: str
    item: str | None = None
    until: Instant


class LimitState(msgspec.Struct, frozen=True, kw_only=True):
    """What a contact limit counted, and how many it bore.

    opens: from when on time alone makes room for one contact more; None: there was room, or time
    does not tell. shown: (action, item, day) of what counted already when it was shown again.
    """

    rule: str
    at_most: int
    counted: int
    opens: Instant | None = None
    shown: tuple[tuple[str, str | None, int], ...] = ()


class Grounds(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision rested on beside the row: with it and the project's version it can be
    reckoned again.

    consents: purpose to channel to why there was no permit, empty where there was one; of the
    cells that were asked for. free: units of the resources that candidates use. silences, limits:
    what the ledger forbade or counted. offers: earlier contacts that showing again would reuse.
    slots: as asked, where it was not as declared.
    """

    consents: Mapping[str, Mapping[str, str]] = {}
    free: Mapping[str, int] = {}
    silences: tuple[Silence, ...] = ()
    limits: tuple[LimitState, ...] = ()
    offers: tuple[Contact, ...] = ()
    slots: Mapping[str, int] = {}


class Receipt(msgspec.Struct, frozen=True, tag="receipt", kw_only=True):
    """What was decided, what it read, and what no log holds.

    read: the columns that conditions and formulas read, by name. read_of_items: by collection and
    item, what rules about that item read of it and of its own contacts. position: log position of
    the snapshot. withheld: choices that the no-marketing control took back. asked: the person's
    name as the doors show it, at the time.
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
    read_of_items: Mapping[str, Mapping[str, Mapping[str, Any]]] = {}
    project_digest: str = ""
    contacts: tuple[Contact, ...] = ()
    """New reservations that this decision makes: the ledger's fold writes them."""
    idempotency: bytes | None = None
    asked: str = ""
    who: Identifier | None = None
    """The identifier that was asked about: the name of the fragment `customer`."""
    fragments: tuple[FragmentId, ...] = ()
    """Of the customer as the evidence stood at the time, oldest first."""
    grounds: Grounds | None = None
    """None: issued before receipts kept them."""


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
    item: key of the item it is about; None: of none, or not known (made elsewhere, made before the
    action was about items).
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
    item: str | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a contact: viewed, clicked, accepted, declined, ignored."""

    contact_id: str
    name: str
    time: Instant
