"""What a server key may do."""

from enum import StrEnum


class Scope(StrEnum):
    """One permission. A key holds any number of them; none implies another."""

    INGEST = "ingest"
    DECIDE = "decide"
    READ_PERSON = "read-person"
    WRITE_PERSON = "write-person"
    ERASE = "erase"
    ADMIN = "admin"
    CLOCK = "clock"


ALL_SCOPES = frozenset(scope.value for scope in Scope)
