"""What other rules would change of who is who, in numbers, before they are made the rules.

Told from the log alone and by the definition of the partition: nothing is written, and state of any
form, or none, is kept meanwhile. All evidence is in memory at once, the best of each pair.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable

import msgspec

from tuttu.identity.evidence import IdentityLink, links_of
from tuttu.identity.fold import owners
from tuttu.identity.heard_claims import Claims
from tuttu.identity.partition import partition
from tuttu.identity.rules import Rules, rules_of
from tuttu.vocabulary import events, facts
from tuttu.vocabulary.events import FragmentId, Identifier
from tuttu.vocabulary.project import Project


class IdentityChange(msgspec.Struct, frozen=True, kw_only=True):
    """before, after: customers with a fact of their own. respelled: known identifiers that get
    another spelling; nobodies: those that name nobody any more. joined: customers who were several
    before; parted: customers who will be several."""

    before: int = 0
    after: int = 0
    respelled: int = 0
    nobodies: int = 0
    joined: int = 0
    parted: int = 0


def rehearse(reader: facts.Reader, before: Project, after: Project) -> IdentityChange:
    """What becomes of everybody when the one version follows the other."""
    old, new = _Everybody(rules_of(before)), _Everybody(rules_of(after))
    for logged in facts.facts_between(reader, 0, reader.position):
        for each in (old, new):
            each.hear(logged.fact)
    was, becomes = old.customers(reader), new.customers(reader)
    read = [(old.rules.present(each), new.rules.present(each)) for each in old.known | new.known]
    pairs = {(was[key], becomes[key]) for key in was}
    return IdentityChange(
        before=len({customer for customer, _ in pairs}),
        after=len({customer for _, customer in pairs}),
        respelled=sum(None not in each and each[0] != each[1] for each in read),
        nobodies=sum(one is not None and other is None for one, other in read),
        joined=_of_several(pairs),
        parted=_of_several((other, one) for one, other in pairs),
    )


def _of_several(pairs: Iterable[tuple[Hashable, Hashable]]) -> int:
    """How many of the second stand in several pairs."""
    found: dict[Hashable, int] = defaultdict(int)
    for _, each in pairs:
        found[each] += 1
    return sum(count > 1 for count in found.values())


class _Everybody:
    """All evidence as some rules read it. known: identifiers as they came."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.known: set[Identifier] = set()
        self._owners: dict[FragmentId, Identifier | None] = {}
        self._links: dict[tuple[Identifier, Identifier, bool], IdentityLink[Identifier]] = {}
        self._unmerged: set[frozenset[Identifier]] = set()
        self._claims = Claims()

    def hear(self, fact: facts.Fact) -> None:
        for key, identifier in owners(fact):
            self._owners[key] = self._owners.get(key) or identifier
        if isinstance(fact.body, events.Event):
            self.known.update(fact.body.identifiers)
            identifiers = self.rules.of(fact.body.identifiers)
            for link in links_of(fact.body, identifiers, self.rules.namespaces):
                place = link.one, link.other, link.alias
                best = self._links.setdefault(place, link)
                if link.evidence.rank < best.evidence.rank:
                    self._links[place] = link
        elif isinstance(fact.body, events.LinkClaimed | events.LinksClosed):
            self._claims.hear(fact.body, fact.time)
        elif isinstance(fact.body, events.Unmerge):
            one, *others = map(
                self.rules.present, (fact.body.one, fact.body.other, *fact.body.more)
            )
            self._unmerged |= {
                frozenset({one, other}) for other in others if one and other and one != other
            }

    def customers(self, reader: facts.Reader) -> dict[FragmentId, Hashable]:
        """Each fragment with a fact, and who its customer is: the same for those of one."""
        named = {reader.pseudonym(each.namespace, each.value): each for each in self.known}
        owners = {key: each or named.get(key) for key, each in self._owners.items()}
        present = {
            key: None if each is None else self.rules.present(each) for key, each in owners.items()
        }
        nodes = {now for each in self.known if (now := self.rules.present(each)) is not None}
        nodes |= {now for now in present.values() if now is not None}
        claimed = self._claims.links(self.rules)
        nodes |= {each for link in claimed for each in (link.one, link.other)}
        links = [*self._links.values(), *claimed]
        groups = partition(nodes, links, self._unmerged, self.rules.namespaces)
        by_node = {node: number for number, group in enumerate(groups) for node in group}
        return {key: key if now is None else by_node[now] for key, now in present.items()}
