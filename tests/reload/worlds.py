"""A company at work in a store, through one version of its project after the other."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any

import msgspec
from tests import builders
from tests.builders import NOON
from tests.reload.company import Version

from tuttu import engine as use
from tuttu import identity, ledger, profile
from tuttu.api import DecideRequest, UnmergeRequest
from tuttu.batch import digest_of
from tuttu.engine import ROOMS, Runtime
from tuttu.intake.errors import RefusalCode
from tuttu.storage import Snapshot, Store
from tuttu.versions import (
    Activation,
    Activator,
    ActiveVersion,
    BackfillProgress,
    make_version,
    withdraw,
)
from tuttu.versions.loading import removed
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.errors import BadRequest
from tuttu.vocabulary.events import HistoryFolded, ProjectActivated
from tuttu.vocabulary.facts import Fact
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import HOUR, MINUTE

Told = dict[str, Any]
"""One call without its id: ``minute``, ``who``, ``type``, and what it says."""


class KilledError(Exception):
    """A fill that was stopped in the middle."""


class World:
    """One store, and the engine that answers by whichever version is active in it."""

    def __init__(self, store: Store, first: Version, page: int) -> None:
        self.store = store
        self.clock = ManualClock(NOON)
        self.page = page
        self.calls: list[Told] = []
        self.contacts: list[str] = []
        self._last: Project | None = None
        self.activate(first)
        self.engine = Runtime(store, self.clock, ActiveVersion(store, ROOMS))

    @property
    def project(self) -> Project:
        return self.engine.project

    def activate(
        self, version: Version, tell: Callable[[BackfillProgress], None] = lambda _: None
    ) -> Activation:
        """Whatever it removes is agreed to."""
        survey = version.survey
        removes = removed(self._last, survey.project) if self._last else []
        survey = msgspec.structs.replace(survey, removes=frozenset(each.name for each in removes))
        activator = Activator(survey, ROOMS, self.store, self.clock, "test", page=self.page)
        activation = activator.run(tell)
        self._last = survey.project
        return activation

    def fragments(self) -> set[frozenset[bytes]]:
        """Everybody, by the fragments that they have facts under."""
        with self.engine.view() as seen:
            project = seen.version.project
            return {
                frozenset(each.fragments) for each in identity.customers(seen.snapshot, project)
            }

    def rehearse(self, version: Version) -> identity.IdentityChange:
        activator = Activator(version.survey, ROOMS, self.store, self.clock, "test")
        return activator.rehearse().people

    def reload(self, version: Version, during: Sequence[Sequence[Told]] = ()) -> None:
        """`during`: what is told at each commit of the fill, by the version that still holds."""
        waiting = list(during)

        def tell(_: BackfillProgress) -> None:
            if waiting:
                self.tell(waiting.pop(0))

        self.activate(version, tell)
        self.settle()

    def kill(self, version: Version, pages: int) -> None:
        """A fill that is killed after so many pages."""
        left = iter(range(pages))

        def tell(_: BackfillProgress) -> None:
            if next(left, None) is None:
                raise KilledError

        try:
            self.activate(version, tell)
        except KilledError:
            return
        self.settle()

    def settle(self) -> None:
        with self.engine.view() as seen:
            queued = list(ledger.queued(seen.snapshot))
        project = seen.version.project
        withdraw(project, queued, self.engine.commit, self.clock.now())

    def tell(self, calls: Sequence[Told]) -> None:
        made = [self._call(number, call) for number, call in enumerate(calls, len(self.calls))]
        self.calls += made
        if made:
            tell(self.engine, made)

    def decide(self, who: str, surface: str) -> None:
        asked = DecideRequest(who={"user_id": who}, surfaces=[surface], create=True)
        with suppress(BadRequest):  # by some rules this names nobody
            choices = use.decide(self.engine, asked).choices
            self.contacts += [choice.contact_id for choice in choices]

    def part(self, who: str, device: str) -> None:
        asked = UnmergeRequest(one={"user_id": who}, other={"anonymous_id": device})
        with suppress(BadRequest):
            use.unmerge(self.engine, asked, "test")

    def _call(self, number: int, told: Told) -> Told:
        call = {key: value for key, value in told.items() if key != "minute"}
        moment = NOON - 3 * 24 * HOUR + told["minute"] * 90 * MINUTE
        call |= {"messageId": f"m{number:04}", "timestamp": format_instant(moment)}
        if call.get("event") == "Offer Seen" and self.contacts:
            call["properties"] = {"contact_id": self.contacts[number % len(self.contacts)]}
        return call


def tell(engine: Runtime, calls: Sequence[Told]) -> None:
    outcome = use.accept(engine, "batch", msgspec.json.encode({"batch": calls}), None, "test")
    refused = {each.code for each in outcome.refused}
    assert refused <= {RefusalCode.MISSING_ID}, outcome.refused


def facts_of(store: Store) -> list[Fact]:
    """The log, without what says which version holds."""
    with store.read() as snapshot:
        log = [logged.fact for logged in snapshot.facts(limit=1_000_000)]
    return [fact for fact in log if not isinstance(fact.body, ProjectActivated | HistoryFolded)]


def picture(snapshot: Snapshot, project: Project) -> list[object]:
    """What can be read of everybody, beyond the digest: rows, who shares a group, contacts."""
    found: list[object] = [digest_of(snapshot, project, ROOMS)]
    for customer in identity.customers(snapshot, project):
        row = profile.read(snapshot, customer, project, NOON, profiling=True)
        groups = {
            name: builders.other_members(snapshot, project, customer, name)
            for name in project.profile.groups
        }
        history = ledger.read(snapshot, customer, project, NOON, groups)
        found.append([customer.identifiers, row, groups, history.entries, history.columns()])
    return found


def outbox(snapshot: Snapshot) -> set[str]:
    return {contact.id for contact in ledger.queued(snapshot)}


@contextmanager
def fresh(world: World, shuffle: random.Random) -> Iterator[tuple[Snapshot, Project]]:
    """A store in which only the last version ever was, and which heard the facts in any order."""
    facts, project = facts_of(world.store), world.project
    shuffle.shuffle(facts)
    with closing(world.store.scratch()) as scratch:
        scratch.register(make_version(project, ROOMS).folds)
        builders.commit(scratch, *facts)
        with scratch.read() as snapshot:
            yield snapshot, project
