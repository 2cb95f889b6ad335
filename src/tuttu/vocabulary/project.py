"""The whole of a project folder, checked and compiled."""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Concatenate, ParamSpec, TypeVar

import msgspec

from tuttu.vocabulary import company as c
from tuttu.vocabulary import library, values


class Project(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One immutable version of a company's policy; equal to itself alone, and so a key of what is
    `cached`. digest: SHA-256 over its files, hex."""

    digest: str
    company: c.Company
    namespaces: Mapping[str, c.Namespace]
    sets: Mapping[str, c.EvidenceSet] = {}
    tracking: c.Tracking
    profile: c.Profile
    purposes: Mapping[str, c.Purpose]
    kinds: c.PersonKinds | None = None
    """Of persons; None: the company tells none apart."""
    channels: Mapping[str, c.Channel]
    surfaces: Mapping[str, c.Surface]
    resources: Mapping[str, c.Resource]
    policy: library.Policy
    actions: Mapping[str, library.Action]
    messages: Mapping[tuple[str, str, str], library.Message]
    """(message, channel, language) to template."""
    row_schema: values.Schema
    event_schema: values.Schema
    """Columns of conditions on one event: ``event``, ``call``, ``source``, the tracking plan's
    properties by name (and ``path``, ``url``, ``title`` for pages), NULL where the event lacks
    them; lists of objects are collections."""


T = TypeVar("T")
P = ParamSpec("P")

KNOWN_PROJECTS = 8
"""How many versions a process caches, with what is made of them."""


KNOWN_QUESTIONS = 128
"""How many results of one version a function of more than the version keeps."""


def cached(work: Callable[[Project], T]) -> Callable[[Project], T]:
    """Caches a function's result for each project."""

    return lru_cache(maxsize=KNOWN_PROJECTS)(work)


def cached_by(work: Callable[Concatenate[Project, P], T]) -> Callable[Concatenate[Project, P], T]:
    """Caches the results of a function of a project and more; they go when the project goes."""

    @cached
    def of(project: Project) -> Callable[..., T]:
        return lru_cache(maxsize=KNOWN_QUESTIONS)(partial(work, project))

    def answer(project: Project, /, *more: P.args, **named: P.kwargs) -> T:
        return of(project)(*more, **named)

    return answer
