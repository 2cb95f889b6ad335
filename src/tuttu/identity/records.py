"""What this room keeps.

An identifier is a *node*, under its pseudonym and the part of the rules (`rules`). Two nodes that
an event names together are a *pair*. A customer is kept at their *home*, the node with the smallest
key: that changes seldom as they grow, and does not depend on the order in which the evidence came.
"""

from collections.abc import Mapping

import msgspec

from tuttu.vocabulary import events, facts, history, values

Rank = tuple[int, values.Instant, str, int]


class Evidence(msgspec.Struct, frozen=True, array_like=True):
    """Why a pair may be one person. place: of the second identifier among the event's."""

    strength: int
    time: values.Instant
    id: str
    place: int

    @property
    def rank(self) -> Rank:
        """Smaller is taken first: stronger, then earlier."""
        return -self.strength, self.time, self.id, self.place


AFTER_EVENTS: values.Instant = 2**62
"""Later than any event."""


class SetEvidence(msgspec.Struct, frozen=True, array_like=True):
    """What a named set claims of a pair.

    time: since when it has done so without a break. score: in millionths. id: of the set and the
    pair, the same in each run: what a run claims again keeps its place.
    """

    name: str
    strength: int
    time: values.Instant
    score: int
    id: str

    @property
    def rank(self) -> Rank:
        """After all events of the same strength, the better score first."""
        return -self.strength, AFTER_EVENTS - self.score, self.id, 0


class ClaimedPair(msgspec.Struct, frozen=True, array_like=True):
    """The part of the evidence on a pair that goes again. told: the smallest time of any event that
    names the pair, if any does. evidence: at most one of each set, by name."""

    told: values.Instant | None
    evidence: tuple[SetEvidence, ...]


class EvidencePair(msgspec.Struct, frozen=True, array_like=True):
    """All evidence on a pair that can ever matter: the best by alias, the best other, and that of
    each set.

    first: the smallest time of any evidence on it. Evidence is *at* the identifier of lower
    priority; of two of one namespace, at the one that the event names second: in plain and alias
    that is the one with the greater key, in the other two the one with the smaller.
    """

    first: values.Instant
    plain: Evidence | None = None
    alias: Evidence | None = None
    plain_back: Evidence | None = None
    alias_back: Evidence | None = None
    sets: ClaimedPair | None = None

    @property
    def evidence(self) -> tuple[Evidence | SetEvidence, ...]:
        every = (self.plain, self.alias, self.plain_back, self.alias_back)
        return (*(each for each in every if each is not None), *self.claimed)

    @property
    def claimed(self) -> tuple[SetEvidence, ...]:
        return () if self.sets is None else self.sets.evidence


Holds = Mapping[str, int]
"""How many values a customer has, of each namespace that tells people apart."""


class PartialCustomer(msgspec.Struct, frozen=True, array_like=True):
    """A customer as the namespaces down to one of them make it. size: nodes."""

    size: int
    holds: Holds


class Head(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A customer as a whole.

    contested: some evidence on a member joined nobody. barred: some member was unmerged from
    somebody. joined_at: the newest pair among the members, by the first time they were named
    together; kept for the few of `keeps_date` only, and for the others computed on reading.
    """

    size: int = 1
    holds: Holds = msgspec.field(default_factory=dict, name="unique")
    contested: bool = False
    barred: bool = False
    joined_at: values.Instant | None = None


FEW = 16


def keeps_date(head: Head) -> bool:
    """Whether the customer is small enough for the date of joining to be kept up with every event:
    in a crowd each one would mean to look at all the others."""
    return head.size <= FEW


class Node(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An identifier.

    identifier: None while only its pseudonym is known. own: smallest time of a fact of its own;
    named: smallest time of evidence that names it, unmerged evidence left out. partners: distinct
    other identifiers in such evidence. people: how many of those that it reaches are told apart,
    counted up to one more than the limit of its namespace; strength: of the evidence that reaches
    them. barred: it was unmerged from somebody.

    spelling_of: it is an identifier in an earlier spelling, of which the rules make this other one;
    all evidence is on that one, and here is only what lies under this fragment. spellings: the
    earlier ones of an identifier.

    The customer grows from one namespace to the next, by their priority. homes: namespace to the
    home that the node has from then on, where it changes. home: the last of them. groups: if this
    is a home, namespace to the customer from then on, where it grows. head: if this is the home at
    last.
    """

    home: events.FragmentId
    identifier: events.Identifier | None = None
    own: values.Instant | None = None
    named: values.Instant | None = None
    partners: int = 0
    people: int = 0
    strength: int = 0
    barred: bool = False
    spellings: tuple[events.FragmentId, ...] = ()
    spelling_of: events.FragmentId | None = None
    homes: Mapping[str, events.FragmentId] = {}
    groups: Mapping[str, PartialCustomer] = {}
    head: Head | None = None

    @property
    def first(self) -> values.Instant | None:
        """First effective time; None: only unmerged evidence names it."""
        known = [time for time in (self.own, self.named) if time is not None]
        return min(known, default=None)


class Member(msgspec.Struct, frozen=True, array_like=True):
    """One node of a customer of several, for reading them at once. own: it has facts of its own.
    spellings: earlier ones of it."""

    identifier: events.Identifier | None
    first: values.Instant | None
    own: bool
    spellings: tuple[events.FragmentId, ...] = ()


class Neighbour(msgspec.Struct, frozen=True, array_like=True):
    """A pair seen from one of its nodes. kind: the namespace of the other one."""

    kind: str
    pair: EvidencePair


class Barred(msgspec.Struct, frozen=True, array_like=True):
    """Nodes that must never be one customer with this one."""

    others: tuple[events.FragmentId, ...]


NODES = facts.Table("identity.nodes", Node, personal=True)
MEMBERS = facts.Table("identity.members", Member, personal=True)
"""Under home + part + node; only for customers of more than one node."""
NEIGHBOURS = facts.Table("identity.neighbours", Neighbour, personal=True)
"""Each pair twice: under node + part + `JOINED` or `APART` + the other node. `JOINED`: they
are one customer, so that their homes say where the row is."""
BARRED = facts.Table("identity.barred", Barred, personal=True)

JOINED, APART = b"\x00", b"\x01"
REST = events.FRAGMENT_BYTES + history.PART_BYTES
"""Where what follows a node and the part of its rules begins."""
