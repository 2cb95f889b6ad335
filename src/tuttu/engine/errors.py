"""How the engine says no: final (the same question fails again) or retry (it may pass later)."""

from __future__ import annotations

from tuttu.vocabulary.errors import FinalError, RetryError


class NotFound(FinalError):  # noqa: N818 - an answer, not a mistake
    """There is nothing of that name; says what was looked for."""


class BadRequest(FinalError):  # noqa: N818 - the asker's mistake
    """The question cannot be answered as it stands: what was found, and what was expected."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"found {found}; expected {expected}")
        self.found = found
        self.expected = expected


class UnknownSurface(BadRequest):
    """The question names a surface that the project does not declare."""


class Unavailable(RetryError):  # noqa: N818 - a state, not a mistake
    """The store cannot be read or written now."""


class AlreadyReloading(RetryError):  # noqa: N818 - a state, not a mistake
    """The project folder is being read anew; one reload at a time."""
