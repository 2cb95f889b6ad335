"""Opening a store by its URL, and the one owner of an embedded one."""

import fcntl
import hashlib
import os
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tuttu.storage.driver import Driver, Unlock
from tuttu.storage.encryption import Secret
from tuttu.storage.errors import OwnedElsewhereError, StoreUnavailableError
from tuttu.storage.master_key import read_secret
from tuttu.storage.ports import Store
from tuttu.storage.sqlite import SqliteDriver
from tuttu.storage.store import ScratchStore, SealedStore
from tuttu.vocabulary.errors import FinalError

if TYPE_CHECKING:
    from tuttu.storage.postgres import PostgresDriver

MEMORY = "sqlite::memory:"
"""The URL of a scratch store."""
POSTGRES = ("postgresql://", "postgres://")
KEPT = ".tuttu"
"""Subfolder for files that are not part of the project."""


class HeldStore(SealedStore):
    """A store that releases a resource when it is closed."""

    def __init__(self, driver: Driver, unlock: Unlock, release: Callable[[], object]) -> None:
        self._release = release
        try:
            super().__init__(driver, unlock)
        except BaseException:
            release()
            raise

    def close(self) -> None:
        super().close()
        self._release()


def open_store(url: str, base: Path, *, salt: str | None = None) -> Store:
    """The store of a project folder `base`.

    url: ``sqlite:PATH`` relative to base; ``sqlite::memory:`` for a scratch store that is deleted
    when it is closed, with pseudonyms derived from `salt`, so that a scenario is reproducible;
    ``postgresql://…`` as libpq reads it, encrypted with the secret in ``base/.tuttu``. Raises
    OwnedElsewhereError, StoreUnavailableError, StoreCorruptError.
    """
    if url == MEMORY:
        return ScratchStore(Secret(hashlib.sha256((salt or "scratch").encode()).digest()))
    if url.startswith(POSTGRES):
        return SealedStore(_postgres()(url), _unlock(base / KEPT / "secret"))
    scheme, colon, path = url.partition(":")
    if scheme != "sqlite" or not path:
        found = f"{scheme}:" if colon else f"no scheme in a text of {len(url)} characters"
        raise FinalError(
            f"storage: found {found}; expected sqlite:PATH or postgresql://HOST/DATABASE"
        )
    return _embedded(base / path)


def _postgres() -> "type[PostgresDriver]":
    """The driver is an extra, and is loaded only where it is needed."""
    try:
        return cast("type[PostgresDriver]", import_module("tuttu.storage.postgres").PostgresDriver)
    except ImportError as error:
        raise FinalError(
            "storage: found a PostgreSQL URL, but its driver is not installed;"
            " install it: pip install 'tuttu[postgres]'"
        ) from error


def _embedded(path: Path) -> Store:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _lock(path.parent)
    except OSError as error:
        raise StoreUnavailableError(f"{path}: {error.strerror}") from error
    try:
        driver = SqliteDriver(path)
    except BaseException:
        os.close(lock)
        raise
    return HeldStore(driver, _unlock(path.with_name("secret")), partial(os.close, lock))


def _unlock(path: Path) -> Unlock:
    return lambda fresh: read_secret(path, fresh=fresh)


def _lock(folder: Path) -> int:
    """Of the folder itself: a lock file could be deleted, and a second owner would make another.

    The kernel releases it when the process dies, however it dies.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise OwnedElsewhereError(
            f"{folder}: another process owns this store; ask it over its socket, or stop it"
        ) from error
    return handle
