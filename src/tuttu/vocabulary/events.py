"""What happened, and to whom: identifiers, events, facts."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec

from tuttu.vocabulary.values import Figures, Instant

FragmentId = bytes
"""`FRAGMENT_BYTES` bytes: the keyed hash of the identifier under which a fact is kept for ever."""

FRAGMENT_BYTES = 16


class Identifier(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A name for a customer in a declared namespace; the value is normalised already."""

    namespace: str
    value: str


class Event(msgspec.Struct, frozen=True, tag="event", omit_defaults=True, kw_only=True, dict=True):
    """A fact that came through intake: one of Segment's calls, as the sender said it.

    id: Segment's messageId. name: a track call's event; for the other calls the name that
    events.yaml gives them (``Page Viewed``, ``Identify``…). identifiers: never blocked or empty,
    highest priority first; the first one names the fragment. time: effective, that is the smaller
    of the skew-corrected time and the time received. claimed: the sender's own time, kept when it
    was so far ahead that the time of receipt was used instead. latest: where the sender's clock was
    believed though it may be slow, when it happened at the latest; a withdrawal counts from then.
    source: who says so (``told``, ``bought``, ``crm``…). properties, traits, context, integrations:
    JSON objects, byte for byte.
    """

    id: str
    call: str
    name: str
    identifiers: tuple[Identifier, ...]
    time: Instant
    received: Instant
    claimed: Instant | None = None
    latest: Instant | None = None
    source: str = "told"
    properties: bytes = b"{}"
    traits: bytes = b"{}"
    context: bytes = b"{}"
    integrations: bytes = b"{}"
    group_id: str | None = None
    label: str | None = None
    """The ``name`` of a page or screen call."""
    category: str | None = None
    """The ``category`` of a page or screen call."""

    @cached_property
    def said(self) -> Mapping[str, Any]:
        """The properties, decoded once for every fold of the event."""
        return _decoded(self.properties)

    @cached_property
    def said_traits(self) -> Mapping[str, Any]:
        """The traits, likewise."""
        return _decoded(self.traits)

    @cached_property
    def said_context(self) -> Mapping[str, Any]:
        """The context, likewise."""
        return _decoded(self.context)


def _decoded(raw: bytes) -> Mapping[str, Any]:
    """Empty for what is no JSON object."""
    decoded = msgspec.json.decode(raw)
    return decoded if isinstance(decoded, dict) else {}


class TraitSlip(msgspec.Struct, frozen=True, kw_only=True):
    """A value that does not fit the type of its trait.

    trait: its name, or ``collection.field``. source: who says it; empty of an item. found: what
    kind of value it was; the value is in the event. expected: the declared type. kept: what was
    known has stayed; else it is not known any more.
    """

    trait: str
    source: str
    found: str
    expected: str
    kept: bool


class TraitsRefused(msgspec.Struct, frozen=True, tag="traits_refused", kw_only=True):
    """Of an accepted call, the traits that did not fit, and who sent it. event_id, event: of the
    call's own fact, which stands before this one."""

    event_id: str
    event: str
    sender: str
    traits: tuple[TraitSlip, ...]


class Unmerge(msgspec.Struct, frozen=True, tag="unmerge", kw_only=True):
    """Forbids, for good, the evidence that joins two identifiers.

    more: others that `one` is separated from by the same fact.
    """

    one: Identifier
    other: Identifier
    by: str
    why: str = ""
    more: tuple[Identifier, ...] = ()


MILLION = 1_000_000
"""The score of a link that is certain."""


class LinkClaimed(msgspec.Struct, frozen=True, tag="link_claimed", kw_only=True):
    """A set claims that two identifiers are one person. one: the smaller of the two.

    It counts once its run is closed. score: in millionths. The time of the fact is the run's.
    """

    set: str
    run: str
    one: Identifier
    other: Identifier
    score: int


class LinksRead(msgspec.Struct, frozen=True, tag="links_read", kw_only=True):
    """A stretch of the file of a run: through which row it was read, and what became of the rows.

    source: the digest of the file. below: rows under the least score; refused: those that claim
    nothing.
    """

    set: str
    run: str
    by: str
    source: str
    through: int = 0
    claimed: int = 0
    below: int = 0
    refused: int = 0


class LinksClosed(msgspec.Struct, frozen=True, tag="links_closed", kw_only=True):
    """From here on this run is what the set claims, in place of the one before it. strength: of
    its evidence, as it was declared then."""

    set: str
    run: str
    by: str
    strength: int


class LinksSettled(msgspec.Struct, frozen=True, tag="links_settled", kw_only=True):
    """A step of a great change of a set: some of what its closing said counts from here on. State
    that is folded again counts it all at the closing."""

    set: str
    run: str


class PreferenceSet(msgspec.Struct, frozen=True, tag="preference", kw_only=True):
    """The customer's choice, made through the API rather than by an event."""

    purpose: str
    channel: str | None
    """None: every channel of the purpose."""
    allowed: bool
    by: str
    who: Identifier | None = None
    """The identifier that the choice is kept under."""


class ResourceSet(msgspec.Struct, frozen=True, tag="resource", kw_only=True):
    """A new amount of a declared resource."""

    name: str
    amount: int
    by: str


class DeadLetter(msgspec.Struct, frozen=True, tag="dead_letter", kw_only=True):
    """A refused call of an authenticated sender, kept until someone repairs or drops it.

    route: one of Segment's, or ``call`` for one call of a batch. sent_at: when that batch was
    sent, by its sender's clock.
    """

    id: str
    route: str
    reason: str
    code: str
    body: bytes
    truncated: bool = False
    sender: str = ""
    sent_at: Instant | None = None


class DeadLetterClosed(msgspec.Struct, frozen=True, tag="dead_letter_closed", kw_only=True):
    """A dead letter that was sent again, or dropped."""

    id: str
    how: str


class KeyIssued(msgspec.Struct, frozen=True, tag="key_issued", kw_only=True):
    """A server key: its SHA-256 and what it may do; the key itself is shown once and never kept."""

    name: str
    digest: bytes
    scopes: tuple[str, ...]


class KeyRevoked(msgspec.Struct, frozen=True, tag="key_revoked", kw_only=True):
    """A server key that is no longer valid."""

    name: str


class PersonLookedAt(msgspec.Struct, frozen=True, tag="looked", kw_only=True):
    """Somebody read what is known of a customer: who, and what."""

    by: str
    what: str


class ClockTurnedBack(msgspec.Struct, frozen=True, tag="clock_turned_back", kw_only=True):
    """Facts before it may be dated later than those after it: the clock had been ahead. ahead: by
    how much, in microseconds."""

    by: str
    ahead: int


class JudgedWay(msgspec.Struct, frozen=True, array_like=True):
    """An action by one of its treatments. about: the collection whose items it is judged for."""

    action: str
    treatment: str
    surface: str
    about: str | None


class ProjectActivated(msgspec.Struct, frozen=True, tag="project_activated", kw_only=True):
    """From here on this version of the project is active. files: all of them, path to text. ways:
    all that can be judged, in the order by whose numbers receipts keep which were refused."""

    digest: str
    files: Mapping[str, str]
    by: str
    ways: tuple[JudgedWay, ...] = ()


class HistoryFolded(msgspec.Struct, frozen=True, tag="history_folded", kw_only=True):
    """The log up to `through` was folded into the new definitions of version `digest`."""

    digest: str
    through: int


class ContactWithdrawn(msgspec.Struct, frozen=True, tag="contact_withdrawn", kw_only=True):
    """A queued contact that will not be made, and why.

    code, values: of the reason. reason: its words, in a fact from before reasons were data.
    """

    contact_id: str
    reason: str = ""
    code: str = ""
    values: Figures = {}
