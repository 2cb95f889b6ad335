"""How much of a resource there is, how much is free now, and in which period."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import msgspec
from msgspec.structs import replace

from tuttu.ledger.state import AMOUNTS, HOLDS, USES, Hold, Use, address_key
from tuttu.vocabulary import company, conversion, errors, facts, values
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import INTEGER_MIN
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
    use = as_of(reader, key, reader.get(USES, key, watch=False) or Use(), now)
    return ResourceState(
        name=name,
        amount=amount_of(reader, resource),
        used=use.used,
        held=use.held,
        per=resource.per,
        closed=closed(resource, use),
    )


def as_of(reader: facts.Reader, key: bytes, use: Use, now: values.Instant) -> Use:
    """Without the holds that have run out, and with all others counted in `held`."""
    return without(use, [hold for _, hold in run_out(reader, key, use, now)], now)


def without(use: Use, gone: Sequence[Hold], now: values.Instant) -> Use:
    """gone: of the holds with records of their own, those that have run out."""
    if not (gone or use.holds):
        return use
    alive = [hold for hold in use.holds.values() if now < hold.expires]
    return replace(
        use,
        holds={},
        held=use.held + _units(alive) - _units(gone),
        owed_held=use.owed_held + _owed(alive) - _owed(gone),
    )


def run_out(
    reader: facts.Reader, key: bytes, use: Use, now: values.Instant
) -> Iterator[tuple[bytes, Hold]]:
    """Records of holds that are counted in `use` and have run out, the first one first."""
    if now < use.ends:
        return
    for place, hold in reader.scan(HOLDS, _holds_of(key)):
        if now < hold.expires:
            return
        yield place, hold


def holds_in(reader: facts.Reader, key: bytes) -> Iterator[Hold]:
    """Those with records of their own, the first that runs out first."""
    return (hold for _, hold in reader.scan(HOLDS, _holds_of(key)))


def hold_key(reader: facts.Reader, key: bytes, expires: values.Instant, contact_id: str) -> bytes:
    at = (expires - INTEGER_MIN).to_bytes(8)
    return _holds_of(key) + at + address_key(reader, contact_id)


def _holds_of(key: bytes) -> bytes:
    """No such key begins with another."""
    return len(key).to_bytes(2) + key


def _units(holds: Sequence[Hold]) -> int:
    return sum(hold.units for hold in holds)


def _owed(holds: Sequence[Hold]) -> int:
    """Units for what is owed."""
    return sum(hold.units for hold in holds if hold.owed)


def closed(resource: company.Resource, use: Use) -> int:
    """Units that only what is owed may take: those kept for it, less what it has taken. use: as it
    is now."""
    return max(0, resource.owed - use.owed - use.owed_held)


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
