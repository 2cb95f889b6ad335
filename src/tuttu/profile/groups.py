"""Who shares a household, an account, a company.

A fragment is a member of the group value that its *own* state names now: the newest value of the
group's key trait, which is written, or `first_known` of written ones. The index follows each
change of it, and is a function of the states alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from tuttu.profile.plan import plan_of
from tuttu.profile.records import (
    MEMBERS,
    ROLLS,
    Fragment,
    Member,
    Roll,
    Slot,
    Stamped,
    last_written,
)
from tuttu.vocabulary.company import Profile
from tuttu.vocabulary.conversion import convert
from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Reader, Transaction
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Kind, Row, Type, Value

TEXT = Type(Kind.TEXT)


def group_members(
    reader: Reader, customer: Customer, project: Project, group: str, row: Row
) -> tuple[FragmentId, ...]:
    """The fragments that share the customer's value of the group's key, his own included, in
    order. row: of the customer, as `read` gives it; where the key is NULL, he is alone."""
    members = set(customer.fragments)
    value = _text(row.get(project.profile.groups[group].key))
    if value is not None:
        prefix = reader.pseudonym(_namespace(plan_of(project).groups[group]), value)
        reader.get(ROLLS, prefix)
        members |= {key[len(prefix) :] for key, _ in reader.scan(MEMBERS, prefix)}
    return tuple(sorted(members))


def settle(
    transaction: Transaction,
    fragment: FragmentId,
    state: Fragment,
    project: Project,
    slots: Mapping[str, Slot],
) -> None:
    """Takes a fragment from the values of these groups that it was a member of to those it names
    now."""
    told = plan_of(project).told
    for name, slot in slots.items():
        before = state.groups.get(slot)
        after = _text(_own(project.profile, told, state, project.profile.groups[name].key))
        if after == before:
            continue
        if before is not None:
            prefix = transaction.pseudonym(_namespace(slot), before)
            transaction.delete(MEMBERS, prefix + fragment)
            _count(transaction, prefix, -1)
            del state.groups[slot]
        if after is not None:
            prefix = transaction.pseudonym(_namespace(slot), after)
            transaction.put(MEMBERS, prefix + fragment, Member())
            _count(transaction, prefix, +1)
            state.groups[slot] = after


def _count(transaction: Transaction, prefix: bytes, more: int) -> None:
    roll = transaction.get(ROLLS, prefix) or Roll()
    roll.members += more
    if roll.members:
        transaction.put(ROLLS, prefix, roll)
    else:
        transaction.delete(ROLLS, prefix)


def _own(profile: Profile, told: Mapping[str, Slot], state: Fragment, column: str) -> Value:
    """A trait or ``source.trait``, as the fragment alone knows it."""
    trait = profile.traits.get(column)
    if trait is None:
        source, _, name = column.partition(".")
        stamped = _told(told, state, name).get(source)
        return stamped.value if stamped else None
    if trait.first_known:
        values = (_own(profile, told, state, one) for one in trait.first_known)
        return next((value for value in values if value is not None), None)
    return last_written(_told(told, state, column))


def _told(slots: Mapping[str, Slot], state: Fragment, name: str) -> Mapping[str, Stamped]:
    slot = slots.get(name)
    return {} if slot is None else state.told.get(slot, {})


def _namespace(slot: Slot) -> str:
    return f"group:{slot.hex()}"


def _text(value: Value) -> str | None:
    text = convert(value, TEXT)
    return text if isinstance(text, str) else None
