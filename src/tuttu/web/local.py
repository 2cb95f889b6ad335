"""The project's own socket: where it lies, and how it is opened."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tuttu.vocabulary.errors import FinalError

LONGEST = 100
"""Bytes of a socket's path that every system takes."""


class LocalSocketError(FinalError):
    """The project's own socket cannot be opened."""


def socket_path(folder: Path) -> Path:
    """Where the server of a project folder listens for the commands."""
    return folder / ".tuttu" / "tuttu.sock"


def address_of(path: Path) -> str:
    """The path in a form that the system takes: as it is, or relative to where we stand."""
    for candidate in (str(path), os.path.relpath(path)):
        if len(os.fsencode(candidate)) <= LONGEST:
            return candidate
    raise LocalSocketError(
        f"found the path {path}; expected at most {LONGEST} bytes: "
        "start from inside the project folder, or give it a shorter path"
    )


def answers(path: Path) -> bool:
    """Whether a server listens there. Raises LocalSocketError if we may not ask it."""
    if not path.exists():
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(address_of(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except PermissionError as error:
            raise LocalSocketError(f"{path}: this user may not speak to the server") from error
    return True


@contextmanager
def listen(path: Path) -> Iterator[socket.socket | None]:
    """A listening socket that only its owner may open, gone at the end.

    None if another server of the folder lives and has it. What a dead one left is replaced: the
    kernel knows who lives, by a lock beside the socket. Raises LocalSocketError.
    """
    address = address_of(path)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("ab") as lock:
        if not _claim(lock):
            yield None
            return
        path.unlink(missing_ok=True)
        try:
            with _bound(address) as listening:
                yield listening
        finally:
            path.unlink(missing_ok=True)


def _claim(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _bound(address: str) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listening.bind(address)
        listening.listen()
    except OSError as error:
        listening.close()
        raise LocalSocketError(f"{address}: {error.strerror}") from error
    finally:
        os.umask(before)
    return listening
