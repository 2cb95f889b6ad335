"""What a new version may not change, once there is state that rests on it.

Traits, consents and outcomes are filled from the log. Who is who, and what was used in which
period, were judged as the facts came, by the rules of then: to go on by other rules would leave
half of the store judged by one and half by the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

from tuttu.vocabulary.company import Namespace, Resource
from tuttu.vocabulary.errors import Fault, Where
from tuttu.vocabulary.project import Project

JUDGED = (
    "unique",
    "limit",
    "alias_limit",
    "normalise",
    "blocked",
    "blocked_patterns",
    "strength",
)
"""What says of an identifier whom it names and joins. Its rank and where it is found in a call
hold for what comes from now on."""

ANEW = "to change it, begin a new store (another `storage` in tuttu.yaml) and send the events again"


def faults_between(before: Project, after: Project) -> list[Fault]:
    """At places of the new version; empty: it can follow the other."""
    return sorted({*_of_namespaces(before, after), *_of_resources(before, after)})


def another_store(before: Project, after: Project) -> list[Fault]:
    """A running server keeps the store that it opened."""
    if before.company.storage == after.company.storage:
        return []
    # The URL itself may hold a password.
    expected = "the store that is open; stop the server and start it again to use another one"
    return [Fault(Where("tuttu.yaml", 1), "another `storage`", expected)]


def _of_namespaces(before: Project, after: Project) -> Iterator[Fault]:
    for name, was in before.namespaces.items():
        now = after.namespaces.get(name)
        if now is None:
            found = f"no namespace `{name}`, by which people are known"
            yield Fault(Where("identity.yaml", 1), found, f"it as it was; {ANEW}")
        else:
            yield from _of_namespace(was, now)


def _of_namespace(was: Namespace, now: Namespace) -> Iterator[Fault]:
    for word in JUDGED:
        value = attrgetter(word)
        if value(was) != value(now):
            found = f"another `{word}` of `{now.name}`, by which people were joined"
            yield Fault(now.where, found, f"{_shown(value(was))} as before; {ANEW}")


def _of_resources(before: Project, after: Project) -> Iterator[Fault]:
    moved = before.company.zone != after.company.zone
    for name, was in before.resources.items():
        now = after.resources.get(name)
        if now is not None and (was.per != now.per or (moved and now.per is not None)):
            yield _of_resource(was, now)


def _of_resource(was: Resource, now: Resource) -> Fault:
    changed = "time zone" if was.per == now.per else "period"
    found = f"another {changed} for the resource `{now.name}`, whose use is counted by it"
    expected = f"{was.per or 'no `per`'} as before, or a resource of another name"
    return Fault(now.where, found, expected)


def _shown(value: object) -> str:
    if isinstance(value, frozenset | tuple):
        return ", ".join(f"`{each}`" for each in sorted(map(str, value))) or "nothing"
    return "none" if value is None else f"`{value}`"
