"""What a new version of the project may not change about resources: their use is counted by it."""

from __future__ import annotations

from collections.abc import Iterator

from tuttu.vocabulary.errors import Fault
from tuttu.vocabulary.project import Project


def can_follow(before: Project, after: Project) -> Iterator[Fault]:
    """At places of the new version; none: it can follow the other."""
    moved = before.company.zone != after.company.zone
    for name, was in before.resources.items():
        now = after.resources.get(name)
        if now is not None and (was.per != now.per or (moved and now.per is not None)):
            changed = "time zone" if was.per == now.per else "period"
            found = f"another {changed} for the resource `{name}`, whose use is counted by it"
            expected = f"{was.per or 'no `per`'} as before, or a resource of another name"
            yield Fault(now.where, found, expected)
