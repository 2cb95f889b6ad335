"""Identifiers that several people use."""

from collections.abc import Sequence
from typing import Literal

from tuttu.identity.graph import Graph
from tuttu.identity.partition import strongest
from tuttu.identity.resolve import resolve_fragment
from tuttu.vocabulary import events, facts, people
from tuttu.vocabulary.project import Project

Sharing = Literal["shared", "crowd"]


def sharing(
    reader: facts.Reader, project: Project, identifier: events.Identifier
) -> Sharing | None:
    """Whether several people use the identifier, or more than are worth listing; None: one does."""
    graph = Graph(reader, project)
    key = graph.key_of(identifier)
    namespace = project.namespaces.get(identifier.namespace)
    if namespace is None or not graph.knows(key):
        return None
    people = graph.node(key).people
    if graph.is_crowd(key) or (namespace.limit is not None and people > max(namespace.limit, 1)):
        return "crowd"
    return "shared" if people > 1 else None


def personal(
    reader: facts.Reader, project: Project, identifiers: Sequence[events.Identifier]
) -> events.Identifier:
    """Of several identifiers of one who asks, highest priority first: the first that is neither
    shared nor a crowd; if all are, the first."""
    single = (each for each in identifiers if sharing(reader, project, each) is None)
    return next(single, identifiers[0])


MOST_CANDIDATES = 20
"""Of an identifier without a limit; more are told as little as a crowd."""


def candidates(
    reader: facts.Reader, project: Project, identifier: events.Identifier
) -> tuple[people.Customer, ...]:
    """The customers that a shared identifier reaches; none of a crowd. In an order that says
    nothing."""
    if sharing(reader, project, identifier) != "shared":
        return ()
    graph = Graph(reader, project)
    reached = strongest(graph.links_at(graph.key_of(identifier)))
    homes = sorted({graph.home(link.one) for link in reached})
    if len(homes) > MOST_CANDIDATES:
        return ()
    return tuple(resolve_fragment(reader, project, home) for home in homes)
