"""What a new version may not change of namespaces, once there are customers joined by them.

Who is who was judged as the facts came: to go on by other rules would leave half of the store
judged by one and half by the other.
"""

from __future__ import annotations

from collections.abc import Iterator

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

NEW_STORE = (
    "to change it, begin a new store (another `storage` in tuttu.yaml) and send the events again"
)


def can_follow(before: Project, after: Project) -> Iterator[Fault]:
    for name, old in before.namespaces.items():
        new = after.namespaces.get(name)
        if new is None:
            found = f"no namespace `{name}`, by which people are known"
            yield Fault(Where("identity.yaml", 1), found, f"it as it was; {NEW_STORE}")
            continue
        for word in JUDGED:
            was, now = getattr(old, word), getattr(new, word)
            if was != now:
                found = f"another `{word}` of `{name}`, by which people were joined"
                yield Fault(new.where, found, f"{_shown(was)} as before; {NEW_STORE}")


def _shown(value: object) -> str:
    if isinstance(value, frozenset | tuple):
        return ", ".join(f"`{each}`" for each in sorted(map(str, value))) or "nothing"
    return "none" if value is None else f"`{value}`"
