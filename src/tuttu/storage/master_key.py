"""The file with the master secret of a store: made once, readable by its owner only."""

import os
import shlex
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from tuttu.storage.encryption import KEY, Secret
from tuttu.storage.errors import StoreCorruptError, StoreUnavailableError


def read_secret(path: Path, *, fresh: bool) -> Secret:
    """The secret kept at `path`; for a fresh store it is made there, unless it is there already.

    Raises StoreCorruptError if a store that is in use has no secret, the file is no secret, or
    others than its owner can use it.
    """
    try:
        if fresh and not path.exists():
            _make(path)
        mode = stat.S_IMODE(path.stat().st_mode)
        master = path.read_bytes()
    except FileNotFoundError as error:
        raise StoreCorruptError(
            f"{path}: found a store without its secret; restore the file from your backup, or copy"
            " it from a folder that uses the same store"
        ) from error
    except OSError as error:
        raise StoreUnavailableError(f"{path}: {error.strerror}") from error
    if mode & 0o077:
        raise StoreCorruptError(
            f"{path}: found mode {mode:04o}, expected 0600: others than its owner can use it, and"
            f" whoever has it can read the store; mend it: chmod 600 {shlex.quote(str(path))}"
        )
    if len(master) != KEY:
        raise StoreCorruptError(f"{path}: found {len(master)} bytes, expected {KEY}")
    return Secret(master)


def _make(path: Path) -> None:
    """Whole and on the disk before it has its name; the second process takes the first one's."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix="secret-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(KEY))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
