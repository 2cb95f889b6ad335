"""A customer: a set of fragments that the evidence joins."""

import msgspec

from tuttu.vocabulary.events import FragmentId, Identifier
from tuttu.vocabulary.values import Instant
from tuttu.vocabulary.verdicts import Reason


class RefusedLink(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence that was kept but joined nobody. set: that claims it; None: an event says it."""

    one: Identifier
    other: Identifier
    reason: Reason
    event_id: str
    time: Instant
    set: str | None = None


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """One customer by the current evidence.

    fragments: oldest first, by (first effective time, key); the first names the customer.
    identifiers: all of them, in the order of their namespaces' priority, then by value.
    """

    fragments: tuple[FragmentId, ...]
    identifiers: tuple[Identifier, ...]
    joined_at: Instant | None = None
    """Event time of the newest accepted link between two fragments; None: one fragment."""
    contested: bool = False
    """Some evidence on them joined nobody: an identifier of theirs may be shared."""
    known: bool = True
    """False: no fact has named them."""

    @property
    def oldest(self) -> FragmentId:
        return self.fragments[0]
