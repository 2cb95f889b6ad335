"""What a new version of the project may not change about namespaces: customers were joined by them.

Identities were resolved as the facts came, by the rules at the time: after a change one part of the
store would be resolved by the old rules and the rest by the new ones.
"""

from collections.abc import Iterator
from operator import attrgetter

from tuttu.vocabulary import errors, project

JUDGED = (
    "unique",
    "apart",
    "limit",
    "partners",
    "alias_limit",
    "normalise",
    "country",
    "allowed",
    "blocked",
    "blocked_patterns",
    "strength",
)
"""Settings that decide whom an identifier names and joins. Its rank and its fields in a call may
change: they apply to later events only."""

REMEDY = (
    "to change it, begin a new store (another `storage` in tuttu.yaml) and send the events again"
)


def can_follow(before: project.Project, after: project.Project) -> Iterator[errors.Fault]:
    """At places of the new version; none: it can follow the other."""
    for name, was in before.namespaces.items():
        now = after.namespaces.get(name)
        if now is None:
            found = f"no namespace `{name}`, by which people are known"
            yield errors.Fault(errors.Where("identity.yaml", 1), found, f"it as it was; {REMEDY}")
            continue
        for word in JUDGED:
            value = attrgetter(word)
            if value(was) != value(now):
                found = f"another `{word}` of `{now.name}`, by which people were joined"
                yield errors.Fault(now.where, found, f"{_shown(value(was))} as before; {REMEDY}")


def _shown(value: object) -> str:
    if isinstance(value, frozenset | tuple):
        return ", ".join(f"`{each}`" for each in sorted(map(str, value))) or "nothing"
    return "none" if value is None else f"`{value}`"
