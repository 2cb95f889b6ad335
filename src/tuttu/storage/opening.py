"""Opening a store by its URL, and the one owner of an embedded one."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from pathlib import Path
from typing import IO

from tuttu.storage.errors import OwnedElsewhereError, StoreCorruptError, StoreUnavailableError
from tuttu.storage.seal import KEY, Secret
from tuttu.storage.sqlite import SqliteStore
from tuttu.vocabulary.errors import FinalError

MEMORY = "sqlite::memory:"


class OwnedStore(SqliteStore):
    """An embedded store together with the lock that makes this process its only owner."""

    def __init__(self, path: Path, secret: Secret, lock: IO[bytes]) -> None:
        self._folder_lock = lock
        super().__init__(path, secret)

    def close(self) -> None:
        super().close()
        self._folder_lock.close()


def open_store(url: str, base: Path, *, salt: str | None = None) -> SqliteStore:
    """The store of a project folder `base`.

    url: ``sqlite:PATH`` relative to base, or ``sqlite::memory:`` for a scratch store that is gone
    when it is closed; its pseudonyms then follow from `salt`, so that a story gives the same
    answers every time. Raises OwnedElsewhereError, StoreUnavailableError, StoreCorruptError.
    """
    if url == MEMORY:
        return _scratch(salt or "scratch")
    scheme, _, path = url.partition(":")
    if scheme != "sqlite" or not path:
        raise FinalError(
            f"storage: found {url!r}, expected sqlite:PATH (PostgreSQL is not supported yet)"
        )
    return _embedded(base / path)


def _scratch(salt: str) -> SqliteStore:
    folder = Path(tempfile.mkdtemp(prefix="tuttu-scratch-"))
    secret = Secret(hashlib.sha256(salt.encode()).digest())
    return SqliteStore(folder / "store.db", secret, durable=False, scratch=folder)


def _embedded(path: Path) -> SqliteStore:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _lock(path.with_name("owner.lock"))
        try:
            secret = Secret(_master(path.with_name("secret"), fresh=not path.exists()))
            return OwnedStore(path, secret, lock)
        except BaseException:
            lock.close()
            raise
    except OSError as error:
        raise StoreUnavailableError(f"{path}: {error.strerror}") from error


def _lock(path: Path) -> IO[bytes]:
    """The kernel lets go of it when the process dies, however it dies."""
    handle = path.open("ab")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        handle.close()
        raise OwnedElsewhereError(
            f"{path.parent}: another process owns this store; ask it over its socket, or stop it"
        ) from error
    return handle


def _master(path: Path, *, fresh: bool) -> bytes:
    """The master secret, made once, readable by its owner only."""
    if fresh and not path.exists():
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(KEY))
            file.flush()
            os.fsync(file.fileno())
    try:
        master = path.read_bytes()
    except FileNotFoundError as error:
        raise StoreCorruptError(
            f"{path}: found a store without its secret; restore the file from your backup"
        ) from error
    if len(master) != KEY:
        raise StoreCorruptError(f"{path}: found {len(master)} bytes, expected {KEY}")
    return master
