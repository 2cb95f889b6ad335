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
    """What became of a piece of work; to be asked when its tick is closed."""

    def __init__(self) -> None:
        self._value: T | None = None
        self._error: Exception | None = None
        self._lost = False
        self._then: list[Callable[[], None]] = []
        self.rests = False
        """On something that its tick still has to commit."""

    def run(self, work: Work[T]) -> Exception | None:
        """What it raised, if it did."""
        try:
            self._value = work()
        except Exception as error:
            self._error = error
        return self._error

    def lose(self, error: Exception) -> None:
        """What it did, and what it rests on, could not be kept."""
        self._error, self._lost = error, True

    def when_durable(self, do: Callable[[], None]) -> None:
        self._then.append(do)

    def settle(self) -> None:
        """Its tick is over."""
        if not self._lost:
            for do in self._then:
                do()

    def result(self) -> T:
        """Raises what the work raised, or why it could not be kept."""
        if self._error is not None:
            raise self._error
        return cast("T", self._value)


class OverlayTick:
    """Implements `ports.Tick`. Its transaction begins with the first write: until then the work
    reads as anybody does, and keeps nobody from writing."""

    def __init__(
        self,
        begin: Callable[[], AbstractContextManager[TransactionOverlay]],
        here: Callable[["OverlayTick"], AbstractContextManager[None]],
        broken: tuple[type[Exception], ...],
    ) -> None:
        """begin: a transaction, which is saved when it is left without an error. here: inside it
        the thread's reads and writes are this tick's. broken: errors that end a transaction."""
        self._begin = begin
        self._here = here
        self._broken = broken
        self._held = ExitStack()
        self._fault: Exception | None = None
        self._tickets: list[WorkTicket[Any]] = []
        self.begun: TransactionOverlay | None = None
        """The transaction, if it has begun."""

    def add(self, work: Work[T]) -> WorkTicket[T]:
        ticket: WorkTicket[T] = WorkTicket()
        self._tickets.append(ticket)
        try:
            with self._here(self):
                error = ticket.run(work)
        except BaseException as stopped:
            self._held.__exit__(type(stopped), stopped, stopped.__traceback__)
            raise
        ticket.rests = self.begun is not None and self.begun.dirty
        if self.begun is not None and error is not None and ends(error, self._broken):
            ticket.rests = True
            self._break(error)
        return ticket

    def close(self) -> list[WorkTicket[Any]]:
        try:
            self._held.close()
        except Exception as error:
            self._lose(error)
        self.begun = None
        for ticket in self._tickets:
            ticket.settle()
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
        self._tickets[-1].when_durable(do)

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
                ticket.lose(error)


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
    ticket.lose(StoreUnavailableError("the store cannot be used now: its process is about to end"))
    return ticket
