"""One more piece of evidence: what it changes, looking only at the customers it touches."""

from __future__ import annotations

from tuttu.identity.evidence import Link
from tuttu.identity.partition import Situation, added, clash, group
from tuttu.identity.records import JOINED, Evidence, Pair, keeps_date
from tuttu.identity.register import Register, name_by, said_of
from tuttu.identity.settling import links_of_pair, settle
from tuttu.vocabulary.events import FragmentId

KeyLink = Link[FragmentId]


def connect(register: Register, link: KeyLink) -> None:
    """Keep the link as evidence, and join or part whom it joins or parts."""
    before = register.pair(link.one, link.other)
    after = with_evidence(before, link)
    if after == before:
        return
    live = link.other not in register.barred(link.one)
    if live:
        _name(register, link, after)
    if before is None:
        _meet(register, link, after, live=live)
    elif live and _counts(register, link):
        _admit(register, link, after)
        register.flush()
        _redate(register, link, before, after)
    else:
        register.put_pair(link.one, link.other, after)
    register.flush()


def with_evidence(pair: Pair | None, link: KeyLink) -> Pair:
    """The pair with one more piece of evidence, of which the best is kept."""
    new = link.evidence
    if pair is None:
        pair = Pair(new.time)
    plain, alias = pair.plain, pair.alias
    if link.alias:
        alias = _better(alias, new)
    else:
        plain = _better(plain, new)
    return Pair(min(pair.first, new.time), plain, alias)


def _better(old: Evidence | None, new: Evidence) -> Evidence:
    return new if old is None or new.rank < old.rank else old


def _name(register: Register, link: KeyLink, pair: Pair) -> None:
    for key, partner in ((link.one, link.other), (link.other, link.one)):
        register.names(key, name_by(said_of(register.node(key)), pair, register.kind(partner)))


def _counts(register: Register, link: KeyLink) -> bool:
    return not register.is_void(link.one) and not register.is_void(link.other)


def _meet(register: Register, link: KeyLink, pair: Pair, *, live: bool) -> None:
    """A pair that no event has named before."""
    ends = (link.one, link.other)
    passed = [key for key in ends if live and register.gain_partners(key, 1)]
    if live and _counts(register, link):
        _admit(register, link, pair)
        return
    register.put_pair(*ends, pair)
    if passed:
        settle(register, {register.home(key) for key in passed})


def _admit(register: Register, link: KeyLink, pair: Pair) -> None:
    """Let a link that counts take its place among the others.

    Within one customer it changes nothing, unless alias has given him several values of a unique
    namespace. Between two customers who may be one it joins them: no earlier or later link can
    have been refused, or be refused now, because of it. In all other cases the links of these two
    decide, taken in order again; and only if this one is taken, the others around them too.
    """
    one, other = register.home(link.one), register.home(link.other)
    if one != other and _may_unite(register, link):
        _unite(register, one, other)
        register.put_pair(link.one, link.other, pair)
        return
    register.put_pair(link.one, link.other, pair)
    several = max(register.head(one).unique.values(), default=0) > 1
    if (one != other or several) and _matters(register, link):
        settle(register, {one, other})


def _may_unite(register: Register, link: KeyLink) -> bool:
    one, other = (register.head(register.home(key)) for key in (link.one, link.other))
    if (one.barred and other.barred) or (link.alias and one.contested and other.contested):
        return False
    aliased = register.kind(link.other) if link.alias else None
    return clash(one.unique, other.unique, aliased, register.namespaces) is None


def _unite(register: Register, one: FragmentId, other: FragmentId) -> None:
    """Two whole customers become one, at the smaller of their homes."""
    home, left = min(one, other), max(one, other)
    gone = register.head(left)
    for key in register.leave(left):
        register.change(key).home = home
    head = register.change_head(home)
    head.size += gone.size
    head.unique = added(head.unique, gone.unique)
    head.contested |= gone.contested
    head.barred |= gone.barred
    times = [time for time in (head.joined_at, gone.joined_at) if time is not None]
    head.joined_at = max(times, default=None) if keeps_date(head) else None


def _matters(register: Register, link: KeyLink) -> bool:
    """Whether the link, taken in its place, joins what was not joined by then."""
    homes = {register.home(link.one), register.home(link.other)}
    members = {key for home in homes for key in register.members(home)}
    before = [
        each
        for key in members
        for partner, neighbour in register.neighbours(key, JOINED)
        if key < partner
        for each in links_of_pair(key, partner, neighbour.pair)
        if each.evidence.rank < link.evidence.rank
    ]
    situation = Situation(
        {key: register.kind(key) for key in members},
        {key: register.barred(key) for key in members},
        register.namespaces,
    )
    groups = group(before, situation)
    return not groups.same(link.one, link.other) and not groups.refuses(link)


def _redate(register: Register, link: KeyLink, before: Pair, after: Pair) -> None:
    """The pair was named together earlier than was known: so its customer may be older, too."""
    home = register.home(link.one)
    if home != register.home(link.other) or after.first == before.first:
        return
    head = register.change_head(home)
    if head.joined_at == before.first:
        head.joined_at = max(
            neighbour.pair.first
            for key in register.members(home)
            for _, neighbour in register.neighbours(key, JOINED)
        )
