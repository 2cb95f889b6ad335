"""What an event says about who is one person."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from tuttu.identity.records import Evidence, SetEvidence
from tuttu.vocabulary import company, events

K = TypeVar("K")

ALIAS = "alias"


class IdentityLink(msgspec.Struct, Generic[K], frozen=True):
    """Evidence that two nodes are one person; `alias`: it may join two values of a namespace
    that allows it."""

    one: K
    other: K
    evidence: Evidence | SetEvidence
    alias: bool = False


def links_of(
    event: events.Event,
    identifiers: Sequence[events.Identifier],
    namespaces: Mapping[str, company.Namespace],
) -> Iterator[IdentityLink[events.Identifier]]:
    """The links of an event, whose identifiers are given as they are spelled now: a star from the
    one of highest priority.

    In an alias call, an identifier of the same namespace as one before it is linked to that one:
    this pair, and no other, may pass the limit of one value. The strength is the one that the
    lower namespace declares for the call, else its ``default``, else 0.
    """
    seen: dict[str, events.Identifier] = {}
    for place, identifier in enumerate(identifiers):
        alike = seen.setdefault(identifier.namespace, identifier)
        alias = event.call == ALIAS and alike is not identifier
        one = alike if alias else identifiers[0]
        if one is not identifier:
            strength = strength_of(namespaces[identifier.namespace], event.call)
            evidence = Evidence(strength, event.time, event.id, place)
            yield IdentityLink(one, identifier, evidence, alias)


def strength_of(namespace: company.Namespace, call: str) -> int:
    return namespace.strength.get(call, namespace.strength.get("default", 0))


def live_links(
    links: Iterable[IdentityLink[K]], barred: Collection[frozenset[K]]
) -> list[IdentityLink[K]]:
    """The links that nobody has unmerged."""
    return [link for link in links if frozenset((link.one, link.other)) not in barred]
