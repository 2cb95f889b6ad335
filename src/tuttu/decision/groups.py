"""The customer's groups as one decision sees them: who is in them, and all members as one customer.

Everything that is read of a member is watched, and so is the list of those who may be members.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from tuttu import consent, identity, profile
from tuttu.vocabulary import events, facts, people, values
from tuttu.vocabulary.project import Project, cached

MOST_MEMBERS = 50
"""Of a group whose members are read as one customer."""


class WideRow(dict[str, values.Value]):
    """A wide row, in which a column that nothing wrote is NULL."""

    def __missing__(self, column: str) -> values.Value:
        return None


class ConsentsRead(NamedTuple):
    """A customer's consents; and, if they share an identifier, who may be them, with the refusals
    of these."""

    own: consent.Consents
    shade: tuple[identity.Shade, consent.Consents] | None = None

    @property
    def profiling(self) -> bool:
        """Whether the customer may be profiled; who may be them can refuse it."""
        return self.own.profiling and (self.shade is None or self.shade[1].profiling)


def consents_of(
    reader: facts.Reader,
    project: Project,
    customer: people.Customer,
    asked_with: Sequence[events.FragmentId] = (),
) -> ConsentsRead:
    """asked_with: as in `identity.shade`."""
    asked = customer.contested or asked_with
    whole = identity.shade(reader, project, customer, asked_with) if asked else None
    if whole is None:
        return ConsentsRead(consent.read(reader, customer, project))
    others = {*whole.customer.fragments} - {*customer.fragments} | whole.shared
    return ConsentsRead(
        consent.read(reader, customer, project, whole.shared),
        (whole, consent.read(reader, whole.customer, project, others)),
    )


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """One group of the customer.

    members: how many, the customer too; None: more than `MOST_MEMBERS`. row: of all members as one
    customer; empty, which is NULL throughout, where there are too many, where no trait and no guard
    is of the group, and where the customer is alone: then their own row is asked. others: the
    others; where there are too many, all of them only if a contact limit counts theirs.
    """

    members: int | None
    row: WideRow = WideRow()
    others: tuple[people.Customer, ...] = ()

    @property
    def alone(self) -> bool:
        return self.members == 1

    def at(self, project: Project, now: values.Instant) -> "GroupView":
        """As it will be seen at a later moment, if nothing more happens until then."""
        row = profile.with_columns(project, self.row, {"now": now})
        return msgspec.structs.replace(self, row=WideRow(row))


@cached
def counted_groups(project: Project) -> frozenset[str]:
    """Groups of which the rules ask what their members were contacted about."""
    return frozenset(limit.group for limit in project.policy.contact_limits if limit.group)


@cached
def rowed_groups(project: Project) -> frozenset[str]:
    """Groups of which traits and guards are."""
    guards = (guard.group for guard in project.policy.guards)
    return frozenset((*profile.traits_of_groups(project), *filter(None, guards)))


@cached
def asked_groups(project: Project) -> tuple[str, ...]:
    """Groups of which anything is asked, in order."""
    return tuple(sorted(counted_groups(project) | rowed_groups(project)))


def groups_of(
    reader: facts.Reader,
    project: Project,
    customer: people.Customer,
    own: profile.ProfiledMember,
    now: values.Instant,
) -> dict[str, GroupView]:
    """The customer's groups of which something is asked, by name. own: what the customer brings."""
    return {
        name: _group(reader, project, customer, own, name, now) for name in asked_groups(project)
    }


def _group(
    reader: facts.Reader,
    project: Project,
    customer: people.Customer,
    own: profile.ProfiledMember,
    name: str,
    now: values.Instant,
) -> GroupView:
    counted, others, allowing = name in counted_groups(project), [], []
    value = profile.group_key(project, name, own.state.written, profiling=own.profiling)
    for other, profiling in other_members(reader, project, customer, name, value):
        others.append(other)
        allowing.append(profiling)
        if len(others) == MOST_MEMBERS and not counted:
            break
    members = None if len(others) >= MOST_MEMBERS else len(others) + 1
    row: values.Row = {"now": now}
    if members is not None and others and name in rowed_groups(project):
        states = (profile.state_of(reader, other, project) for other in others)
        # Who refused profiling themselves reads nothing that is for it, whatever others allow.
        allowed = (own.profiling and each for each in allowing)
        profiled = map(profile.ProfiledMember, states, allowed)
        row = profile.group_row(project, [own, *profiled], now)
    return GroupView(members=members, row=WideRow(row), others=tuple(others))


def other_members(
    reader: facts.Reader,
    project: Project,
    customer: people.Customer,
    name: str,
    value: str | None,
) -> Iterator[tuple[people.Customer, bool]]:
    """The customers whose merged key has this value now, without the customer themselves, and
    whether each may be profiled. value: of the customer; None: nobody shares it."""
    if value is None:
        return
    seen = set(customer.fragments)
    for fragment in profile.may_be_members(reader, project, name, value):
        if fragment in seen:
            continue
        other = identity.resolve_fragment(reader, project, fragment)
        seen.update(other.fragments)
        profiling = consents_of(reader, project, other).profiling
        written = profile.written_of(reader, other, project)
        if profile.group_key(project, name, written, profiling=profiling) == value:
            yield other, profiling


def traits_of(project: Project, groups: Mapping[str, GroupView]) -> dict[str, values.Value]:
    """The values of traits of groups in which the customer is not alone, as they read them."""
    return {
        trait.name: groups[name].row[trait.name]
        for name, traits in profile.traits_of_groups(project).items()
        for trait in traits
        if not groups[name].alone
    }
