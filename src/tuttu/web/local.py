"""The project's own socket: its path, and how it is opened."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import IO

from tuttu.vocabulary.errors import FinalError

LONGEST = 100
"""Bytes of a socket's path that every system takes."""


class LocalSocketError(FinalError):
    """The project's own socket cannot be opened."""


def socket_path(folder: Path) -> Path:
    """Where the server of a project folder listens for the commands."""
    return folder / ".tuttu" / "tuttu.sock"


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """The socket's address, valid inside the block: its path, or that of a private link to its
    folder if the path is too long for an address. Raises LocalSocketError."""
    if _fits(str(path)):
        yield str(path)
        return
    with _private_folder(path) as private:
        link = Path(private) / "to"
        link.symlink_to(path.parent.resolve(), target_is_directory=True)
        yield str(link / path.name)


def _fits(address: str) -> bool:
    return len(os.fsencode(address)) <= LONGEST


def _private_folder(path: Path) -> TemporaryDirectory[str]:
    """In the system's directory for temporary files, unless its path is too long as well."""
    for parent in (gettempdir(), "/tmp"):  # noqa: S108 nobody else can enter what is made in it
        if _fits(f"{parent}/tuttu-12345678/to/{path.name}"):
            with suppress(OSError):
                return TemporaryDirectory(prefix="tuttu-", dir=parent)
    raise LocalSocketError(
        f"found the path {path}; expected at most {LONGEST} bytes, or a folder for temporary "
        "files to make a shorter one in: set TMPDIR to a folder near the root"
    )


def answers(path: Path) -> bool:
    """Whether a server listens there. Raises LocalSocketError without permission to connect."""
    if not path.exists():
        return False
    with socket.socket(socket.AF_UNIX) as probe, reachable(path) as address:
        try:
            probe.connect(address)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except PermissionError as error:
            raise LocalSocketError(f"{path}: this user may not connect to the server") from error
    return True


@contextmanager
def listen(path: Path) -> Iterator[socket.socket | None]:
    """A listening socket that only its owner may open, removed at the end.

    None if another running server of the folder has it. The socket of a dead one is replaced: a
    lock file beside it shows whether its server is alive. Raises LocalSocketError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("ab") as lock:
        if not _claim(lock):
            yield None
            return
        path.unlink(missing_ok=True)
        try:
            with _bound(path) as listening:
                yield listening
        finally:
            path.unlink(missing_ok=True)


def _claim(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _bound(path: Path) -> socket.socket:
    with reachable(path) as address:
        listening = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        try:
            listening.bind(address)
            listening.listen()
        except OSError as error:
            listening.close()
            raise LocalSocketError(f"{path}: {error.strerror}") from error
        finally:
            os.umask(before)
    return listening
