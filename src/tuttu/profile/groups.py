"""Who shares a household, an account, a company.

A fragment is a member of the group value that its *own* state names now: the newest value of the
group's key trait, which is written, or `first_known` of written ones. The index follows each
change of it, and is a function of the states alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from tuttu.profile.records import MEMBERS, ROLLS, Fragment, Member, Roll, last_written
from tuttu.vocabulary.company import Profile
from tuttu.vocabulary.conversion import convert
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Reader, Transaction
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Kind, Row, Type, Value

TEXT = Type(Kind.TEXT)

Named = Mapping[str, str]
"""Group to the value that a fragment names, as text."""


def group_members(
    reader: Reader, customer: Customer, project: Project, group: str, row: Row
) -> tuple[FragmentId, ...]:
    """The fragments that share the customer's value of the group's key, his own included, in
    order. row: of the customer, as `read` gives it; where the key is NULL, he is alone."""
    members = set(customer.fragments)
    value = _text(row.get(project.profile.groups[group].key))
    if value is not None:
        prefix = reader.pseudonym(_namespace(group), value)
        reader.get(ROLLS, prefix)
        members |= {key[len(prefix) :] for key, _ in reader.scan(MEMBERS, prefix)}
    return tuple(sorted(members))


def named(profile: Profile, state: Fragment) -> Named:
    """What a fragment's own state says of each group."""
    values = {name: _own(profile, state, group.key) for name, group in profile.groups.items()}
    texts = {name: _text(value) for name, value in values.items()}
    return {name: text for name, text in texts.items() if text is not None}


def move(transaction: Transaction, fragment: FragmentId, before: Named, after: Named) -> None:
    """Takes a fragment from the group values it named to those it names."""
    for group, value in before.items() - after.items():
        prefix = transaction.pseudonym(_namespace(group), value)
        transaction.delete(MEMBERS, prefix + fragment)
        _count(transaction, prefix, -1)
    for group, value in after.items() - before.items():
        prefix = transaction.pseudonym(_namespace(group), value)
        transaction.put(MEMBERS, prefix + fragment, Member())
        _count(transaction, prefix, +1)


def _count(transaction: Transaction, prefix: bytes, more: int) -> None:
    roll = transaction.get(ROLLS, prefix) or Roll()
    roll.members += more
    if roll.members:
        transaction.put(ROLLS, prefix, roll)
    else:
        transaction.delete(ROLLS, prefix)


def _own(profile: Profile, state: Fragment, column: str) -> Value:
    """A trait or ``source.trait``, as the fragment alone knows it."""
    trait = profile.traits.get(column)
    if trait is None:
        source, _, name = column.partition(".")
        stamped = state.written.get(name, {}).get(source)
        return stamped.value if stamped else None
    if trait.first_known:
        values = (_own(profile, state, one) for one in trait.first_known)
        return next((value for value in values if value is not None), None)
    return last_written(state.written.get(column, {}))


def _namespace(group: str) -> str:
    return f"group:{group}"


def _text(value: Value) -> str | None:
    text = convert(value, TEXT)
    return text if isinstance(text, str) else None
