"""Engines beside an engine: the same facts, some of them left out, folded again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

import msgspec
from tests import builders
from tests.laws.judging import People
from tests.laws.saying import NAMES, Name

from tuttu import engine as use
from tuttu import identity
from tuttu.engine import ROOMS, Runtime
from tuttu.storage import Store
from tuttu.versions import FixedVersion
from tuttu.vocabulary import errors
from tuttu.vocabulary.clock import Clock
from tuttu.vocabulary.events import Event, Identifier, Unmerge
from tuttu.vocabulary.facts import Fact
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project

Fresh = Callable[[Clock], AbstractContextManager[Runtime]]
"""An engine over an empty store."""


def over(project: Project, store: Store, clock: Clock) -> Runtime:
    """An engine of one version of a project."""
    return Runtime(store, clock, FixedVersion(project, ROOMS, store))


def facts(engine: Runtime) -> list[Fact]:
    """Everything in the log, in its order."""
    with engine.store.read() as snapshot:
        return [logged.fact for logged in snapshot.facts(limit=1_000_000)]


@contextmanager
def twin(engine: Runtime, told: Iterable[Fact], clock: Clock) -> Iterator[Runtime]:
    """A scratch engine in which people have the same pseudonyms, after these facts."""
    with closing(over(engine.project, engine.store.scratch(), clock)) as other:
        builders.commit(other.store, *told)
        yield other


def without(told: Iterable[Fact], forbidden: set[frozenset[Name]]) -> list[Fact] | None:
    """The facts without unmerges, and without the evidence on these pairs: of each link, the name
    that its event did not come under is left out. None where that would be to say something else:
    in an alias, leaving the new name out links the old one to another."""
    left = [_bereft(fact, forbidden) for fact in told if not isinstance(fact.body, Unmerge)]
    return None if None in left else [fact for fact in left if fact is not None]


def _bereft(fact: Fact, forbidden: set[frozenset[Name]]) -> Fact | None:
    event = fact.body
    if not isinstance(event, Event):
        return fact
    first: dict[str, Identifier] = {}
    gone: set[Identifier] = set()
    for name in event.identifiers:
        alike = first.setdefault(name.namespace, name)
        alias = event.call == "alias" and alike is not name
        one = alike if alias else event.identifiers[0]
        if one is not name and frozenset((_pair(one), _pair(name))) in forbidden:
            gone.add(name)
        elif alias and alike in gone:
            return None
    kept = tuple(name for name in event.identifiers if name not in gone)
    return msgspec.structs.replace(fact, body=msgspec.structs.replace(event, identifiers=kept))


def _pair(identifier: Identifier) -> Name:
    return identifier.namespace, identifier.value


def customers(engine: Runtime) -> dict[Name, Customer]:
    """Everybody's customer, from one snapshot; nobody's look is recorded."""
    with engine.store.read() as snapshot:
        return {
            name: identity.resolve(snapshot, engine.project, Identifier(*name)) for name in NAMES
        }


def people(engine: Runtime) -> dict[Name, People]:
    """Each person with those who are the same customer."""
    return {
        name: frozenset(map(_pair, customer.identifiers))
        for name, customer in customers(engine).items()
    }


def forbidden(engine: Runtime) -> set[frozenset[Name]]:
    """The pairs whose evidence an unmerge forbids."""
    found = customers(engine)
    with engine.store.read() as snapshot:
        return {
            frozenset((_pair(link.one), _pair(link.other)))
            for customer in found.values()
            for link in identity.refused_links(snapshot, engine.project, customer)
            if link.reason == identity.UNMERGED
        }


def views(engine: Runtime) -> dict[People, Any]:
    """Of each customer: all that the API shows of them, but for evidence that joined nobody, and
    the age of their fragments, which such evidence affects too; of an identifier that several
    people use, who these are."""
    found: dict[People, Any] = {}
    for group in set(people(engine).values()):
        who = dict([min(group)])
        try:
            picture = use.customer(engine, who, "law")
        except errors.Ambiguous as several:
            found[group] = sorted(each.initials for each in several.candidates)
            continue
        parts = sorted(each.id for each in picture.parts)
        bare = msgspec.structs.replace(picture, refused_links=[], parts=[])
        chosen = use.preferences(engine, who, "law")
        found[group] = (msgspec.to_builtins(bare), parts, msgspec.to_builtins(chosen))
    return found
