"""Refusals in the shape of RFC 9457, and which error of the engine becomes which of them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from tuttu.engine.errors import BadRequest, NotFound, TooBusy, Unavailable
from tuttu.vocabulary.errors import FinalError, RetryError, TuttuError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = {TooBusy: 1, Unavailable: 5}


class Problem(msgspec.Struct, kw_only=True):
    """A refusal. `code` is for programs; `message` repeats `detail`, since the clients of
    Segment's calls read `code` and `message`."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    message: str


class ProblemError(Exception):
    """Raised by whoever answers, to refuse with a problem."""

    def __init__(
        self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers or {}

    def problem(self) -> Problem:
        return Problem(
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.detail,
            code=self.code,
            message=self.detail,
        )


def problem_of(error: TuttuError) -> ProblemError:
    """The refusal that tells what an error of the engine says."""
    if isinstance(error, NotFound):
        return ProblemError(404, "not_found", str(error))
    if isinstance(error, BadRequest):
        return ProblemError(400, "bad_request", str(error))
    if isinstance(error, RetryError):
        seconds = RETRY_AFTER_SECONDS.get(type(error), 1)
        code = "too_busy" if isinstance(error, TooBusy) else "unavailable"
        return ProblemError(503, code, str(error), {"Retry-After": str(seconds)})
    if isinstance(error, FinalError):
        return ProblemError(400, "refused", str(error))
    raise error
