"""What a company declares about its data: identity, events, traits, consent, channels, resources.

Records of the project folder, already checked: names refer to something, expressions are compiled.
Every record has its place in the text (`where`), so that errors can point at it.
"""

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.values import (
    MINUTE,
    OWNERS_ZONE,
    ZONE,
    Duration,
    Expression,
    Instant,
    Type,
)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes that intake accepts, in bytes and events. evidence_pairs: pairs of identifiers that the
    calls of one body name together, each with the first one of its call. clock_ahead: how far the
    clock may be ahead of the machine's before nothing is kept."""

    event_bytes: int = 32 * 1024
    body_bytes: int = 4 * 1024 * 1024
    batch_events: int = 2_500
    evidence_pairs: int = 10_000
    clock_ahead: Duration = 5 * MINUTE


CLOCK_SKEW: Duration = 3_600_000_000
REPEAT_WITHIN: Duration = 7 * 24 * CLOCK_SKEW


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """tuttu.yaml. `storage` is a URL; `sqlite:` paths are relative to the project folder.

    clock_skew: how much earlier than it was received a call may say that it was sent, and be
    believed. repeat_within: how long the id of a call is remembered after it was received.
    """

    name: str
    environment: Literal["dev", "test", "live"] = "dev"
    currency: str = "EUR"
    zone: str = "UTC"
    languages: tuple[str, ...] = ("en",)
    brands: tuple[str, ...] = ()
    storage: str = "sqlite:.tuttu/store.db"
    earliest_event: Instant = 946_684_800_000_000
    limits: Limits = Limits()
    clock_skew: Duration = CLOCK_SKEW
    repeat_within: Duration = REPEAT_WITHIN


NOBODY = frozenset(
    {
        *("undefined", "nan", "none", "null", "(null)", "nil", "true", "false", "[object object]"),
        *("unknown", "guest", "n/a", "0", "-", "-1"),
    }
)
"""What programs write where they have no identifier, in small letters: in every namespace it names
nobody."""
ROUNDED = re.compile(r"[0-9]([.,][0-9]+)?e\+[0-9]{2}")
"""What spreadsheets make of a long number, ``3.58401E+11``, in small letters: many numbers are
written so."""
COMPOUND_SIGN = "|"
"""Between the parts of a compound identifier."""
MOST_PARTNERS = 500
"""Other identifiers that one may be named with, unless its namespace says otherwise."""


class Namespace(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of identifier.

    rank: 0 is the highest priority. unique: at most one value per customer. apart: customers with
    different values are different people, for all that namespaces of lower priority say. An
    identifier that more than one of such people use joins nobody: it is *shared*, and beyond
    `limit` people (None: no limit), or beyond `partners` other identifiers, a *crowd*. alias_limit:
    how many values of a unique namespace `alias` may join in one customer (1: none). normalise:
    steps in order, of ``trim``, ``lower``, ``digits``, ``email``, ``phone``. country: whose phone
    numbers are written without a country, as ISO 3166 names it; None without the step. blocked:
    normalised values that name nobody. allowed: values that name somebody here, although they are
    of `NOBODY` or `ROUNDED`. strength: of evidence by call name, with the key ``default``; higher
    joins first.
    fields: where else the identifier is found in a call, as ``traits.email``,
    ``properties.email``, ``context.externalIds.<type>``; ``userId`` and ``anonymousId`` are always
    the namespaces ``user_id`` and ``anonymous_id``. compounds: the same for identifiers of several
    parts, joined by `COMPOUND_SIGN`. may_be_new: a decision for somebody whom nobody knows, asked
    for by such an identifier, is kept.
    """

    name: str
    rank: int
    unique: bool = False
    apart: bool = False
    limit: int | None = None
    partners: int = MOST_PARTNERS
    alias_limit: int = 1
    normalise: tuple[str, ...] = ("trim",)
    country: str | None = None
    allowed: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    blocked_patterns: tuple[str, ...] = ()
    strength: Mapping[str, int] = {}
    fields: tuple[str, ...] = ()
    compounds: tuple[tuple[str, ...], ...] = ()
    may_be_new: bool = False
    where: Where

    @property
    def tells_apart(self) -> bool:
        """Two customers who both have a value of it are two people."""
        return self.unique or self.apart


class EvidenceSet(msgspec.Struct, frozen=True, kw_only=True):
    """A named set of links that others make: strength as of a namespace, least score as a part
    of one."""

    name: str
    strength: int = 0
    at_least: float = 0.0
    where: Where


class PlannedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the tracking plan: its properties with types; `required` must be there."""

    name: str
    properties: Mapping[str, Type] = {}
    required: frozenset[str] = frozenset()
    items: Mapping[str, Mapping[str, Type]] = {}
    """Properties that are lists of objects (``products``), with the types of their fields."""
    where: Where


class TraitWrite(msgspec.Struct, frozen=True, kw_only=True):
    """An event that writes traits: trait name to the property (dotted path) it is read from."""

    event: str
    source: str
    traits: Mapping[str, str]
    where: Where


class ElsewhereContact(msgspec.Struct, frozen=True, kw_only=True):
    """An event that says: the company made a contact outside tuttu.

    action and outcome are either a fixed name, or (``*_from``) the property that carries it, with
    a map from its values to tuttu's names. An unmapped outcome is none. `when` (a condition on
    the event) must be TRUE, if given.
    """

    event: str
    channel: str
    purpose: str
    action: str | None = None
    action_from: str | None = None
    outcome: str | None = None
    outcome_from: str | None = None
    outcome_map: Mapping[str, str] = {}
    when: Expression | None = None
    where: Where


class ConsentEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that gives or withdraws consent.

    purpose and channel are fixed, or read from the properties ``purpose`` and ``channel`` when
    None (a channel absent there too means every channel of the purpose).
    """

    event: str
    allowed: bool
    purpose: str | None = None
    channel: str | None = None
    where: Where


Undeclared = Literal["keep", "refuse"]
"""What happens to events that the plan does not name."""


class Tracking(msgspec.Struct, frozen=True, kw_only=True):
    """events.yaml."""

    names: Mapping[str, str] = {}
    """Event name of the calls identify, page, screen, group, alias."""
    sources: Mapping[str, str] = {}
    """Call or event name to the source of its trait writes; ``identify`` defaults to ``told``."""
    plan: Mapping[str, PlannedEvent] = {}
    undeclared: Undeclared = "keep"
    writes: tuple[TraitWrite, ...] = ()
    contacts: tuple[ElsewhereContact, ...] = ()
    consent: tuple[ConsentEvent, ...] = ()
    outcomes: Mapping[str, str] = {}
    """Event name to outcome (``viewed``, ``clicked``, ``accepted``…), for events whose property
    ``contact_id`` names a contact that tuttu made."""


Slip = Literal["keep", "unknown"]
"""What a value that does not fit the type of its trait does: leaves what is known, or makes it
unknown."""

Aggregate = Literal["count", "sum", "first", "last", "max", "min"]


class Trait(msgspec.Struct, frozen=True, kw_only=True):
    """One trait. Exactly one way of coming about is set.

    written: by identify calls, trait writes and imports (the value may be read per source as
    ``source.name``). aggregate: over events (`over` = "events") or over a collection's items,
    those for which `test` is TRUE, of `field`, within `window` up to now. sequence: event names
    that happened in this order, the last at most `within` after the first and at most `window` ago
    (None: ever); bool. first_known: names of columns, the first
    one that is not NULL. derived: an expression over other columns (also: a segment, bool).
    slip: of a written one. uses: where it may be read; empty is everywhere. group: a declared
    group: it is worked out over all members' events as if they were one customer; None: of the
    customer alone.
    """

    name: str
    type: Type
    written: bool = False
    slip: Slip = "keep"
    aggregate: Aggregate | None = None
    over: str = "events"
    field: str | None = None
    test: Expression | None = None
    window: Duration | None = None
    sequence: tuple[str, ...] = ()
    within: Duration | None = None
    first_known: tuple[str, ...] = ()
    derived: Expression | None = None
    segment: bool = False
    uses: frozenset[str] = frozenset()
    group: str | None = None
    where: Where

    @property
    def by_calendar(self) -> bool:
        """Whether its condition on items counts by the customer's calendar."""
        return self.test is not None and OWNERS_ZONE in self.test.columns

    @property
    def is_computed(self) -> bool:
        """Whether other columns of the row come before it."""
        return self.by_calendar or bool(self.first_known) or self.derived is not None

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of the row that it is made of."""
        if self.by_calendar:
            return (ZONE,)
        return self.first_known or tuple(sorted(self.derived.columns if self.derived else ()))


ITEMS_SHOWN = 1_000
"""Of one collection of one customer, unless the project says otherwise."""
MOST_ITEMS = 10_000
"""That a project may say."""


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """Items of a customer, by key: each field is the last one written, by (time, id). unknown:
    fields that a value which does not fit makes unknown; of the others it leaves what is known.

    closed: a condition on the item alone; an item is live unless it is TRUE. limit: how many items
    rules see of one customer: of more, the live ones first, each kind the newest by (time, key)."""

    name: str
    key: str
    events: frozenset[str]
    fields: Mapping[str, Type]
    """The key's own field included."""
    unknown: frozenset[str] = frozenset()
    closed: Expression | None = None
    limit: int = ITEMS_SHOWN
    where: Where


class CustomerGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A household, account or company: customers whose trait `key` has the same value now."""

    name: str
    key: str
    where: Where


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """traits.yaml. `derived_order`: derived traits and segments, each after what it reads.
    initials: traits of which a person's name is made. asks: traits that one may ask somebody for,
    to find out which of several people they are."""

    traits: Mapping[str, Trait] = {}
    collections: Mapping[str, Collection] = {}
    groups: Mapping[str, CustomerGroup] = {}
    derived_order: tuple[str, ...] = ()
    initials: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()


class Basis(msgspec.Struct, frozen=True):
    """A legal basis. asked: it holds only once the customer has given it; others hold until
    refused. wanted: of what the company wants to say; by the others it is owed to the customer."""

    asked: bool = False
    wanted: bool = False


BASES: Mapping[str, Basis] = {
    "consent": Basis(asked=True, wanted=True),
    "contract": Basis(),
    "legitimate interest": Basis(wanted=True),
    "legal obligation": Basis(),
    "public task": Basis(),
    "vital interest": Basis(),
}
"""By the name that consent.yaml gives them."""

SOFT_OPT_IN = "soft_opt_in"
"""The basis of a permit in place of consent: a sale, for similar products, refusal offered
(ePrivacy 13(2)). It is no name of `BASES`: a purpose rests on consent, and may fall back on it."""


class ConsentTerms(msgspec.Struct, frozen=True):
    """What holds for a purpose in a channel until the customer has chosen. basis: a name of
    `BASES`. allowed: without a choice."""

    basis: str
    allowed: bool


NO_TERMS = ConsentTerms("", allowed=False)

ANYONE = ""
"""In the place of a kind of person: it is not known, or the company tells no kinds apart."""


class PersonKinds(msgspec.Struct, frozen=True, kw_only=True):
    """The kinds of person that consent.yaml tells apart. trait: the text trait whose value is one
    of `values`; with any other value, or none, the strictest kind's terms hold. read: the trait as
    an expression."""

    trait: str
    values: tuple[str, ...]
    read: Expression
    where: Where


class SoftOptIn(msgspec.Struct, frozen=True, kw_only=True):
    """In which channels a purpose may rest on a sale in place of consent. sale, offered: conditions
    on the customer's row: there was a sale, and refusal was offered then and since."""

    channels: frozenset[str]
    sale: Expression
    offered: Expression


class Purpose(msgspec.Struct, frozen=True, kw_only=True):
    """One purpose of consent.yaml.

    terms: by kind of person, then by channel, complete over all declared channels: the strictest
    of `ANYONE`, and of each kind where kinds differ. owed: what is said for it is owed to the
    customer, and competes with nothing. skips: stages of decision that do not apply, of
    ``contact_limits``, ``controls``, ``suppressions``; the first two never do to what is owed.
    """

    name: str
    terms: Mapping[str, Mapping[str, ConsentTerms]]
    owed: bool = False
    skips: frozenset[str] = frozenset()
    soft_opt_in: SoftOptIn | None = None
    where: Where

    @property
    def by_kind(self) -> bool:
        return len(self.terms) > 1

    def terms_in(self, channel: str, kind: str = ANYONE) -> ConsentTerms:
        return self.terms.get(kind, self.terms[ANYONE]).get(channel, NO_TERMS)

    def differs(self, channel: str) -> bool:
        """Whether the terms in this channel depend on the kind of person."""
        kinds = (channels for kind, channels in self.terms.items() if kind != ANYONE)
        return len({channels.get(channel, NO_TERMS) for channels in kinds}) > 1


OWED_SKIPS = frozenset({"contact_limits", "controls"})

Counting = Literal["viewed"]
"""What a project may write: what makes a contact of an inbound surface count."""


class Surface(msgspec.Struct, frozen=True, kw_only=True):
    """A place that shows actions. An outbound channel is also a surface of its own name.

    variety: at most this many actions of one issue group in one request's slots of this surface.
    owed: at most this many owed actions beside the slots; None: all of them. counts: what makes a
    contact count; ``sent`` on an outbound one. person: somebody speaks to the customer there, so
    who it is must be settled first.
    """

    name: str
    channel: str
    slots: int = 1
    default: str | None = None
    deadline: Duration | None = None
    counts: Counting | Literal["sent"] = "viewed"
    variety: int | None = None
    owed: int | None = None
    outbound: bool = False
    person: bool = False
    where: Where


Period = Literal["day", "week", "month", "year"]


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """Something there is a limited amount of; `per` None: once, else a calendar period. owed: of
    the amount, units that are closed to offers."""

    name: str
    amount: int
    per: Period | None = None
    owed: int = 0
    where: Where


Speaker = Literal["person", "machine"]
"""Who speaks in a channel; an AI or a recorded voice is a machine."""


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel reaches a customer by: an address, which is an identifier of a namespace
    (verified: one that an event has confirmed), or traits that must be known."""

    namespace: str | None = None
    verified: bool = False
    traits: tuple[str, ...] = ()


ContentType = Literal["text", "html"]


def content_of(channel: str) -> ContentType:
    """What messages are on a channel that declares nothing."""
    return "html" if channel == "web" else "text"


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """One channel of channels.yaml. outbound: the company comes to the customer.

    by: who speaks; None: it was not said. needs: None: it reaches everybody. dead, verified_by:
    events that say so of the address they carry. reachable: `needs` as a condition on the
    customer's row. content: what its messages are; None: as `content_of` has it. segments: of
    text messages on the phone, as many as one message may take; None: they are not counted.
    """

    name: str
    outbound: bool
    content: ContentType | None = None
    segments: int | None = None
    by: Speaker | None = None
    needs: Needs | None = None
    dead: frozenset[str] = frozenset()
    verified_by: frozenset[str] = frozenset()
    reachable: Expression | None = None
    where: Where


REACHED = "yes"
"""In a channel's `reachable_column`: an address is there that the channel can use."""


def reachable_column(channel: str) -> str:
    """The column of the wide row that says whether a channel which needs an address has one."""
    return f"reachable_{channel.replace('-', '_')}"
