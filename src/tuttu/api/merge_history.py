"""Whom a receipt was about, and what became of that customer since."""

from __future__ import annotations

from collections.abc import Iterable

from tuttu import identity
from tuttu.api.answers import DecidedCustomer, Who
from tuttu.api.identifiers import shown
from tuttu.storage import Snapshot
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.verdicts import Receipt

FRAGMENT = "fragment"
"""In the place of a namespace: what stands beside it is a fragment's id, hex."""
MOST_NAMED = 5


def decided_customer(snapshot: Snapshot, receipt: Receipt, now: Customer) -> DecidedCustomer:
    """now: the customer of the receipt's fragment, as the evidence stands now.

    A receipt that was issued before fragments were kept in it tells of its own one only.
    """
    then = receipt.fragments or (receipt.customer,)
    known = now.fragments if receipt.fragments else then
    merged = names(snapshot, (each for each in known if each not in then))
    unmerged = names(snapshot, (each for each in then if each not in known))
    identifiers = names(snapshot, then) if len(then) > 1 else [_asked(snapshot, receipt)]
    return DecidedCustomer(
        identifiers=identifiers,
        merged_since=merged,
        unmerged_since=unmerged,
        note=_note(identifiers, merged, unmerged),
    )


def names(snapshot: Snapshot, fragments: Iterable[FragmentId]) -> list[Who]:
    return [name_of(snapshot, each) for each in fragments]


def name_of(snapshot: Snapshot, fragment: FragmentId) -> Who:
    """The fragment's identifier; its id where nobody has named it, or he was erased."""
    identifier = identity.identifier_of(snapshot, fragment)
    return {FRAGMENT: fragment.hex()} if identifier is None else shown(identifier)


def _asked(snapshot: Snapshot, receipt: Receipt) -> Who:
    """Of one fragment only: its name, be it that nothing is kept under it."""
    return name_of(snapshot, receipt.customer) if receipt.who is None else shown(receipt.who)


def _note(then: list[Who], merged: list[Who], unmerged: list[Who]) -> str:
    said = []
    if len(then) > 1:
        said.append(f"issued when {_listed(then)} were merged into one customer")
    if merged:
        said.append(f"merged since with {_listed(merged)}")
    if unmerged:
        said.append(f"unmerged since from {_listed(unmerged)}")
    return "; ".join(said)


def _listed(people: list[Who]) -> str:
    texts = [f"{name}:{value}" for who in people[:MOST_NAMED] for name, value in who.items()]
    more = len(people) - MOST_NAMED
    return ", ".join(texts) + (f" and {more} more" if more > 0 else "")
