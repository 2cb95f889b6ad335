"""Identifiers that several people use."""

from collections.abc import Sequence
from typing import Literal

from tuttu.identity.graph import Graph
from tuttu.vocabulary import events, facts
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
