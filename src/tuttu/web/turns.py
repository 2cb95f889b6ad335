"""Work on an embedded store: all that arrives in one turn of the event loop is one tick of it."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from inspect import isgenerator
from typing import Any

from tuttu.storage import Store, Ticket

Work = Callable[[], Any]
"""Returns an answer, or `Slices` of one."""


class _Job:
    """A piece of work, and who waits for it. tickets: of its slices in the tick at hand."""

    def __init__(self, work: Work, answer: asyncio.Future[Any]) -> None:
        self.answer = answer
        self.over = False
        self.tickets: list[Ticket[Any]] = []
        self._work = work
        self._slices: Any = None

    def slice(self) -> Any:
        """Does the next one; it is the last one when `over`."""
        self.over = True
        if self._slices is None:
            self._slices = self._work()
        if not isgenerator(self._slices):
            return self._slices
        try:
            next(self._slices)
        except StopIteration as end:
            return end.value
        self.over = False
        return None

    def tell(self) -> bool:
        """The answer, when the tick is closed; False: there are slices to come."""
        try:
            said = [ticket.result() for ticket in self.tickets]
        except Exception as error:
            self.fail(error)
            return True
        self.tickets.clear()
        if self.over and not self.answer.done():
            self.answer.set_result(said[-1])
        return self.over

    def fail(self, error: BaseException) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Turns:
    """Hands work to one thread beside the event loop, and its answers back when they are durable.

    A tick is all that waits when the thread is free, in the order of arrival; of a batch the next
    slice, and as many more as there are while nobody else waits. Who comes meanwhile is served
    before the next one.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, "tuttu-worker")
        self._waiting: deque[_Job] = deque()
        self._at_work = False

    async def do(self, work: Work) -> Any:
        """Called in the loop, always the same one. Raises what the work raises, Unavailable."""
        loop = asyncio.get_running_loop()
        job = _Job(work, loop.create_future())
        self._waiting.append(job)
        if not self._at_work:
            self._at_work = True
            loop.call_soon(self._begin, loop)
        return await job.answer

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        jobs = list(self._waiting)
        self._waiting.clear()
        done = loop.run_in_executor(self._thread, self._tick, jobs)
        done.add_done_callback(lambda done: self._end(loop, jobs, done.exception()))

    def _tick(self, jobs: Sequence[_Job]) -> None:
        tick = self._store.tick()
        try:
            going_on = True
            while going_on:
                for job in jobs:
                    job.tickets.append(tick.add(job.slice))
                # Whoever is done waits for the tick to be closed.
                going_on = not (self._waiting or any(job.over for job in jobs))
        finally:
            tick.close()

    def _end(
        self, loop: asyncio.AbstractEventLoop, jobs: Sequence[_Job], error: BaseException | None
    ) -> None:
        if error is None:
            self._waiting.extend(job for job in jobs if not job.tell())
        else:
            for job in jobs:
                job.fail(error)
        self._at_work = bool(self._waiting)
        if self._at_work:
            self._begin(loop)
