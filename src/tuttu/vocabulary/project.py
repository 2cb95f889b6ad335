"""The whole of a project folder, checked and compiled."""

from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import TypeVar

import msgspec

from tuttu.vocabulary.company import (
    Channel,
    Company,
    Namespace,
    Profile,
    Purpose,
    Resource,
    Surface,
    Tracking,
)
from tuttu.vocabulary.library import Action, Message, Policy
from tuttu.vocabulary.values import Schema


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable version of a company's policy. digest: SHA-256 over its files, hex."""

    digest: str
    company: Company
    namespaces: Mapping[str, Namespace]
    tracking: Tracking
    profile: Profile
    purposes: Mapping[str, Purpose]
    channels: Mapping[str, Channel]
    surfaces: Mapping[str, Surface]
    resources: Mapping[str, Resource]
    policy: Policy
    actions: Mapping[str, Action]
    messages: Mapping[tuple[str, str, str], Message]
    """(message, channel, language) to template."""
    row_schema: Schema
    event_schema: Schema
    """Columns of conditions on one event: ``event``, ``call``, ``source``, the tracking plan's
    properties by name (and ``path``, ``url``, ``title`` for pages), NULL where the event lacks
    them; lists of objects are collections."""


T = TypeVar("T")

KNOWN_PROJECTS = 8


def remembered(work: Callable[[Project], T]) -> Callable[[Project], T]:
    """Caches a function's result for each project."""

    @lru_cache(maxsize=KNOWN_PROJECTS)
    def worked(same: _Same) -> T:
        return work(same.project)

    @wraps(work)
    def recall(project: Project) -> T:
        return worked(_Same(project))

    return recall


class _Same:
    """A project as a key of a cache: projects hold mappings, which have no hash."""

    __slots__ = ("project",)

    def __init__(self, project: Project) -> None:
        self.project = project

    def __hash__(self) -> int:
        return id(self.project)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.project is other.project
