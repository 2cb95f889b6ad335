"""What can go wrong, said so that a person can act on it.

An error is *final* (the same input will fail again) or asks for a *retry* (the same input may
pass later). A fault is a place in a project file that does not hold.
"""

from __future__ import annotations

import msgspec


class TuttuError(Exception):
    """Base of every error that tuttu raises on purpose."""


class FinalError(TuttuError):
    """The same input will fail again."""


class RetryError(TuttuError):
    """The same input may pass later."""


class Where(msgspec.Struct, frozen=True, order=True):
    """A place in a project file: path relative to the project folder, line counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Fault(msgspec.Struct, frozen=True, order=True):
    """One thing that does not hold in a project folder."""

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
