"""Ticks: work that shares one transaction and one sync, in the order in which it came.

What is added is run at once, each piece seeing what those before it committed; but none of it is
durable, and nothing of it may be told, before the tick is closed. If the commit fails, all that
rests on what was lost with it fails too, and nothing that was to be remembered is. A tick knows no
event loop and no clock: nobody waits for one to fill.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Generic, TypeVar, cast

from tuttu.storage.errors import StoreUnavailableError
from tuttu.storage.overlay import TransactionOverlay, ends
from tuttu.vocabulary.facts import Unit

T = TypeVar("T")
Work = Callable[[], T]


class WorkTicket(Generic[T]):
    """What became of a piece of work; to be asked when its tick is closed. rests: on something
    that the tick still has to commit. then: to be done when that is durable."""

    def __init__(self) -> None:
        self.value: T | None = None
        self.error: Exception | None = None
        self.rests = False
        self.lost = False
        self.then: list[Callable[[], None]] = []

    def result(self) -> T:
        """Raises what the work raised, or why it could not be kept."""
        if self.error is not None:
            raise self.error
        return cast("T", self.value)


class OverlayTick:
    """Implements `ports.Tick`. Its transaction begins with the first write: until then the work
    reads as anybody does, and keeps nobody from writing."""

    def __init__(
        self,
        begin: Callable[[], AbstractContextManager[TransactionOverlay]],
        enter: Callable[["OverlayTick | None"], None],
        broken: tuple[type[Exception], ...],
    ) -> None:
        """begin: a transaction, which is saved when it is left without an error. enter: what this
        thread reads and writes is a tick's from here on, or nobody's. broken: errors that end a
        transaction."""
        self._begin = begin
        self._enter = enter
        self._broken = broken
        self._held = ExitStack()
        self._fault: Exception | None = None
        self._tickets: list[WorkTicket[Any]] = []
        self.begun: TransactionOverlay | None = None
        """The transaction, if it has begun."""

    def add(self, work: Work[T]) -> WorkTicket[T]:
        ticket: WorkTicket[T] = WorkTicket()
        self._tickets.append(ticket)
        self._enter(self)
        try:
            ticket.value = work()
        except Exception as error:
            ticket.error = error
        except BaseException as stopped:
            self._held.__exit__(type(stopped), stopped, stopped.__traceback__)
            raise
        finally:
            self._enter(None)
        if self.begun is not None:
            broken = ticket.error if ticket.error and ends(ticket.error, self._broken) else None
            ticket.rests = broken is not None or self.begun.dirty
            if broken is not None:
                self._break(broken)
        return ticket

    def close(self) -> list[WorkTicket[Any]]:
        try:
            self._held.close()
        except Exception as error:
            self._lose(error)
        self.begun = None
        for ticket in self._tickets:
            if not ticket.lost:
                for do in ticket.then:
                    do()
        return self._tickets

    def overlay(self) -> TransactionOverlay:
        """The newest state, under the write lock. Raises StoreUnavailableError, once and for all
        of the tick."""
        if self._fault is not None:
            raise self._fault
        if self.begun is None:
            try:
                self.begun = self._held.enter_context(self._begin())
            except Exception as error:
                self._fault = error
                raise
        return self.begun

    def expect(self, units: Sequence[Unit]) -> None:
        """Over a network, what these rest on is read at once."""
        self.add(lambda: self.overlay().tables.expect(units))

    def when_durable(self, do: Callable[[], None]) -> None:
        self._tickets[-1].then.append(do)

    def _break(self, error: Exception) -> None:
        """The transaction is over, and what was committed in it is lost."""
        try:
            self._held.__exit__(type(error), error, error.__traceback__)
        except Exception as explained:
            error = explained
        self._held, self.begun = ExitStack(), None
        self._lose(error)

    def _lose(self, error: Exception) -> None:
        self._fault = error
        for ticket in self._tickets:
            if ticket.rests:
                ticket.error, ticket.lost = error, True


class _Waiting(Generic[T]):
    def __init__(self, work: Work[T], units: Sequence[Unit]) -> None:
        self.work = work
        self.units = units
        self.ticket: WorkTicket[T] | None = None


class SharedTicks:
    """Threads that want to commit share a tick: who finds nobody at it closes one for all who wait
    at that moment, in the order in which they came."""

    def __init__(self, make: Callable[[], OverlayTick]) -> None:
        self._make = make
        self._changed = threading.Condition()
        self._waiting: list[_Waiting[Any]] = []
        self._at_work = False

    def run(self, work: Work[T], units: Sequence[Unit]) -> T:
        """Durable when it returns. Raises what the work raises, StoreUnavailableError."""
        mine = _Waiting(work, units)
        with self._changed:
            self._waiting.append(mine)
            self._changed.wait_for(lambda: mine.ticket is not None or not self._at_work)
            all_of_us = self._take() if mine.ticket is None else []
        if all_of_us:
            self._close(all_of_us)
        assert mine.ticket is not None  # noqa: S101 - whoever took it has settled it
        return mine.ticket.result()

    def _take(self) -> list[_Waiting[Any]]:
        self._at_work = True
        taken, self._waiting = self._waiting, []
        return taken

    def _close(self, all_of_us: Sequence[_Waiting[Any]]) -> None:
        tickets: list[WorkTicket[Any]] = []
        try:
            tick = self._make()
            tick.expect([unit for each in all_of_us for unit in each.units])
            tickets = [tick.add(each.work) for each in all_of_us]
            tick.close()
        finally:
            with self._changed:
                self._at_work = False
                for number, each in enumerate(all_of_us):
                    each.ticket = tickets[number] if tickets else _interrupted()
                self._changed.notify_all()


def _interrupted() -> WorkTicket[Any]:
    ticket: WorkTicket[Any] = WorkTicket()
    said = "the store cannot be used now: its process is about to end"
    ticket.error = StoreUnavailableError(said)
    return ticket
