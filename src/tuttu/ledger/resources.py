"""How much of a resource there is, how much is free now, and in which period."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from tuttu.ledger.state import AMOUNTS, USES, Use
from tuttu.vocabulary import company, conversion, errors, facts, values
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.zones import day_in


class ResourceState(msgspec.Struct, frozen=True, kw_only=True):
    """One resource in the running period. free: never negative, also when the amount was lowered
    below what is used already. closed: of the free units, how many offers may not take."""

    name: str
    amount: int
    used: int
    held: int
    per: company.Period | None
    closed: int = 0

    @property
    def free(self) -> int:
        return max(0, self.amount - self.used - self.held)


def resource_state(
    reader: facts.Reader, project: Project, name: str, now: values.Instant
) -> ResourceState:
    """Raises KeyError for a resource that is not declared. Not watched: the claim is atomic."""
    resource = project.resources[name]
    key = period_key(resource, now, project.company.zone)
    use = reader.get(USES, key, watch=False) or Use()
    return ResourceState(
        name=name,
        amount=amount_of(reader, resource),
        used=use.used,
        held=held(use, now),
        per=resource.per,
        closed=closed(resource, use, now),
    )


def held(use: Use, now: values.Instant) -> int:
    """Units of holds that have not run out."""
    return sum(hold.units for hold in use.holds.values() if now < hold.expires)


def closed(resource: company.Resource, use: Use, now: values.Instant) -> int:
    """Units that only what is owed may take: those kept for it, less what it has taken."""
    holds = use.holds.values()
    taken = use.owed + sum(hold.units for hold in holds if hold.owed and now < hold.expires)
    return max(0, resource.owed - taken)


def amount_of(reader: facts.Reader, resource: company.Resource) -> int:
    """As set through the API, else as declared."""
    override = reader.get(AMOUNTS, resource.name.encode(), watch=False)
    return resource.amount if override is None else override.amount


def can_follow(before: Project, after: Project) -> Iterator[errors.Fault]:
    """Use was counted by period as the facts arrived: after a change of period or time zone, one
    part of the store would be counted by the old one and the rest by the new one."""
    moved = before.company.zone != after.company.zone
    for name, old in before.resources.items():
        new = after.resources.get(name)
        if new is not None and (old.per != new.per or (moved and new.per is not None)):
            changed = "time zone" if old.per == new.per else "period"
            found = f"another {changed} for the resource `{name}`, whose use is counted by it"
            expected = f"{old.per or 'no `per`'} as before, or a resource of another name"
            yield errors.Fault(new.where, found, expected)


def period_key(resource: company.Resource, instant: values.Instant, zone: str) -> bytes:
    """The key of a resource's record for the calendar period that contains the instant."""
    day = start = conversion.EPOCH_DAY + timedelta(days=day_in(zone)(instant))
    if resource.per == "week":
        start = day - timedelta(days=day.weekday())
    elif resource.per == "month":
        start = day.replace(day=1)
    elif resource.per == "year":
        start = day.replace(month=1, day=1)
    period = "" if resource.per is None else f"{resource.per} {start}"
    return f"{resource.name}\x00{period}".encode()
