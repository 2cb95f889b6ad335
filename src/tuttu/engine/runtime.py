"""The context of every use case: one company's store, clock, keys, and the active version."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from tuttu.access import Keyring
from tuttu.batch import Runs
from tuttu.engine.reloads import Reloads
from tuttu.storage import Store
from tuttu.versions import Version, Versions, View, view
from tuttu.versions.refold import Refolded
from tuttu.vocabulary import events, facts, ids, people, values
from tuttu.vocabulary.clock import Clock
from tuttu.vocabulary.monotonic_clock import require_present
from tuttu.vocabulary.project import Project

Seen = View[Version]
"""What a use case works on."""


class Runtime:
    """Safe to use from several threads. reloads None: it was made of no project folder.

    refolded: the opening had to fold the whole log again. unauthenticated: calls refused for want
    of a key, since the start; of senders without a key only their number is kept. note_mistake:
    logs an error of ours that no answer raises; the number under which it is logged.
    """

    def __init__(
        self, store: Store, clock: Clock, versions: Versions, reloads: Reloads | None = None
    ) -> None:
        self.store = store
        self.clock = clock
        self.versions = versions
        self.reloads = reloads
        self.runs = Runs()
        self.unauthenticated = 0
        self.refolded: Refolded | None = None
        self.note_mistake: Callable[[Exception], str] = lambda _: ids.new_id()
        self.keyring = Keyring(self._reading, self.append, store.when_durable, shared=store.remote)

    @property
    def project(self) -> Project:
        """The active version, as far as this process knows."""
        return self.versions.newest.project

    def now(self) -> values.Instant:
        return self.clock.now()

    def view(self, *, exclusive: bool = False) -> AbstractContextManager[Seen]:
        """A snapshot and the version that is active in it. exclusive: with the write lock."""
        return view(self.store, self.versions.at, exclusive=exclusive)

    def commit(self, units: Sequence[facts.Unit]) -> list[facts.Result]:
        """Raises Unavailable; then nothing was kept, or it is not known (see `Store.commit`);
        ClockAhead; and our own mistake, if a fold failed: then the other units are kept."""
        return facts.sound(self.commit_each(units))

    def commit_each(self, units: Sequence[facts.Unit]) -> list[facts.Result]:
        """The same, with our mistakes among the results."""
        require_present(self.clock, self.project.company.limits)
        return self.versions.commit(units, self.now())

    def append(self, body: facts.Body, fragment: events.FragmentId | None = None) -> facts.Result:
        """One fact of our own making, now."""
        return self.commit([facts.Unit(facts=(self.fact(body, fragment),))])[0]

    def record_look(self, customer: people.Customer, by: str, what: str) -> None:
        """Somebody read what is known of a customer: that is known of them too."""
        self.append(events.PersonLookedAt(by=by, what=what), customer.oldest)

    def fact(self, body: facts.Body, fragment: events.FragmentId | None = None) -> facts.Fact:
        now = self.now()
        return facts.Fact(id=ids.new_id(), fragment=fragment, time=now, received=now, body=body)

    def interrupt(self) -> None:
        """Ends batch work that other threads are at, and lets none begin: it is about to close."""
        self.runs.interrupt()
        if self.reloads is not None:
            self.reloads.interrupt()

    def close(self) -> None:
        self.store.close()

    @contextmanager
    def _reading(self) -> Iterator[facts.Reader]:
        with self.view() as seen:
            yield seen.snapshot
