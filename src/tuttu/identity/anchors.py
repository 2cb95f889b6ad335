"""First facts, and the anchor that follows from them: what a customer's arm is drawn by.

Of each fragment its first fact is kept, with the others that it names: the least of a set, in
whatever order the facts come. A device that somebody uses later is named by a later fact, and so it
can never be their anchor.
"""

from collections.abc import Iterator

import msgspec

from tuttu.identity.records import NODES
from tuttu.identity.rules import rules_of
from tuttu.vocabulary import facts, people, room, values
from tuttu.vocabulary.events import Event, FragmentId, PreferenceSet
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import Receipt


class FirstFact(msgspec.Struct, frozen=True, array_like=True, order=True):
    """The first fact about a fragment, by (time, id); of two alike the one with the smaller list.

    named: the fragments of all identifiers in it, of highest priority first.
    """

    time: values.Instant
    id: str
    named: tuple[FragmentId, ...]

    @property
    def moment(self) -> tuple[values.Instant, str]:
        return self.time, self.id


FIRST_FACTS = facts.Table("identity.first_facts", FirstFact, personal=True)


def with_first_facts(folds: room.Folds) -> room.Folds:
    """The room's other folds, each followed by this one. Every kind of fact that has one is theirs
    too."""

    def both(fold: facts.Fold) -> facts.Fold:
        def run(transaction: facts.Transaction, logged: facts.Logged) -> None:
            fold(transaction, logged)
            _fold(transaction, logged)

        return run

    kinds = (Event, PreferenceSet, Receipt)
    return {kind: both(fold) if kind in kinds else fold for kind, fold in folds.items()}


def _fold(transaction: facts.Transaction, logged: facts.Logged) -> None:
    fact, body = logged.fact, logged.fact.body
    if fact.fragment is None:
        return
    named: tuple[FragmentId, ...] = (fact.fragment,)
    if isinstance(body, Event):
        keys = (transaction.pseudonym(each.namespace, each.value) for each in body.identifiers)
        named = tuple(dict.fromkeys(keys))
    found = FirstFact(fact.time, fact.id, named)
    for key in named:
        known = transaction.get(FIRST_FACTS, key)
        if known is None or found < known:
            transaction.put(FIRST_FACTS, key, found)


def anchor_of(reader: facts.Reader, project: Project, customer: people.Customer) -> FragmentId:
    """From the customer's identifier of highest priority back through first facts: each time to the
    oldest fragment of theirs that the first fact names and that is older than that fact."""
    anchor = _start(reader, project, customer)
    own = set(customer.fragments)
    while (first := reader.get(FIRST_FACTS, anchor)) is not None:
        known = {
            key: reader.get(FIRST_FACTS, key) for key in first.named if key != anchor and key in own
        }
        older = {
            key: each.moment
            for key, each in known.items()
            if each is not None and each.moment < first.moment
        }
        if not older:
            break
        anchor = min(older, key=lambda key: older[key])
    return anchor


def _start(reader: facts.Reader, project: Project, customer: people.Customer) -> FragmentId:
    """Of several identifiers of the highest priority, and of several spellings, the one with the
    smallest first fact: so what is only spelled otherwise moves nobody."""
    known = [*_of_highest_priority(reader, project, customer)]
    if len(known) < 2:
        return known[0] if known else customer.oldest
    first = {key: reader.get(FIRST_FACTS, key) for key in known}
    told = {key: (*each.moment, key) for key, each in first.items() if each is not None}
    return min(told, key=lambda key: told[key]) if told else min(known)


def _of_highest_priority(
    reader: facts.Reader, project: Project, customer: people.Customer
) -> Iterator[FragmentId]:
    for each in customer.identifiers:
        if each.namespace == customer.identifiers[0].namespace:
            key = reader.pseudonym(each.namespace, each.value)
            node = reader.get(NODES, key + rules_of(project).part)
            yield key
            yield from () if node is None else node.spellings
