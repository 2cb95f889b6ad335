"""How much of a resource there is, and how much is free now."""

from __future__ import annotations

from typing import Literal

import msgspec

from tuttu.ledger.periods import period_key
from tuttu.ledger.state import AMOUNTS, USES, Use
from tuttu.vocabulary.company import Resource
from tuttu.vocabulary.facts import Reader
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Instant


class ResourceState(msgspec.Struct, frozen=True, kw_only=True):
    """One resource in the running period. free: never negative, also when the amount was lowered
    below what is used already."""

    name: str
    amount: int
    used: int
    held: int
    per: Literal["day", "week", "month", "year"] | None

    @property
    def free(self) -> int:
        return max(0, self.amount - self.used - self.held)


def resource_state(reader: Reader, project: Project, name: str, now: Instant) -> ResourceState:
    """Raises KeyError for a resource that is not declared. Not watched: the claim is atomic."""
    resource = project.resources[name]
    key = period_key(resource, now, project.company.zone)
    use = reader.get(USES, key, watch=False) or Use()
    return ResourceState(
        name=name,
        amount=amount_of(reader, resource),
        used=use.used,
        held=use.held(now),
        per=resource.per,
    )


def free(reader: Reader, project: Project, name: str, now: Instant) -> int:
    return resource_state(reader, project, name, now).free


def amount_of(reader: Reader, resource: Resource) -> int:
    """As set at a door, else as declared."""
    override = reader.get(AMOUNTS, resource.name.encode(), watch=False)
    return resource.amount if override is None else override.amount
