"""Which version of the project is active, as one process knows it.

Any process of a store may activate a version. Every commit depends on the record that says which
one is active, and every snapshot includes it: a process that finds another version than the one it
knows loads it from the store and continues with it. A request in flight keeps the version it began
with; its facts are folded by the version that is active when they are committed.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from tuttu import ledger
from tuttu.storage import Store
from tuttu.versions import history
from tuttu.versions.version import Version, make_version, view
from tuttu.vocabulary import errors, events, facts, ids, room, values, verdicts
from tuttu.vocabulary.project import Project

KEPT_VERSIONS = 4
"""Of the newest activations: a snapshot may be older than the newest one."""
SUPERSEDED = facts.Conflict(history.ACTIVE.name)


class Versions(Protocol):
    """The versions of one store. newest: the newest one that this process knows."""

    @property
    def newest(self) -> Version: ...

    def at(self, reader: facts.Reader) -> Version:
        """The version that is active in a snapshot."""

    def commit(self, units: Sequence[facts.Unit], now: values.Instant) -> list[facts.Result]:
        """Folded by the version that is active at the commit. now: of the facts that this version
        adds. Raises Unavailable: nothing was kept, or it is not known (see `Store.commit`)."""


class FixedVersion:
    """Implements `Versions` for a scratch store, where nothing is ever activated."""

    def __init__(self, project: Project, rooms: room.Rooms, store: Store) -> None:
        self.newest = make_version(project, rooms)
        self._store = store
        store.register(self.newest.folds)

    def at(self, reader: facts.Reader) -> Version:  # noqa: ARG002 - there is no other
        return self.newest

    def commit(self, units: Sequence[facts.Unit], now: values.Instant) -> list[facts.Result]:  # noqa: ARG002
        return self._store.commit(units)


class ActiveVersion:
    """Implements `Versions`: the active version of the store, whichever process activated it.

    note_newest: is called whenever this process begins to use another version, whoever activated
    it. Raises Unavailable for a version that this version of tuttu cannot read.
    """

    def __init__(self, store: Store, rooms: room.Rooms) -> None:
        self._store = store
        self._rooms = rooms
        self._lock = threading.Lock()
        self._known: dict[int, Version] = {}
        self.note_newest: Callable[[], None] = lambda: None
        with view(store, self.at) as seen:
            self.newest = seen.version

    def at(self, reader: facts.Reader) -> Version:
        active = reader.get(history.ACTIVE, history.HERE, watch=False)
        if active is None:
            raise LookupError("found a store in which no project was activated")
        return self._known.get(active.position) or self._load(reader, active)

    def commit(self, units: Sequence[facts.Unit], now: values.Instant) -> list[facts.Result]:
        """A unit conflicts if another version is active by then, and is retried by that one."""
        version = self.newest
        results: list[facts.Result] = [SUPERSEDED] * len(units)
        waiting: Sequence[int] = range(len(units))
        while waiting:
            position = version.active.position if version.active else 0
            holds = (history.ACTIVE.name, history.HERE, position)
            trying = []
            for place in waiting:
                unit = with_withdrawals(version.project, units[place], now)
                trying.append(msgspec.structs.replace(unit, reads=(holds, *unit.reads)))
            for place, result in zip(
                waiting, self._store.commit(trying, folds=version.folds), strict=True
            ):
                results[place] = result
            waiting = [place for place in waiting if results[place] == SUPERSEDED]
            if waiting:
                with view(self._store, self.at) as seen:
                    version = seen.version
        return results

    def _load(self, reader: facts.Reader, active: history.Active) -> Version:
        project = history.project_of(reader, active.digest, self._rooms)
        if project is None:
            raise errors.Unavailable(
                f"the store runs version {active.digest[:12]} of the project, which this version"
                " of tuttu cannot read; start the one that activated it"
            )
        version = make_version(project, self._rooms, active)
        self._store.when_durable(lambda: self._remember(version, active.position))
        return version

    def _remember(self, version: Version, activated: int) -> None:
        """activated: log position. Of an activation that is lost nothing is remembered."""
        with self._lock:
            newest = max(self._known, default=0)
            self._known[activated] = version
            if activated > newest:
                self._store.register(version.folds)
                self.newest = version
            for position in sorted(self._known)[:-KEPT_VERSIONS]:
                del self._known[position]
        if activated > newest:
            self.note_newest()


PAGE = 250
"""Contacts withdrawn in one commit, for which live traffic waits."""

Commit = Callable[[Sequence[facts.Unit]], list[facts.Result]]


def withdraw(
    project: Project, queued: Sequence[verdicts.Contact], commit: Commit, now: values.Instant
) -> list[verdicts.Contact]:
    """Withdraws the queued contacts that can no longer be made; returns them.

    A contact that an older version queues after that is withdrawn in the same unit.
    """
    asked = ((contact, ledger.withdrawal_reason(project, contact)) for contact in queued)
    gone = [(contact, reason) for contact, reason in asked if reason is not None]
    for start in range(0, len(gone), PAGE):
        page = gone[start : start + PAGE]
        facts.sound(commit([_unit(contact, reason, now) for contact, reason in page]))
    return [contact for contact, _ in gone]


def with_withdrawals(project: Project, unit: facts.Unit, now: values.Instant) -> facts.Unit:
    """A unit as this version commits it: if another version queued a contact that this one cannot
    make, its withdrawal is added."""
    more: list[facts.Fact] = []
    for fact in unit.facts:
        receipt = fact.body
        if isinstance(receipt, verdicts.Receipt) and receipt.project_digest != project.digest:
            for contact in receipt.contacts:
                reason = ledger.withdrawal_reason(project, contact)
                if contact.state == ledger.QUEUED and reason is not None:
                    more.append(_fact(contact, reason, now))
    return msgspec.structs.replace(unit, facts=(*unit.facts, *more)) if more else unit


def _unit(contact: verdicts.Contact, reason: verdicts.Reason, now: values.Instant) -> facts.Unit:
    key = b"withdrawn:" + contact.id.encode()
    return facts.Unit(facts=(_fact(contact, reason, now),), dedupe_keys=(key,))


def _fact(contact: verdicts.Contact, reason: verdicts.Reason, now: values.Instant) -> facts.Fact:
    body = events.ContactWithdrawn(contact_id=contact.id, code=reason.code, values=reason.values)
    return facts.Fact(id=ids.new_id(), fragment=contact.fragment, time=now, received=now, body=body)
