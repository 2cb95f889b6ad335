"""Base classes of errors, with messages that a person can act on.

An error is *final* (the same input will fail again) or *retryable* (the same input may pass later).
A fault is an error at a place in a project file.
"""

from collections.abc import Iterable
from difflib import get_close_matches

import msgspec

from tuttu.vocabulary import events
from tuttu.vocabulary.counting import so_many


class TuttuError(Exception):
    """Base of every error that tuttu raises deliberately."""


class FinalError(TuttuError):
    """The same input will fail again."""


class RetryError(TuttuError):
    """The same input may pass later."""


class CorruptStateError(FinalError):
    """What is kept is not as it was written; says where. It is no fault of whoever asks."""


class Where(msgspec.Struct, frozen=True, order=True):
    """A place in a project file: path relative to the project folder, line counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Fault(msgspec.Struct, frozen=True, order=True):
    """One fault in a project folder."""

    where: Where
    found: str
    expected: str
    nearest: str | None = None

    def __str__(self) -> str:
        hint = f" Did you mean {self.nearest!r}?" if self.nearest else ""
        return f"{self.where}: found {self.found}; expected {self.expected}.{hint}"


class ProjectError(FinalError):
    """A project folder with faults: all of them at once, in the order of files and lines."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class NotFound(FinalError):  # noqa: N818 - an answer, not a mistake
    """There is nothing of that name; says what was looked for."""


class BadRequest(FinalError):  # noqa: N818 - the caller's mistake
    """The request cannot be answered as it is: what was found, and what was expected."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"found {found}; expected {expected}")
        self.found = found
        self.expected = expected


class UnknownSurface(BadRequest):
    """The request names a surface that the project does not declare."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """In brackets, the known name that is most like a wrong one; empty if none is like it."""
    near = get_close_matches(name, list(known), 1)
    return f" (did you mean {near[0]!r}?)" if near else ""


class PersonCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """One of the people that an identifier may mean. handle: names them for a while, to the key
    that it was given to."""

    handle: str
    initials: str


class Ambiguous(FinalError):  # noqa: N818 - an answer, not a mistake
    """Several people use the identifier. candidates: they, where whoever asks may read people and
    there are few. asks: the trait that tells them apart."""

    def __init__(
        self,
        identifier: events.Identifier,
        candidates: tuple[PersonCandidate, ...] = (),
        asks: str | None = None,
    ) -> None:
        super().__init__(f"several people use this {identifier.namespace}: find out who it is")
        self.identifier = identifier
        self.candidates = candidates
        self.asks = asks


class TooManyAttempts(RetryError):  # noqa: N818 - an answer, not a mistake
    """Who uses an identifier was tried to find out too often. seconds: to wait, at most."""

    def __init__(self, seconds: int) -> None:
        super().__init__("too many answers were tried for this identifier; wait, or ask otherwise")
        self.seconds = seconds


class Unavailable(RetryError):  # noqa: N818 - a state, not a mistake
    """The store cannot be read or written now."""


class ClockAhead(RetryError):  # noqa: N818 - a state, not a mistake
    """Facts would be dated ahead. seconds: until the machine's time has caught up."""

    def __init__(self, seconds: int) -> None:
        ahead = so_many(seconds, "second")
        super().__init__(
            f"the clock is {ahead} ahead of this machine's: nothing is kept until that"
            " has caught up, or somebody with the scope `clock` turns it back (tuttu clock --back)"
        )
        self.seconds = seconds


class AlreadyReloading(RetryError):  # noqa: N818 - a state, not a mistake
    """The project folder is being read already; one reload at a time."""


class CallRefused(FinalError):  # noqa: N818 - an answer, not a mistake
    """A body that was sent is refused as a whole. status: of HTTP; code: for programs."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class ReservedName(FinalError):  # noqa: N818 - the caller's mistake
    """A name that means something else already."""
