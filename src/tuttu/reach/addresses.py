"""Which address of a customer a channel would use."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tuttu import identity
from tuttu.reach.records import ADDRESSES, AddressRecord, event_part, parts_of, told_part
from tuttu.vocabulary import company, errors, events, facts, people, values
from tuttu.vocabulary.project import Project

TEXT = values.Type(values.Kind.TEXT)

NONE = "none"
SHARED = "shared"
DEAD = "dead"
UNVERIFIED = "unverified"
WORDS = (company.REACHED, UNVERIFIED, DEAD, SHARED, NONE)
"""What `company.reachable_column` may say, the best first: of several addresses the best counts."""


class ChannelReach(NamedTuple):
    """How a channel reaches a customer. word: of `WORDS`. address: None unless it does."""

    word: str = NONE
    address: events.FragmentId | None = None


class _Address(NamedTuple):
    """One address, in the order of preference: the smallest is used first."""

    place: int
    unverified: bool
    age: int
    value: str
    key: events.FragmentId


def reached(
    reader: facts.Reader, project: Project, customer: people.Customer
) -> dict[str, ChannelReach]:
    """By channel, of those that need an address. Every record read is watched.

    Of several addresses: one that is confirmed, then the one that was told last, then the
    smallest. One that several people share is never used.
    """
    return {
        channel.name: _reach(_addresses(reader, project, customer, channel))
        for channel in project.channels.values()
        if channel.needs is not None and channel.needs.namespace is not None
    }


def _reach(found: Iterable[_Address]) -> ChannelReach:
    best = min(found, default=None)
    if best is None:
        return ChannelReach()
    word = WORDS[best.place]
    return ChannelReach(word, best.key if word == company.REACHED else None)


def _addresses(
    reader: facts.Reader, project: Project, customer: people.Customer, channel: company.Channel
) -> Iterable[_Address]:
    needs = channel.needs
    assert needs is not None  # noqa: S101 - the caller chose those
    namespace = needs.namespace
    assert namespace is not None  # noqa: S101 - as above
    for identifier in customer.identifiers:
        if identifier.namespace != namespace:
            continue
        key = reader.pseudonym(namespace, identifier.value)
        record = reader.get(ADDRESSES, key) or AddressRecord()
        verified = _newest(record, namespace, channel.verified_by)
        dead = _newest(record, namespace, channel.dead)
        if identity.sharing(reader, project, identifier) is not None:
            word = SHARED
        elif dead != _NEVER and dead >= verified:
            word = DEAD
        elif needs.verified and verified == _NEVER:
            word = UNVERIFIED
        else:
            word = company.REACHED
        told = record.said.get(told_part(namespace), _NEVER)
        yield _Address(WORDS.index(word), verified == _NEVER, -told, identifier.value, key)


_NEVER: values.Instant = -values.INTEGER_MAX
"""Before any instant of an event."""


def _newest(record: AddressRecord, namespace: str, names: Iterable[str]) -> values.Instant:
    said = (record.said.get(event_part(namespace, name), _NEVER) for name in names)
    return max(said, default=_NEVER)


def columns(project: Project) -> Mapping[str, values.Type]:
    """One for each channel that needs an address."""
    return {
        company.reachable_column(name): TEXT
        for name, channel in project.channels.items()
        if channel.needs is not None and channel.needs.namespace is not None
    }


def columns_of(found: Mapping[str, ChannelReach]) -> dict[str, values.Value]:
    """The columns of the wide row."""
    return {company.reachable_column(name): reach.word for name, reach in found.items()}


def canonical(
    reader: facts.Reader, customer: people.Customer, project: Project
) -> list[list[object]] | None:
    """When each thing was last said of each address, by declared part; None: nothing was."""
    declared = parts_of(project).parts
    found: list[list[object]] = []
    for identifier in customer.identifiers:
        key = reader.pseudonym(identifier.namespace, identifier.value)
        record = reader.get(ADDRESSES, key, watch=False) if declared else None
        said = {} if record is None else record.said
        kept = [[part.hex(), time] for part, time in sorted(said.items()) if part in declared]
        if kept:
            found.append([identifier.namespace, identifier.value, kept])
    return found or None


def warnings(project: Project) -> Iterator[errors.Fault]:
    """Outbound channels that are taken to reach everybody."""
    for channel in project.channels.values():
        if channel.outbound and channel.needs is None:
            found = f"the outbound channel `{channel.name}` without `needs`"
            expected = "`needs`: an address, without which everybody counts as reachable by it"
            yield errors.Fault(channel.where, found, expected)
