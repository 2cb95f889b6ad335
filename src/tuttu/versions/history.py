"""The versions of a project that a store has run: their files, and which one is active.

A version is kept for ever, so that an old receipt can be read by its own rules. Which one is
active is one record: every commit rests on it, so that none is folded by superseded rules.
"""

from collections import OrderedDict

import msgspec

from tuttu import catalog
from tuttu.catalog import Texts
from tuttu.vocabulary import events, facts, values
from tuttu.vocabulary.project import KNOWN_PROJECTS, Project
from tuttu.vocabulary.room import Folds, Rooms


class VersionFiles(msgspec.Struct, frozen=True):
    """Where a version's files are: the log position of its first activation."""

    position: int


class Active(msgspec.Struct, frozen=True):
    """The active version, since when, and who activated it."""

    digest: str
    since: values.Instant
    by: str
    position: int


VERSIONS = facts.Table("engine.versions", VersionFiles)
"""By digest."""
ACTIVE = facts.Table("engine.active", Active)
"""One record, `HERE`; none in a store that has never been opened with a project folder."""
HERE = b""

_LOADED: OrderedDict[tuple[str, ...], Project] = OrderedDict()
"""Cached by digest and names of rooms, which identify a loaded version completely."""


def folds(_project: Project) -> Folds:
    """Records where a version's files are; only an activation makes one active."""
    return {events.ProjectActivated: _keep_files}


def _keep_files(transaction: facts.Transaction, logged: facts.Logged) -> None:
    body = logged.fact.body
    assert isinstance(body, events.ProjectActivated)  # noqa: S101 - the fold gets no other
    key = body.digest.encode()
    if transaction.get(VERSIONS, key) is None:
        transaction.put(VERSIONS, key, VersionFiles(logged.position))


def activate(transaction: facts.Transaction, logged: facts.Logged) -> None:
    """The fold of the commit that makes a version the active one."""
    _keep_files(transaction, logged)
    fact, body = logged.fact, logged.fact.body
    assert isinstance(body, events.ProjectActivated)  # noqa: S101 - the fold gets no other
    transaction.put(ACTIVE, HERE, Active(body.digest, fact.time, body.by, logged.position))


def project_of(reader: facts.Reader, digest: str, rooms: Rooms) -> Project | None:
    """A version as it was; None if the store does not know it, or if its files, which were right
    when it was activated, are faulty to this version of tuttu."""
    known = _LOADED.get(_key(digest, rooms))
    if known is None:
        texts = texts_of(reader, digest)
        survey = None if texts is None else catalog.survey(texts, rooms)
        if survey is not None and not survey.faults:
            known = survey.project
            remember(known, rooms)
    return known


def texts_of(reader: facts.Reader, digest: str) -> Texts | None:
    """A version's files as they were; None if the store does not know it."""
    activated = _activation(reader, digest)
    return None if activated is None else activated.files


def ways_of(reader: facts.Reader, digest: str) -> tuple[events.JudgedWay, ...]:
    """What a version judged, in its order; empty if the store does not know it."""
    activated = _activation(reader, digest)
    return () if activated is None else activated.ways


def _activation(reader: facts.Reader, digest: str) -> events.ProjectActivated | None:
    kept = reader.get(VERSIONS, digest.encode("utf-8", "replace"), watch=False)
    if kept is None:
        return None
    logged = reader.fact(kept.position)
    body = None if logged is None else logged.fact.body
    if not isinstance(body, events.ProjectActivated):
        raise TypeError(f"log position {kept.position}: found no activation of a project")
    return body


def remember(project: Project, rooms: Rooms) -> None:
    """So that it need not be loaded again."""
    _LOADED[_key(project.digest, rooms)] = project
    while len(_LOADED) > KNOWN_PROJECTS:
        _LOADED.popitem(last=False)


def _key(digest: str, rooms: Rooms) -> tuple[str, ...]:
    return (digest, *(room.name for room in rooms))
