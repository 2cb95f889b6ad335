"""Why intake refuses something: a code for programs, a sentence for people."""

from enum import StrEnum

from tuttu.vocabulary.errors import FinalError


class RefusalCode(StrEnum):
    """Every reason for which a body, a call or a row is refused."""

    UNKNOWN_ENCODING = "unknown_encoding"
    BAD_GZIP = "bad_gzip"
    BODY_TOO_LARGE = "body_too_large"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    BAD_NUMBER = "bad_number"
    TOO_DEEP = "too_deep"
    TOO_MANY_EVENTS = "too_many_events"
    TOO_MUCH_EVIDENCE = "too_much_evidence"
    EVENT_TOO_LARGE = "event_too_large"
    UNKNOWN_CALL = "unknown_call"
    WRONG_TYPE = "wrong_type"
    MISSING_FIELD = "missing_field"
    MISSING_ID = "missing_id"
    BAD_ID = "bad_id"
    BAD_TIMESTAMP = "bad_timestamp"
    TOO_EARLY = "too_early"
    UNDECLARED_EVENT = "undeclared_event"
    MISSING_PROPERTY = "missing_property"
    ID_REUSED = "id_reused"
    UNFORESEEN = "unforeseen"
    LETTER_CLOSED = "letter_closed"
    LETTER_TRUNCATED = "letter_truncated"


STATUS = {
    RefusalCode.UNKNOWN_ENCODING: 415,
    RefusalCode.BODY_TOO_LARGE: 413,
    RefusalCode.EVENT_TOO_LARGE: 413,
    RefusalCode.TOO_MANY_EVENTS: 413,
    RefusalCode.TOO_MUCH_EVIDENCE: 413,
    RefusalCode.ID_REUSED: 409,
    RefusalCode.LETTER_CLOSED: 409,
}
"""HTTP status where it is not 400; never 429 or 5xx, after which clients send again for ever."""


class IntakeError(FinalError):
    """The same input will be refused again. The message says what was found and expected."""

    def __init__(self, code: RefusalCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class BadFileError(FinalError):
    """A file that cannot be read, or not to its end."""


def kind_of(value: object) -> str:
    """A JSON value in the words of a message."""
    if value is None:
        return "null"
    names = {bool: "a truth value", str: "text", dict: "an object", list: "a list"}
    return names.get(type(value), "a number")
