"""What this room keeps of an address."""

from collections.abc import Mapping

import msgspec

from tuttu.vocabulary import facts, history, values
from tuttu.vocabulary.project import Project, cached

IDENTIFY = "identify"
"""The call that tells an address."""


class AddressRecord(msgspec.Struct, frozen=True):
    """When each thing was last said of an address, under the name of its part."""

    said: Mapping[history.Part, values.Instant] = {}


ADDRESSES = facts.Table("reach.addresses", AddressRecord, personal=True)
"""By the pseudonym of the address."""


def told_part(namespace: str) -> history.Part:
    """An address of this namespace was told."""
    return history.part("address told", namespace)


def event_part(namespace: str, event: str) -> history.Part:
    """An event of this name carried an address of this namespace."""
    return history.part("address said", namespace, event)


class AddressParts(msgspec.Struct, frozen=True):
    """What is kept of addresses. told: by namespace. said: by event and namespace."""

    told: Mapping[str, history.Part]
    said: Mapping[str, Mapping[str, history.Part]]

    @property
    def parts(self) -> frozenset[history.Part]:
        of_events = (part for found in self.said.values() for part in found.values())
        return frozenset((*self.told.values(), *of_events))


@cached
def parts_of(project: Project) -> AddressParts:
    """Of the namespaces that channels need, and the events that say something of an address."""
    told: dict[str, history.Part] = {}
    said: dict[str, dict[str, history.Part]] = {}
    for channel in project.channels.values():
        namespace = None if channel.needs is None else channel.needs.namespace
        if namespace is not None:
            told[namespace] = told_part(namespace)
            for event in channel.dead | channel.verified_by:
                said.setdefault(event, {})[namespace] = event_part(namespace, event)
    return AddressParts(told, said)
