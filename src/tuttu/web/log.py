"""The server's log: one line of JSON for each error, without anything that a client sent.

Neither bodies, nor paths with ids in them, nor the messages of unexpected exceptions are written,
since each of them may carry a secret or personal data; type and frames say where to look.
"""

import json
import logging
import secrets
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from tuttu.api import ReloadAnswer
from tuttu.vocabulary.errors import CorruptStateError, Fault, TuttuError
from tuttu.web.route import Route

LOGGER = logging.getLogger("tuttu.web")


MISLEADING = ("uvicorn.error",)
"""Libraries whose warnings send people the wrong way: that a library for WebSockets should be
installed, which we do not speak, or that a request was invalid, which its sender is told."""


class JsonLines(logging.Formatter):
    """A record as one line of JSON; of an exception only its type and frames."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["frames"] = frames_of(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False)


def frames_of(trace: TracebackType | None) -> list[str]:
    """``file:line function``, outermost first."""
    return [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(trace)
    ]


def configure() -> None:
    """Sends warnings and errors of the server to stderr, as lines of JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in MISLEADING:
        logging.getLogger(name).setLevel(logging.ERROR)


def unforeseen(route: Route, error: Exception) -> str:
    """Logs an unexpected error; returns the number under which it is logged."""
    return mistake(error, method=route.method, route=route.path, status=500)


def mistake(error: Exception, **where: object) -> str:
    """Logs an error of ours after which everything went on; returns its number."""
    incident = secrets.token_hex(8)
    fields = {"incident": incident, **where}
    LOGGER.error(
        "unforeseen error",
        exc_info=(type(error), error, error.__traceback__),
        extra={"fields": fields},
    )
    return incident


def refused(route: Route, status: int, code: str) -> None:
    """Logs a refusal that the server is responsible for."""
    fields = {"method": route.method, "route": route.path, "status": status, "code": code}
    LOGGER.warning("not available", extra={"fields": fields})


def clock_ahead(seconds: float, *, refused: bool) -> None:
    """Logs that time is ahead of the machine's; refused: so far that nothing is kept."""
    fields = {"seconds": seconds, "nothing_is_kept": refused}
    LOGGER.warning("the clock is ahead of this machine's", extra={"fields": fields})


def keys_lost(lost: int, facts: int) -> None:
    """Logs that keys of fragments have gone since the last start: erased outside, or damage."""
    fields = {"keys": lost, "facts_left_out": facts}
    LOGGER.warning(
        "keys of fragments are lost: the state was folded again without their facts",
        extra={"fields": fields},
    )


def corrupt(error: CorruptStateError) -> None:
    """Logs where what is kept is not as it was written."""
    LOGGER.error("corrupt store", extra={"fields": {"why": str(error)}})


def reloaded(answer: ReloadAnswer) -> None:
    """Logs that a version of the project was activated."""
    fields = {"project_digest": answer.project_digest, "changed": answer.changed}
    LOGGER.warning("project reloaded", extra={"fields": fields})


def faulty(faults: Sequence[Fault]) -> None:
    """Logs every fault of a project folder; the active version stays."""
    for fault in faults:
        LOGGER.error("faulty project", extra={"fields": {"fault": str(fault)}})


def not_reloaded(error: TuttuError) -> None:
    """Logs why the project folder was not reloaded."""
    LOGGER.error("project not reloaded", extra={"fields": {"why": str(error)}})
