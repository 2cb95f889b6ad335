"""Calendar periods and days in the project's zone."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tuttu.vocabulary.company import Resource
from tuttu.vocabulary.conversion import EPOCH
from tuttu.vocabulary.values import Instant


def local_date(instant: Instant, zone: str) -> date:
    return (EPOCH + timedelta(microseconds=instant)).astimezone(_zone(zone)).date()


def period_key(resource: Resource, instant: Instant, zone: str) -> bytes:
    """The key of a resource's record for the period that the instant lies in."""
    start = "" if resource.per is None else f"{resource.per} {_start(resource, instant, zone)}"
    return f"{resource.name}\x00{start}".encode()


def _start(resource: Resource, instant: Instant, zone: str) -> date:
    day = local_date(instant, zone)
    match resource.per:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)
        case _:
            return day


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
