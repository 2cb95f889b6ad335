"""What the engine is asked and what it answers: the shapes that every door shows.

Instants are ISO 8601 text in UTC, money is in currency units, people are named as
``{"user_id": "maija"}`` (namespace to value; one entry, or more of the same person).
"""

from typing import Any

import msgspec

from tuttu.api.owed import OwedLeft, ShownOwed
from tuttu.api.slips import RefusedTrait
from tuttu.vocabulary.errors import Fault
from tuttu.vocabulary.values import Figures

Who = dict[str, str]


class RefusedCall(msgspec.Struct, kw_only=True):
    """One refused event of a batch."""

    index: int
    code: str
    message: str
    dead_letter: str | None = None


class DifferentCall(msgspec.Struct, kw_only=True):
    """A call that was known before under its id, and said something else. index: its place in the
    body. replace_as: the `messageId` under which it would be taken as a later fact."""

    index: int
    message_id: str
    replace_as: str


class CallsAnswer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer of the seven Segment calls. `success` is true if the body itself could be read.
    different: of the duplicates, those that say something else than what is known.
    refused_traits: of accepted calls, which were taken without them."""

    success: bool
    accepted: int = 0
    duplicates: int = 0
    refused: list[RefusedCall] = []
    different: list[DifferentCall] = []
    refused_traits: list[RefusedTrait] = []


class Shows(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer shows to whoever asks. addresses: those that contacts go to, for them who may
    read what is known of people. refused: who was refused and why, unless the question says."""

    addresses: bool = True
    refused: bool = True


class DecideRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """surfaces: names; slots: how many of each, else as declared. seed: only with dry_run.
    context: columns of this moment that overlay the customer's row (declared traits only). create:
    what is decided for somebody whom nobody knows is kept. answers: what somebody says of their
    traits, to tell them from others who use the same identifier, where it must be settled. refused:
    tell all that was refused, and why; unless it is said, no, but on the project's own socket."""

    who: Who
    surfaces: list[str]
    slots: dict[str, int] = {}
    language: str | None = None
    dry_run: bool = False
    seed: int | None = None
    context: dict[str, Any] = {}
    create: bool = False
    answers: dict[str, Any] = {}
    refused: bool | None = None


class ExplainRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Either a question as for decide, asked now; or decision: the id of an earlier one, which is
    explained from its own receipt and by its own rules. changes: look for what would turn each
    refusal. dry_run, create and refused are ignored: nothing is decided here, and all is told."""

    decision: str | None = None
    who: Who = {}
    surfaces: list[str] = []
    slots: dict[str, int] = {}
    language: str | None = None
    dry_run: bool = True
    seed: int | None = None
    context: dict[str, Any] = {}
    create: bool = False
    answers: dict[str, Any] = {}
    refused: bool | None = None
    changes: bool = True


class ShownChoice(msgspec.Struct, kw_only=True):
    """One filled slot. item: key of the item that it is about; None: about none. address: what the
    contact goes to, where the channel needs one; None too for keys that may not read people."""

    contact_id: str
    action: str
    treatment: str
    surface: str
    slot: int
    item: str | None = None
    content: str
    worth: float
    propensity: float
    probability: float
    why: list[str]
    """The conditions that passed and the figures of the ranking, in plain words."""
    reused: bool = False
    held_until: str | None = None
    basis: str | None = None
    """On what the customer may be contacted; None: from before decisions kept it."""
    kind_of_person: str | None = None
    """That the basis is for; None: not known, or none are told apart."""
    address: Who | None = None
    language: str | None = None
    """Of the content; None: from before decisions kept it."""
    subject: str | None = None
    """One line of plain text; None: the message has none."""


class ShownPart(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One part of a change that would turn a refusal.

    kind: ``column``, ``time``, ``consent``, ``resource``, ``worth``; where only another rule would
    help, ``status``, ``validity`` or ``limit``; where chance decided, ``arm`` or ``dice``. name:
    of what is changed; about: of the item, or the group, whose column it is. A column that is not
    known (now: null) has to become known: would_be is null then too. One that is known, with a
    would_be of null, has to become unknown. words: the same, to be read.
    """

    kind: str
    name: str
    now: Any
    would_be: Any
    words: str
    about: dict[str, str] | None = None


class ShownReason(msgspec.Struct, kw_only=True):
    """A stage that would refuse. reason: in words; code, values: the same as data. The code
    ``as_worded`` has nothing but the words: it is from before reasons were data."""

    stage: str
    reason: str
    code: str
    values: Figures


class ShownRefusal(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One candidate that was not chosen: its first stage and reason, and with explain all. item:
    key of the item that it was judged for. code, values: of the reason."""

    action: str
    treatment: str
    surface: str
    item: str | None = None
    stage: str
    reason: str
    code: str
    values: Figures
    worth: float | None = None
    also: list[ShownReason] = []
    """With explain: the other stages that would refuse."""
    would_pass_if: list[ShownPart] = []
    """With explain: the least change with which it would be chosen; all parts together."""
    no_change: str = ""
    """With explain: why there is no such change in the answer, where it was looked for."""


class DecideAnswer(msgspec.Struct, kw_only=True):
    """decision_id None: a dry run, or nobody knows the customer, and nothing was written. owed: by
    due, then action and item, outside the slots; owed_left: what surfaces have no room for.
    defaults: surface to the default content shown in slots that nothing won. known False: nobody
    knew the customer. shared: several people use the identifier, and it was decided for what lies
    under it alone. nobodies: namespaces of identifiers in `who` that name nobody, as `undefined`,
    and were left out. beyond_limit: by collection, how many items were beyond its limit."""

    decision_id: str | None
    now: str
    customer: str
    known: bool = True
    shared: bool = False
    nobodies: list[str] = []
    beyond_limit: dict[str, int] = {}
    arm: str
    seed: int
    owed: list[ShownOwed]
    owed_left: list[OwedLeft]
    choices: list[ShownChoice]
    refused: list[ShownRefusal]
    withheld: list[ShownChoice]
    defaults: dict[str, str | None]
    project_digest: str


class ExplainAnswer(DecideAnswer, kw_only=True):
    """As of decide; decision_id: of the earlier decision that was explained. note: what could not
    be worked out again, and why."""

    note: str = ""


class ShownOutcome(msgspec.Struct, kw_only=True):
    """What came of a contact, and when; of a contact that was withdrawn also why: in words, and as
    code and values."""

    contact_id: str
    action: str | None
    item: str | None = None
    outcome: str
    time: str
    why: str | None = None
    code: str | None = None
    values: Figures = {}


class DecidedCustomer(msgspec.Struct, kw_only=True):
    """Whom a receipt was about.

    identifiers: who was one customer when it was issued. merged_since: who was merged with them
    since; unmerged_since: who was unmerged from them since. note: the same in words, empty if
    nothing was merged, then or since. A fragment whose name is not known is ``{"fragment": hex}``.
    """

    identifiers: list[Who]
    merged_since: list[Who] = []
    unmerged_since: list[Who] = []
    note: str = ""


class DecisionAnswer(msgspec.Struct, kw_only=True):
    """A stored receipt as it was issued, with what came of it and of its customer since."""

    decision: DecideAnswer
    customer: DecidedCustomer
    read: dict[str, Any]
    read_of_items: dict[str, dict[str, dict[str, Any]]] = {}
    """By collection and item: what rules about that item read of it."""
    outcomes: list[ShownOutcome]


class ShownContact(msgspec.Struct, kw_only=True):
    """One contact of the customer's; outcome is the last one, ``ignored`` included. withdrawn: why
    it will not be made, in words; code, values: the same as data."""

    contact_id: str
    action: str | None
    item: str | None = None
    channel: str
    purpose: str
    state: str
    time: str
    outcome: str | None
    withdrawn: str | None = None
    code: str | None = None
    values: Figures = {}


class ShownLink(msgspec.Struct, kw_only=True):
    """Evidence that was kept but joined nobody; reason: in words; code, values: the same as data.
    event_id, time: of the strongest such event. set: the set of links that claims it, if no event
    does."""

    one: Who
    other: Who
    reason: str
    code: str
    values: Figures
    event_id: str
    time: str
    set: str | None = None


class ShownFragment(msgspec.Struct, kw_only=True):
    """One fragment: its id (hex), the identifier that it is kept under, and its first moment.

    who None: nobody has named it yet. first None: only unmerged evidence names it.
    """

    id: str
    who: Who | None
    first: str | None


class CustomerAnswer(msgspec.Struct, kw_only=True):
    """The whole picture. traits: name to value; sources: ``told.shoe_size`` and the like.
    fragments: how many; parts: which, the oldest first. known False: nobody knows them, and this
    is what an empty customer looks like. kind_of_person, consents: as in `PreferencesAnswer`.
    groups: of which rules ask something, with the number of their members; null: too many, and
    nothing is known of them. beyond_limit: by collection, how many items are beyond its limit."""

    customer: str
    known: bool = True
    identifiers: list[Who]
    fragments: int
    parts: list[ShownFragment]
    traits: dict[str, Any]
    sources: dict[str, Any]
    collections: dict[str, list[dict[str, Any]]]
    beyond_limit: dict[str, int] = {}
    contacts: list[ShownContact]
    refused_links: list[ShownLink]
    kind_of_person: str | None
    consents: "list[ShownPreference]"
    groups: dict[str, int | None] = {}


def _nothing_said() -> msgspec.Raw:
    return msgspec.Raw(b"{}")


class TimelineEntry(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One fact: a call with what the sender said, or something that tuttu did.

    time: when it happened; received: when it came. local_time, local_received: the same by the
    clock of the timeline's zone. by, why: who did it, and the reason that was given. identifiers
    of an unmerge: the first one was unmerged from the others.
    """

    position: int
    time: str
    received: str
    local_time: str
    local_received: str
    kind: str
    id: str
    name: str | None = None
    identifiers: list[Who] = []
    properties: msgspec.Raw = msgspec.field(default_factory=_nothing_said)
    traits: msgspec.Raw = msgspec.field(default_factory=_nothing_said)
    context: msgspec.Raw = msgspec.field(default_factory=_nothing_said)
    integrations: msgspec.Raw = msgspec.field(default_factory=_nothing_said)
    group_id: str | None = None
    category: str | None = None
    claimed: str | None = None
    by: str | None = None
    why: str | None = None
    code: str | None = None
    values: Figures = {}


class TimelineAnswer(msgspec.Struct, kw_only=True):
    """By when it happened, oldest first; `next` is the position of the entry to go on after, None
    at the end. zone: the customer's time zone, or else the company's. known False: nobody knows
    them."""

    known: bool = True
    zone: str
    entries: list[TimelineEntry]
    next: int | None


class ShownPreference(msgspec.Struct, kw_only=True):
    """One cell of purposes × channels: what holds now, on what basis, and whether the customer
    chose it. after_sale: it is neither allowed nor refused, and what is similar to what they bought
    may be offered all the same (soft opt-in)."""

    purpose: str
    channel: str
    allowed: bool
    chosen: bool
    basis: str
    after_sale: bool


class PreferencesAnswer(msgspec.Struct, kw_only=True):
    """All cells, purposes and channels in the order of the project folder. known False: nobody
    knows them. kind_of_person: None: not known, or none are told apart."""

    known: bool = True
    kind_of_person: str | None
    preferences: list[ShownPreference]


class PreferenceRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """channel None: every channel of the purpose."""

    purpose: str
    allowed: bool
    channel: str | None = None


class PreferencesRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Several choices at once: all or none."""

    preferences: list[PreferenceRequest]


class ResourceAnswer(msgspec.Struct, kw_only=True):
    """One resource now: amount = used + held + free in the running period."""

    name: str
    amount: int
    used: int
    held: int
    free: int
    per: str | None


class ResourceRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A new amount."""

    amount: int


class DeadLetterAnswer(msgspec.Struct, kw_only=True):
    """One refused call. body is text where it is UTF-8, else base64 (`encoding` says which)."""

    id: str
    received: str
    route: str
    code: str
    reason: str
    body: str
    encoding: str
    truncated: bool
    sender: str
    status: str
    """``waiting``, ``sent`` or ``dropped``."""


class DeadLettersAnswer(msgspec.Struct, kw_only=True):
    """Oldest first. unauthenticated: calls refused for want of a key, since the start."""

    dead_letters: list[DeadLetterAnswer]
    unauthenticated: int


class UnmergeRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The two identifiers that evidence joined and that are two persons.

    Each may be named by its fragment, ``{"fragment": hex}``. other None: everybody whom `one` is
    joined with now, so that its fragment is taken out of its customer.
    """

    one: Who
    other: Who | None = None
    why: str = ""


class UnmergeAnswer(msgspec.Struct, kw_only=True):
    """The customers of the two identifiers afterwards; other None: none was named. were_one: they
    were one customer before; False: it holds for what comes.

    forbidden: the evidence that it forbids. The log without it gives the same digest.
    """

    one: str
    other: str | None
    were_one: bool
    forbidden: list[ShownLink]


class ReplayAnswer(msgspec.Struct, kw_only=True):
    """The digest of the state as it is kept, and of the log folded again by the active version.

    facts: how many were folded. refused: how many of them a fold refused. unreadable: how many
    others were left out, since the key of their fragment is lost.
    """

    facts: int
    refused: int
    live: str
    replayed: str
    unreadable: int = 0


class ShownFault(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One fault in the project folder; nearest: the known name most like the wrong one."""

    file: str
    line: int
    found: str
    expected: str
    nearest: str | None = None


def shown_fault(fault: Fault) -> ShownFault:
    return ShownFault(
        file=fault.where.file,
        line=fault.where.line,
        found=fault.found,
        expected=fault.expected,
        nearest=fault.nearest,
    )
