"""What a new version may not change, once there is state that rests on it.

Traits, consents and outcomes are filled from the log. What was judged as the facts came, by the
rules of that time, cannot go on by other rules: half of the store would be judged by one and half
by the other. Each room says which rules those are.
"""

from __future__ import annotations

from tuttu import identity, ledger
from tuttu.vocabulary.errors import Fault, Where
from tuttu.vocabulary.project import Project

ROOMS = (identity.ROOM, ledger.ROOM)


def faults_between(before: Project, after: Project) -> list[Fault]:
    """At places of the new version; empty: it can follow the other."""
    return sorted({fault for room in ROOMS for fault in room.can_follow(before, after)})


def another_store(before: Project, after: Project) -> list[Fault]:
    """A running server keeps the store that it opened."""
    if before.company.storage == after.company.storage:
        return []
    # The URL itself may hold a password.
    expected = "the store that is open; stop the server and start it again to use another one"
    return [Fault(Where("tuttu.yaml", 1), "another `storage`", expected)]
