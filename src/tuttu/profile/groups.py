"""Who shares a household, an account, a company.

A customer is a member of the group value that their merged key trait names now; the key is written,
or the `first_known` of written ones. The index is of fragments: each under what its *own* state
names last for each written trait that the key may come from. Whatever a merged key says, one of the
customer's fragments says so too: so the index finds every member, and some who are none any more.
The index follows each change, and is a function of the states alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from tuttu.profile import merge, plan, row
from tuttu.profile import records as r
from tuttu.vocabulary import company, conversion, events, facts, values
from tuttu.vocabulary.project import Project

TEXT = values.Type(values.Kind.TEXT)

Sources = Callable[[str], Mapping[str, r.Stamped]]
"""From a written trait to its newest values by source."""


class ProfiledMember(msgspec.Struct, frozen=True):
    """What one member brings. profiling: whether they take part in what is for profiling."""

    state: merge.ProfileState
    profiling: bool


def group_key(
    project: Project, group: str, written: merge.Written, *, profiling: bool
) -> str | None:
    """The value of the group's key, as text; None: the customer is a group of one. written: the
    customer's, merged."""
    key = project.profile.groups[group].key
    if not profiling and key in plan.plan_of(project).profiling:
        return None
    return _text(_known(project.profile, lambda name: written.get(name, {}), key))


def may_be_members(
    reader: facts.Reader, project: Project, group: str, value: str
) -> Iterator[events.FragmentId]:
    """The fragments that may belong to members, in order; the roll is watched."""
    found: set[events.FragmentId] = set()
    for one in plan.plan_of(project).groups[group].values():
        prefix = reader.pseudonym(_namespace(one), value)
        if reader.get(r.ROLLS, prefix) is not None:
            found.update(key[len(prefix) :] for key, _ in reader.scan(r.MEMBERS, prefix))
    yield from sorted(found)


def group_row(
    project: Project, members: Sequence[ProfiledMember], now: values.Instant
) -> dict[str, values.Value]:
    """The row of one imaginary customer who has all events of all members; of what is for
    profiling, all events of those who allow it, and NULL where nobody does."""
    whole = plan.plan_of(project)
    allowing = [each.state for each in members if each.profiling]
    given: values.Row = {}
    if len(allowing) < len(members) and whole.profiling:
        state = merge.merge(whole, allowing) if allowing else merge.ProfileState()
        profiled = row.row_of(whole, state, now, profiling=bool(allowing))
        given = {
            name: value
            for name, value in profiled.items()
            if name in whole.profiling or name.partition(".")[2] in whole.profiling
        }
    state = merge.merge(whole, [each.state for each in members])
    return row.row_of(whole, state, now, profiling=True, given=given)


def moved(
    transaction: facts.Transaction,
    fragment: events.FragmentId,
    state: r.Fragment,
    project: Project,
    ids: Mapping[str, Mapping[str, r.DefinitionId]],
) -> r.Fragment:
    """The state of a fragment that was moved from the values that it was listed under for these
    groups to those it names now; ids: by group and column of its key."""
    written, named = plan.plan_of(project).written, dict(state.groups)

    def sources(name: str) -> Mapping[str, r.Stamped]:
        return state.written.get(written.get(name, b""), {})

    for column, one in (each for columns in ids.values() for each in columns.items()):
        before = named.get(one)
        after = _text(_known(project.profile, sources, column))
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


def _known(profile: company.Profile, sources: Sources, column: str) -> values.Value:
    """A trait or ``source.trait`` that is written, or the first known of such."""
    trait = profile.traits.get(column)
    if trait is None:
        source, _, name = column.partition(".")
        stamped = sources(name).get(source)
        return stamped.value if stamped else None
    if trait.first_known:
        found = (_known(profile, sources, one) for one in trait.first_known)
        return next((value for value in found if value is not None), None)
    return r.last_written(sources(column))


def _namespace(group: r.DefinitionId) -> str:
    return f"group:{group.hex()}"


def _text(value: values.Value) -> str | None:
    text = conversion.convert(value, TEXT, "UTC")
    return text if isinstance(text, str) else None
