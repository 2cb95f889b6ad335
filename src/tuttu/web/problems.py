"""Problem details (RFC 9457), and which error of the engine becomes which of them."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from tuttu.api import ShownFault, shown_fault
from tuttu.vocabulary import errors
from tuttu.vocabulary.counting import so_many

MEDIA_TYPE = "application/problem+json"
UNAVAILABLE_SECONDS = 5
"""Seconds for Retry-After: a conflict is over at once, a full disk or a database that is down
takes longer. Clients honour whole seconds only."""
CLOCK_SECONDS = 3600
"""The most for a clock that is ahead: it may be turned back before it is caught up with."""


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A refusal. `code` is for programs; `message` repeats `detail`, since the clients of
    Segment's calls read `code` and `message`. faults: of a project folder, all of them. candidates:
    whom an identifier may mean, with a handle for each; asks: the trait that tells them apart."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    message: str
    faults: list[ShownFault] = []
    candidates: list[errors.PersonCandidate] = []
    asks: str | None = None


class ProblemError(Exception):
    """Raised while a request is handled, to refuse it with a problem."""

    def __init__(
        self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers or {}
        self.faults: list[ShownFault] = []
        self.candidates: list[errors.PersonCandidate] = []
        self.asks: str | None = None

    def problem(self) -> Problem:
        return Problem(
            type="about:blank",
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.detail,
            code=self.code,
            message=self.detail,
            faults=self.faults,
            candidates=self.candidates,
            asks=self.asks,
        )


def faulty(error: errors.ProjectError) -> ProblemError:
    """A project folder that cannot be activated, with every fault; the active version stays."""
    detail = f"the project folder has {so_many(len(error.faults), 'fault')}"
    problem = ProblemError(422, "faulty_project", f"{detail}; the version before it stays active")
    problem.faults = [shown_fault(fault) for fault in error.faults]
    return problem


def ambiguous(error: errors.Ambiguous) -> ProblemError:
    """An identifier of several people, with those whom it may mean."""
    problem = ProblemError(409, "ambiguous", str(error))
    problem.candidates, problem.asks = list(error.candidates), error.asks
    return problem


CODES: tuple[tuple[type[errors.TuttuError], int, str], ...] = (
    (errors.NotFound, 404, "not_found"),
    (errors.UnknownSurface, 400, "unknown_surface"),
    (errors.BadRequest, 400, "bad_request"),
    (errors.ReservedName, 400, "reserved_name"),
    (errors.AlreadyReloading, 409, "already_reloading"),
    (errors.RetryError, 503, "unavailable"),
    (errors.CorruptStateError, 500, "corrupt_store"),
    (errors.FinalError, 400, "refused"),
)
"""Status and code of each kind of error; of several, the first that fits."""


def problem_of(error: errors.TuttuError) -> ProblemError:
    """The refusal for an error; one that may pass says when to retry."""
    if isinstance(error, errors.CallRefused):
        return ProblemError(error.status, error.code, str(error))
    if isinstance(error, errors.ProjectError):
        return faulty(error)
    if isinstance(error, errors.Ambiguous):
        return ambiguous(error)
    if isinstance(error, errors.ClockAhead):
        wait = {"Retry-After": str(min(error.seconds, CLOCK_SECONDS))}
        return ProblemError(503, "clock_ahead", str(error), wait)
    if isinstance(error, errors.TooManyAttempts):
        wait = {"Retry-After": str(error.seconds)}
        return ProblemError(429, "too_many_attempts", str(error), wait)
    status, code = next(each[1:] for each in CODES if isinstance(error, each[0]))
    headers = {"Retry-After": str(UNAVAILABLE_SECONDS)} if status == 503 else None
    return ProblemError(status, code, str(error), headers)
