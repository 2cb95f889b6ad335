"""The fold: from facts to nodes, pairs and customers."""

from __future__ import annotations

from collections.abc import Iterator

from tuttu.identity.evidence import Link, links_of
from tuttu.identity.joining import connect
from tuttu.identity.register import Named, Register, name_by
from tuttu.identity.settling import settle
from tuttu.vocabulary.events import Event, FragmentId, Identifier, PreferenceSet, Unmerge
from tuttu.vocabulary.facts import Fact, Logged, Transaction
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Folds
from tuttu.vocabulary.verdicts import Receipt


def folds(project: Project) -> Folds:
    """State after it is a function of the set of facts, in whatever order they came."""

    def fold(transaction: Transaction, logged: Logged) -> None:
        fact = logged.fact
        register = Register(transaction, project.namespaces)
        for key, identifier in _owners(fact):
            register.introduce(key, identifier)
            register.has_own(key, fact.time)
        if isinstance(fact.body, Event):
            _take_event(register, fact.body)
        elif isinstance(fact.body, Unmerge):
            _take_unmerge(register, fact.body)
        register.flush()

    return dict.fromkeys((Event, Unmerge, PreferenceSet, Receipt), fold)


def _owners(fact: Fact) -> Iterator[tuple[FragmentId, Identifier | None]]:
    """The fragments under which some room keeps state because of this fact, with their names where
    it says them."""
    match fact.body:
        case Receipt(customer=asked, who=who, contacts=contacts):
            for key in dict.fromkeys(contact.fragment for contact in contacts):
                yield key, who if key == asked else None
        case PreferenceSet(who=who) if fact.fragment is not None:
            yield fact.fragment, who
        case Event(identifiers=identifiers) if fact.fragment is not None:
            yield fact.fragment, identifiers[0]


def _take_event(register: Register, event: Event) -> None:
    keys = {identifier: register.key_of(identifier) for identifier in event.identifiers}
    for identifier, key in keys.items():
        register.introduce(key, identifier)
    for link in links_of(event, register.namespaces):
        connect(register, Link(keys[link.one], keys[link.other], link.evidence, link.alias))


def _take_unmerge(register: Register, unmerge: Unmerge) -> None:
    """From now on, and as if from ever, the one is never one customer with any of the others."""
    one = register.key_of(unmerge.one)
    homes: set[FragmentId] = set()
    for other in map(register.key_of, (unmerge.other, *unmerge.more)):
        if one != other and other not in register.barred(one):
            homes |= _part(register, one, other)
    if homes:
        settle(register, homes)


def _part(register: Register, one: FragmentId, other: FragmentId) -> set[FragmentId]:
    """Bar the pair; the homes that have to be settled because of it."""
    ends = one, other
    register.bar(one, other)
    register.bar(other, one)
    homes = {register.home(one)} if _are_one(register, one, other) else set()
    if register.pair(one, other) is not None:
        homes |= {register.home(key) for key in ends if register.gain_partners(key, -1)}
        for key in ends:
            _rename(register, key)
    return homes


def _are_one(register: Register, one: FragmentId, other: FragmentId) -> bool:
    known = register.knows(one) and register.knows(other)
    return known and register.home(one) == register.home(other)


def _rename(register: Register, key: FragmentId) -> None:
    """Forget what only unmerged evidence said of the node."""
    barred, said = register.barred(key), Named()
    for partner, neighbour in register.neighbours(key):
        if partner not in barred:
            said = name_by(said, neighbour.pair, neighbour.kind)
    register.names(key, said)
