"""The fold: from facts to nodes, pairs and customers."""

from __future__ import annotations

from collections.abc import Iterator

from tuttu.identity.evidence import Link, links_of
from tuttu.identity.joining import connect
from tuttu.identity.register import Register
from tuttu.identity.settling import settle
from tuttu.vocabulary.events import Event, FragmentId, PreferenceSet, Unmerge
from tuttu.vocabulary.facts import Fact, Fold, Logged, Transaction
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import Receipt


def make_fold(project: Project) -> Fold:
    """State after it is a function of the set of facts, in whatever order they came."""

    def fold(transaction: Transaction, logged: Logged) -> None:
        fact = logged.fact
        if not isinstance(fact.body, Event | Unmerge | PreferenceSet | Receipt):
            return
        register = Register(transaction, project.namespaces)
        for key in _owners(fact):
            register.introduce(key)
            register.has_own(key, fact.time)
        if isinstance(fact.body, Event):
            _take_event(register, fact.body)
        elif isinstance(fact.body, Unmerge):
            _take_unmerge(register, fact.body)
        register.flush()

    return fold


def _owners(fact: Fact) -> Iterator[FragmentId]:
    """The fragments under which some room keeps state because of this fact."""
    if isinstance(fact.body, Receipt):
        yield from dict.fromkeys(contact.fragment for contact in fact.body.contacts)
    elif fact.fragment is not None and isinstance(fact.body, Event | PreferenceSet):
        yield fact.fragment


def _take_event(register: Register, event: Event) -> None:
    keys = {identifier: register.key_of(identifier) for identifier in event.identifiers}
    for identifier, key in keys.items():
        register.introduce(key, identifier)
    for link in links_of(event, register.namespaces):
        connect(register, Link(keys[link.one], keys[link.other], link.evidence, link.alias))


def _take_unmerge(register: Register, unmerge: Unmerge) -> None:
    """From now on, and as if from ever, the two are never one customer."""
    ends = register.key_of(unmerge.one), register.key_of(unmerge.other)
    one, other = ends
    if one == other or other in register.barred(one):
        return
    register.bar(one, other)
    register.bar(other, one)
    homes = {register.home(one)} if _are_one(register, one, other) else set()
    if register.pair(one, other) is not None:
        homes |= {register.home(key) for key in ends if register.gain_partners(key, -1)}
        for key in ends:
            _rename(register, key)
    if homes:
        settle(register, homes)


def _are_one(register: Register, one: FragmentId, other: FragmentId) -> bool:
    known = register.knows(one) and register.knows(other)
    return known and register.home(one) == register.home(other)


def _rename(register: Register, key: FragmentId) -> None:
    """Forget the times at which only unmerged evidence named the node."""
    barred = register.barred(key)
    live = (
        neighbour.pair.first
        for partner, neighbour in register.neighbours(key)
        if partner not in barred
    )
    register.is_named(key, min(live, default=None))
