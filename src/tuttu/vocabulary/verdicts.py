"""What was decided and why: stages, verdicts, receipts, permits, contacts, outcomes."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tuttu.vocabulary.events import FragmentId, Identifier
from tuttu.vocabulary.values import MONEY_SCALE, Figures, Instant

AS_WORDED = "as_worded"
"""Code of a reason kept as text, from before reasons were data: its value `words`."""

SHARED = "shared"
"""Value of a reason: True where it is not the customer's own, but of who may be them. In what a
receipt keeps: True where several people use the identifier that was asked for."""
KNOWN = "known"
"""In what a receipt keeps: False where nobody knew the customer."""
NOBODIES = "nobodies"
"""In what a receipt keeps: namespaces of identifiers in the question that name nobody."""
BEYOND_LIMIT = "beyond_limit"
"""In what a receipt keeps: by collection, how many of the customer's items rules did not see."""
BEHIND = "owed_beyond"
"""Code of the reason of what is owed, where the surface has no room for it."""
OWED_LEFT = "owed_left"
"""In what a receipt keeps: see `Receipt.owed_left`."""


class Reason(msgspec.Struct, frozen=True):
    """Why not, as data: a code, and the values that its words are made of.

    A condition, guard, limit, suppression or resource among the values has that key, and the name
    that the project gave it. Room `api` has the words.
    """

    code: str
    values: Figures = {}

    def of_others(self) -> "Reason":
        """The same where it is not the customer's own."""
        return msgspec.structs.replace(self, values={**self.values, SHARED: True})

    def packed(self) -> str:
        """One line of text, for where text is kept."""
        return msgspec.json.encode(self).decode()


def unpacked(text: str) -> Reason:
    """What was `packed`; the words themselves, where words were kept."""
    if text.startswith("{"):
        return msgspec.json.decode(text, type=Reason)
    return Reason(AS_WORDED, {"words": text})


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """One stage's refusal.

    reason: the text in a receipt from before reasons were data; then there is no code.
    """

    stage: str
    reason: str = ""
    code: str = ""
    values: Figures = {}

    @property
    def why(self) -> Reason:
        if self.code:
            return Reason(self.code, self.values)
        return Reason(AS_WORDED, {"words": self.reason})

    def same_as(self, again: "Refusal | None") -> bool:
        """Whether a refusal that was computed again is this one; for reasons kept as text only the
        stages are compared. By how much it lost is left out: older receipts have it of rounded
        worths."""
        if again is None or not self.code:
            return again is not None and again.stage == self.stage
        return self._identity == again._identity

    @property
    def _identity(self) -> object:
        values = {name: value for name, value in self.values.items() if name != "by"}
        return self.stage, self.code, values


def refusal(stage: str, reason: Reason) -> Refusal:
    return Refusal(stage, code=reason.code, values=reason.values)


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How a candidate was ranked.

    value, effort, cost, rounded: money as it is shown, in 1/10,000 of the unit, each rounded once,
    half to even. exact: the worth in currency units as it was computed; None: from before receipts
    kept it.
    """

    propensity: float
    value: int
    relevance: float
    lever: float
    effort: int
    cost: int
    rounded: int = msgspec.field(name="worth")
    exact: float | None = None

    @property
    def worth(self) -> float:
        """What alone ranks, in currency units."""
        return self.rounded / MONEY_SCALE if self.exact is None else self.exact


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
    `Verdict`. address: the fragment of the address that the contact goes to, where the channel
    needs one."""

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
    """Names of the conditions that passed, in the order of evaluation."""
    address: FragmentId | None = None
    basis: str = ""
    kind: str = ""
    """As in `Permit`: on what, and as what kind of person, the customer may be contacted. Empty:
    from before choices kept it."""
    language: str = ""
    subject: str | None = None
    """As in `Rendered`. Empty: from before choices kept it."""


class OwedChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What is owed to the customer, and by which treatment it is told: outside all slots.

    item, address, rendered, reused, held_until, why, basis, kind, language, subject: as in
    `Choice`. due: by when;
    None: it is not known, and is now. reminder: the contact will not fulfil it.
    """

    contact_id: str
    action: str
    treatment: str
    surface: str
    item: str | None = None
    due: Instant | None = None
    reminder: bool = False
    rendered: str
    reused: bool = False
    held_until: Instant | None = None
    why: tuple[str, ...] = ()
    address: FragmentId | None = None
    basis: str = ""
    kind: str = ""
    language: str = ""
    subject: str | None = None


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """A suppression that held: for which action, about which item, and until when."""

    rule: str
    action: str
    item: str | None = None
    until: Instant


class LimitState(msgspec.Struct, frozen=True, kw_only=True):
    """What a contact limit counted, and how many it allowed.

    counted: at most one more than it allows. opens: when time alone makes room for one more
    contact; None: there was room, or time is not enough. shown: (action, item, day) of what counted
    already when it was shown again.
    """

    rule: str
    at_most: int
    counted: int
    opens: Instant | None = None
    shown: tuple[tuple[str, str | None, int], ...] = ()


class ReceiptEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision depended on beside the row: with it and the project's version it can be
    repeated.

    consents: purpose to channel to why there was no permit, empty where there was one, as text
    where the receipt is from before reasons were data; of the cells that were read. free:
    units of the resources that candidates use. silences, limits: what the ledger forbade or
    counted. offers: earlier contacts that showing again would reuse. slots: as requested, if not
    as declared. others: what stages keep that have no field here, by names of their own.
    """

    consents: Mapping[str, Mapping[str, Reason | str]] = {}
    free: Mapping[str, int] = {}
    silences: tuple[Silence, ...] = ()
    limits: tuple[LimitState, ...] = ()
    offers: "tuple[Contact, ...]" = ()
    slots: Mapping[str, int] = {}
    others: Mapping[str, Any] = {}


class RefusedWays(msgspec.Struct, frozen=True, kw_only=True):
    """Of the ways that were judged about one item, or about none, which ones each stage refused.

    about, item: the collection and the key of its item; None: about the customer, and, of an item
    alone, there was none. stages: by name, the numbers of ways in the order of names, packed by
    `decision.ways`.
    """

    about: str | None = None
    item: str | None = None
    stages: Mapping[str, bytes]


class FailedContent(msgspec.Struct, frozen=True, kw_only=True):
    """A message that could not be rendered, and why."""

    action: str
    treatment: str
    item: str | None = None
    error: str


class Receipt(msgspec.Struct, frozen=True, tag="receipt", kw_only=True):
    """What was decided, what it read, and what no log holds.

    verdicts: of every candidate; a receipt is kept without, and with `refused` and `failed` in
    their place, from which they are worked out again. Those from before that have them.
    read: the columns that conditions and formulas read, by name. read_of_items: by collection and
    item, what rules about that item read of it and of its own contacts. position: log position of
    the snapshot. withheld: choices that the no-marketing control removed. asked: the customer's
    name as the API showed it at the time.
    """

    id: str
    now: Instant
    customer: FragmentId
    position: int
    surfaces: tuple[str, ...]
    choices: tuple[Choice, ...]
    verdicts: tuple[Verdict, ...] = ()
    refused: tuple[RefusedWays, ...] = ()
    failed: tuple[FailedContent, ...] = ()
    defaults: Mapping[str, str | None] = {}
    withheld: tuple[Choice, ...] = ()
    owed: tuple[OwedChoice, ...] = ()
    """By due, then action and item."""
    arm: str
    seed: int
    read: Mapping[str, Any] = {}
    read_of_items: Mapping[str, Mapping[str, Mapping[str, Any]]] = {}
    project_digest: str = ""
    contacts: "tuple[Contact, ...]" = ()
    """New reservations that this decision makes: the ledger's fold writes them."""
    idempotency: bytes | None = None
    asked: str = ""
    who: Identifier | None = None
    """The requested identifier: the name of the fragment `customer`."""
    fragments: tuple[FragmentId, ...] = ()
    """Of the customer by the evidence at the time, oldest first."""
    evidence: ReceiptEvidence | None = msgspec.field(default=None, name="grounds")
    """None: issued before receipts kept them."""

    @property
    def known(self) -> bool:
        """Whether somebody knew the customer."""
        return self.evidence is None or KNOWN not in self.evidence.others

    @property
    def shared(self) -> bool:
        """Whether several people use the identifier that was asked for."""
        return self.evidence is not None and SHARED in self.evidence.others

    @property
    def nobodies(self) -> Sequence[str]:
        """Namespaces of identifiers that were asked with, and name nobody."""
        kept: Sequence[str] = ()
        return kept if self.evidence is None else self.evidence.others.get(NOBODIES, kept)

    @property
    def beyond_limit(self) -> Mapping[str, int]:
        """By collection, how many of the customer's items were beyond its limit."""
        kept: Mapping[str, int] = {}
        return kept if self.evidence is None else self.evidence.others.get(BEYOND_LIMIT, kept)

    @property
    def owed_left(self) -> Sequence[Sequence[Any]]:
        """(action, item, surface) of what is owed and stood behind as many as the surface takes."""
        if self.evidence is not None and OWED_LEFT in self.evidence.others:
            kept: Sequence[Sequence[Any]] = self.evidence.others[OWED_LEFT]
            return kept
        left = (each for each in self.verdicts if each.refusal and each.refusal.code == BEHIND)
        return list(dict.fromkeys((each.action, each.item, each.surface) for each in left))

    @property
    def told(self) -> tuple[Choice | OwedChoice, ...]:
        """All that has a contact."""
        return (*self.choices, *self.owed)


class Permit(msgspec.Struct, frozen=True, kw_only=True):
    """Permission to contact a customer; only the room `consent` makes one.

    basis: a name of `company.BASES`, or `company.SOFT_OPT_IN`. kind: of person, empty if not known
    or if none are told apart.
    """

    purpose: str
    channel: str
    basis: str
    kind: str = ""


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """One contact of company to customer, as the ledger keeps it.

    state: ``held`` (inbound, reserved until it is viewed or `held_until` passes), ``queued``
    (outbound: the row is the outbox), ``counted`` (viewed, or made elsewhere), ``released``.
    time: when it counts from; while held or queued, when it was reserved. uses: resource to units.
    item: key of the item it is about; None: of none, or not known (made elsewhere, made before the
    action was about items). due: of what is owed, by when it was to be made; None: not known.
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
    due: Instant | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a contact: viewed, clicked, accepted, declined, ignored."""

    contact_id: str
    name: str
    time: Instant
