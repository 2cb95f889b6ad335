"""The fold: from facts to nodes, pairs and customers."""

from collections.abc import Iterator

from tuttu.identity import evidence, joining, records, sets
from tuttu.identity.graph_state import GraphState
from tuttu.identity.repartition import repartition
from tuttu.identity.rules import rules_of
from tuttu.vocabulary import facts, history, room, verdicts
from tuttu.vocabulary.events import Event, FragmentId, Identifier, PreferenceSet, Unmerge
from tuttu.vocabulary.project import Project


def parts(project: Project) -> frozenset[history.Part]:
    """The one under which state by the project's rules is kept."""
    return frozenset({rules_of(project).part})


def filler(project: Project, behind: history.Behind) -> room.Folds:
    """The folds of a backfill."""

    def after(fold: facts.Fold) -> facts.Fold:
        def run(transaction: facts.Transaction, logged: facts.Logged) -> None:
            if behind.at(logged.position):
                fold(transaction, logged)

        return run

    return {kind: after(fold) for kind, fold in folds(project).items()}


def folds(project: Project) -> room.Folds:
    """State after it is a function of the set of facts, in whatever order they came."""
    part = rules_of(project).part

    def fold(transaction: facts.Transaction, logged: facts.Logged) -> None:
        fact, body = logged.fact, logged.fact.body
        if isinstance(body, Event) and fact.fragment is not None:
            node = transaction.get(records.NODES, fact.fragment + part)
            known = node is not None and node.own is not None and node.own <= fact.time
            if node is not None and known and body.identifiers == (node.identifier,):
                return
        elif isinstance(body, verdicts.Receipt) and not body.contacts:
            return
        graph = GraphState(transaction, project)
        for key, identifier in owners(fact):
            graph.add_node(key, identifier)
            graph.add_own_fact(key, fact.time)
        if isinstance(body, Event):
            _add_event(graph, body)
        elif isinstance(body, Unmerge):
            _unmerge(graph, body)
        graph.flush()

    own: room.Folds = dict.fromkeys((Event, Unmerge, PreferenceSet, verdicts.Receipt), fold)
    return {**own, **sets.folds(project)}


def owners(fact: facts.Fact) -> Iterator[tuple[FragmentId, Identifier | None]]:
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
    identifiers = graph.rules.of(event.identifiers)
    keys = {identifier: graph.key_of(identifier) for identifier in identifiers}
    for identifier in (*identifiers, *graph.rules.respelled(event.identifiers)):
        graph.add_node(graph.key_of(identifier), identifier)
    for link in evidence.links_of(event, identifiers, graph.namespaces):
        ends = keys[link.one], keys[link.other]
        joining.add_evidence(graph, evidence.IdentityLink(*ends, link.evidence, link.alias))


def _unmerge(graph: GraphState, unmerge: Unmerge) -> None:
    """From now on, and as if from ever, the one is never one customer with any of the others."""
    homes: set[FragmentId] = set()
    first = graph.rules.present(unmerge.one)
    if first is None:
        return
    one = graph.key_of(first)
    for each in (unmerge.other, *unmerge.more):
        named = graph.rules.present(each)
        other = one if named is None else graph.key_of(named)
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
