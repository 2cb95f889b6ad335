"""The fold: from facts to nodes, pairs and customers."""

from collections.abc import Iterator

from tuttu.identity import evidence, joining, records
from tuttu.identity.graph_state import GraphState
from tuttu.identity.repartition import repartition
from tuttu.vocabulary import facts, room, verdicts
from tuttu.vocabulary.events import Event, FragmentId, Identifier, PreferenceSet, Unmerge
from tuttu.vocabulary.project import Project


def folds(project: Project) -> room.Folds:
    """State after it is a function of the set of facts, in whatever order they came."""

    def fold(transaction: facts.Transaction, logged: facts.Logged) -> None:
        fact, body = logged.fact, logged.fact.body
        if isinstance(body, Event) and fact.fragment is not None:
            node = transaction.get(records.NODES, fact.fragment) or records.Node(home=b"")
            known = node.own is not None and node.own <= fact.time
            if known and body.identifiers == (node.identifier,):
                return
        elif isinstance(body, verdicts.Receipt) and not body.contacts:
            return
        graph = GraphState(transaction, project.namespaces)
        for key, identifier in _owners(fact):
            graph.add_node(key, identifier)
            graph.add_own_fact(key, fact.time)
        if isinstance(body, Event):
            _add_event(graph, body)
        elif isinstance(body, Unmerge):
            _unmerge(graph, body)
        graph.flush()

    return dict.fromkeys((Event, Unmerge, PreferenceSet, verdicts.Receipt), fold)


def _owners(fact: facts.Fact) -> Iterator[tuple[FragmentId, Identifier | None]]:
    """The fragments under which some room keeps state because of this fact, with their names where
    it says them."""
    match fact.body:
        case verdicts.Receipt(customer=asked, who=who, contacts=contacts):
            for key in dict.fromkeys(contact.fragment for contact in contacts):
                yield key, who if key == asked else None
        case PreferenceSet(who=who) if fact.fragment is not None:
            yield fact.fragment, who
        case Event(identifiers=identifiers) if fact.fragment is not None:
            yield fact.fragment, identifiers[0]


def _add_event(graph: GraphState, event: Event) -> None:
    keys = {identifier: graph.key_of(identifier) for identifier in event.identifiers}
    for identifier, key in keys.items():
        graph.add_node(key, identifier)
    for link in evidence.links_of(event, graph.namespaces):
        ends = keys[link.one], keys[link.other]
        joining.add_evidence(graph, evidence.IdentityLink(*ends, link.evidence, link.alias))


def _unmerge(graph: GraphState, unmerge: Unmerge) -> None:
    """From now on, and as if from ever, the one is never one customer with any of the others."""
    one = graph.key_of(unmerge.one)
    homes: set[FragmentId] = set()
    for other in map(graph.key_of, (unmerge.other, *unmerge.more)):
        if one != other and other not in graph.barred(one):
            homes |= _bar(graph, one, other)
    if homes:
        repartition(graph, homes)


def _bar(graph: GraphState, one: FragmentId, other: FragmentId) -> set[FragmentId]:
    """Bar the pair; the homes that have to be partitioned again because of it."""
    ends = one, other
    graph.bar(one, other)
    graph.bar(other, one)
    homes = {graph.home(key) for key in ends if graph.knows(key)}
    if graph.pair(one, other) is not None:
        passed = [key for key in ends if graph.add_partner(key, -1)]
        for key in ends:
            joining.name_again(graph, key)
        homes |= joining.flipped(graph, passed)
    return homes
