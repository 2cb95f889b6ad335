"""Temporary folders with what is known of people: deleted by whoever made them, however that ends.

A process holds a lock on its folder while it lives, and the kernel releases it when the process
dies, however it dies; so the next process removes what a killed one left, and no folder in use.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

EXPORT, SCRATCH = "tuttu-export-", "tuttu-scratch-"
"""Beginnings of their names: exports for batch work, and stores for folding the log again."""


def locked_folder(prefix: str) -> tuple[Path, int]:
    """A new folder, and the handle whose closing releases it. Until it is locked, a new folder
    looks abandoned: if it was removed, another one is made."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix))
        try:
            lock = _lock(folder)
        except FileNotFoundError:
            continue
        if lock is None:
            continue
        if folder.exists():
            return folder, lock
        os.close(lock)


def sweep() -> None:
    """Removes the folders of this user whose process is dead."""
    for prefix in (EXPORT, SCRATCH):
        for path in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
            _sweep(path)


def _sweep(path: Path) -> None:
    try:
        if path.is_symlink() or path.stat().st_uid != os.getuid():
            return
        lock = _lock(path)
    except OSError:
        return
    if lock is not None:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _lock(folder: Path) -> int | None:
    """The folder, open and locked; None if a living process has it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
