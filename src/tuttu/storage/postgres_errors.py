"""The PostgreSQL driver's errors as the port's errors; none of them contains a password."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tuttu.storage.errors import StoreCorruptError, StoreUnavailableError

READ_ONLY = "it takes no writes, as a standby does not; write to the primary"
CAUSES = {
    "25006": READ_ONLY,
    "25P03": "it ended a transaction that was idle too long",
    "25P04": "it ended a transaction that took too long",
    "42501": "this user may not do that; grant them what the how-to on PostgreSQL lists",
    "53100": "its disk is full",
    "53200": "it is out of memory",
    "55P03": "it was too busy: other writers took longer than we wait",
    "57014": "it was too slow, and the question was taken back",
    "57P01": "it is shutting down",
    "57P02": "it has crashed, and is coming up again",
}
"""SQLSTATE to its cause, in plain words. For a refused connection there is only libpq's own
message."""


@contextmanager
def explained() -> Iterator[None]:
    """Raises StoreUnavailableError for what may pass, StoreCorruptError for what will not."""
    try:
        yield
    except psycopg.Error as error:
        cause = CAUSES.get(error.sqlstate or "")
        if cause is not None or isinstance(error, psycopg.OperationalError):
            cause = cause or _first_line(error)
            raise StoreUnavailableError(f"the database cannot be used now: {cause}") from None
        reason = error.diag.message_primary or type(error).__name__
        raise StoreCorruptError(f"the database is not as expected: {reason}") from None


def _first_line(error: psycopg.Error) -> str:
    """Without the server's address, which clients must not see."""
    primary = error.diag.message_primary
    if primary:
        return primary
    lines = str(error).strip().splitlines() or ["it does not answer"]
    return lines[0].rpartition("failed: ")[2].removeprefix("FATAL:").strip()
