"""Who shares a household, an account, a company.

A fragment is a member of the group value that its *own* state names now: the newest value of the
group's key trait, which is written, or `first_known` of written ones. The index follows each
change of it, and is a function of the states alone.
"""

from collections.abc import Mapping

import msgspec

from tuttu.profile import plan
from tuttu.profile import records as r
from tuttu.vocabulary import company, conversion, events, facts, people
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Kind, Row, Type, Value

TEXT = Type(Kind.TEXT)


def group_members(
    reader: facts.Reader, customer: people.Customer, project: Project, group: str, row: Row
) -> tuple[events.FragmentId, ...]:
    """The fragments that share the customer's value of the group's key, their own included, in
    order. row: of the customer, as `read` gives it; where the key is NULL, they are alone."""
    members = set(customer.fragments)
    value = _text(row.get(project.profile.groups[group].key))
    if value is not None:
        prefix = reader.pseudonym(_namespace(plan.plan_of(project).groups[group]), value)
        reader.get(r.ROLLS, prefix)
        members |= {key[len(prefix) :] for key, _ in reader.scan(r.MEMBERS, prefix)}
    return tuple(sorted(members))


def moved(
    transaction: facts.Transaction,
    fragment: events.FragmentId,
    state: r.Fragment,
    project: Project,
    ids: Mapping[str, r.DefinitionId],
) -> r.Fragment:
    """The state of a fragment that was moved from the values of these groups that it was a member
    of to those it names now; ids: of the groups, by name."""
    written, named = plan.plan_of(project).written, dict(state.groups)
    for name, one in ids.items():
        before = named.get(one)
        after = _text(_own(project.profile, written, state, project.profile.groups[name].key))
        if after == before:
            continue
        if before is not None:
            prefix = transaction.pseudonym(_namespace(one), before)
            transaction.delete(r.MEMBERS, prefix + fragment)
            _count(transaction, prefix, -1)
            del named[one]
        if after is not None:
            prefix = transaction.pseudonym(_namespace(one), after)
            transaction.put(r.MEMBERS, prefix + fragment, r.GroupMember())
            _count(transaction, prefix, +1)
            named[one] = after
    return state if named == state.groups else msgspec.structs.replace(state, groups=named)


def _count(transaction: facts.Transaction, prefix: bytes, more: int) -> None:
    members = (transaction.get(r.ROLLS, prefix) or r.Roll()).members + more
    if members:
        transaction.put(r.ROLLS, prefix, r.Roll(members))
    else:
        transaction.delete(r.ROLLS, prefix)


def _own(
    profile: company.Profile, ids: Mapping[str, r.DefinitionId], state: r.Fragment, column: str
) -> Value:
    """A trait or ``source.trait``, as the fragment alone knows it. ids: of written traits."""
    trait = profile.traits.get(column)
    if trait is None:
        source, _, name = column.partition(".")
        stamped = state.written.get(ids.get(name, b""), {}).get(source)
        return stamped.value if stamped else None
    if trait.first_known:
        values = (_own(profile, ids, state, one) for one in trait.first_known)
        return next((value for value in values if value is not None), None)
    return r.last_written(state.written.get(ids.get(column, b""), {}))


def _namespace(group: r.DefinitionId) -> str:
    return f"group:{group.hex()}"


def _text(value: Value) -> str | None:
    text = conversion.convert(value, TEXT)
    return text if isinstance(text, str) else None
