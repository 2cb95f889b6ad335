"""Whom a receipt was about, and what became of that customer since."""

from collections.abc import Callable

from tuttu.api.answers import DecidedCustomer, Who
from tuttu.api.identifiers import shown
from tuttu.api.words import Words
from tuttu.vocabulary import events, verdicts
from tuttu.vocabulary.people import Customer

FRAGMENT = "fragment"
"""In the place of a namespace: what stands beside it is a fragment's id, hex."""
MOST_NAMED = 5


def decided_customer(
    receipt: verdicts.Receipt,
    customer: Customer,
    name_of: Callable[[events.FragmentId], Who],
    words: Words,
) -> DecidedCustomer:
    """customer: of the receipt's fragment, as the evidence stands today. name_of: a fragment, as
    `fragment_name` shows it.

    A receipt that was issued before fragments were kept in it tells of its own one only.
    """
    decided = receipt.fragments or (receipt.customer,)
    known = customer.fragments if receipt.fragments else decided
    merged = [name_of(each) for each in known if each not in decided]
    unmerged = [name_of(each) for each in decided if each not in known]
    if len(decided) > 1:
        identifiers = [name_of(each) for each in decided]
    else:
        # Its name, even if nothing is kept under it.
        identifiers = [shown(receipt.who) if receipt.who else name_of(receipt.customer)]
    return DecidedCustomer(
        identifiers=identifiers,
        merged_since=merged,
        unmerged_since=unmerged,
        note=_note(identifiers, merged, unmerged, words),
    )


def fragment_name(fragment: events.FragmentId, identifier: events.Identifier | None) -> Who:
    """A fragment's identifier; its id where no fact has named it, or it was erased."""
    return {FRAGMENT: fragment.hex()} if identifier is None else shown(identifier)


def _note(decided: list[Who], merged: list[Who], unmerged: list[Who], words: Words) -> str:
    named = {
        "issued_merged": decided if len(decided) > 1 else [],
        "merged_since": merged,
        "unmerged_since": unmerged,
    }
    notes = (words.note(n, people=_listed(each, words)) for n, each in named.items() if each)
    return "; ".join(notes)


def _listed(people: list[Who], words: Words) -> str:
    texts = [f"{name}:{value}" for who in people[:MOST_NAMED] for name, value in who.items()]
    more = len(people) - MOST_NAMED
    listed = ", ".join(texts)
    return words.note("and_more", people=listed, more=more) if more > 0 else listed
