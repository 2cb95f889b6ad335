"""Runs programs that must not run as root as another user, from a place that user can read.

PostgreSQL refuses to run as root, and a browser has no sandbox there. So under root they run as
`nobody`, and what root has installed may be in a folder that only root may enter, as root's own
home is. The modes of such folders are not changed: the programs are copied to where they can be
read, for as long as they are in use. Any other user runs everything as themselves, without a copy.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tuttu.vocabulary.errors import FinalError

USER = "nobody"
PREFIX = "tuttu-programs-"
COMMON = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - nobody else can write what we make there
"""Where temporary files may lie when `TMPDIR` is a private folder."""
READ, ENTER = 0o004, 0o001

Listed = dict[str, tuple[int, int, int]]
"""What the files of a folder are known by: path to size, time of change in seconds, and whether it
is a program."""


class NoPlaceError(FinalError):
    """No folder is open to the user that programs run as."""


def needed() -> bool:
    """Whether programs run as somebody else than ourselves."""
    return os.geteuid() == 0


def as_whom() -> dict[str, Any]:
    """How a program is started that does not run as root: arguments of `subprocess`."""
    if not needed():
        return {}
    user = pwd.getpwnam(USER)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def hand_over(path: Path) -> None:
    """Gives the file or folder to the user that programs run as."""
    if needed():
        user = pwd.getpwnam(USER)
        os.chown(path, user.pw_uid, user.pw_gid)


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """A temporary folder, deleted afterwards. The user that programs run as may enter it, and reads
    what is handed over. Raises NoPlaceError."""
    with tempfile.TemporaryDirectory(
        dir=_place(), prefix=prefix, ignore_cleanup_errors=True
    ) as made:
        folder = Path(made)
        if needed():
            folder.chmod(0o711)
        yield folder


@contextmanager
def readable(top: Path, *parts: str) -> Iterator[Path]:
    """A folder equivalent to `top`: the user that programs run as can read and run the parts of it,
    which are folders below it that may refer to each other.

    It is `top` itself where possible. Else it is a copy, shared with every process that needs
    the same one meanwhile. The last of them removes it, and with it what killed ones left.
    Raises NoPlaceError.
    """
    if not needed() or _is_open(top, parts):
        yield top
        return
    listed = _listed(top, parts)
    name = hashlib.sha256(repr(sorted(listed.items())).encode()).hexdigest()[:16]
    copy = _place(programs=True) / f"{PREFIX}{name}"
    lock = _borrowed(copy, top, parts, listed)
    try:
        yield copy
    finally:
        os.close(lock)
        _sweep(copy.parent)


def _place(*, programs: bool = False) -> Path:
    """The folder for temporary files, or a common one if that is private. programs: they can be
    run there."""
    for each in (tempfile.gettempdir(), *COMMON):
        folder = Path(each)
        if folder.is_dir() and (not needed() or _can_be_entered(folder)):
            flags = os.statvfs(folder).f_flag
            if not (programs and flags & getattr(os, "ST_NOEXEC", 0)):
                return folder
    raise NoPlaceError(
        f"found no folder for temporary files that the user {USER} may enter"
        " and run programs in; set TMPDIR to one"
    )


def _can_be_entered(folder: Path) -> bool:
    """By everybody, from the root on."""
    resolved = folder.resolve()
    return all(each.stat().st_mode & ENTER for each in (resolved, *resolved.parents))


def _is_open(top: Path, parts: Sequence[str]) -> bool:
    """Whether everybody can reach the parts, read all of them and run their programs."""
    if not all(_can_be_entered(top / part) for part in parts):
        return False
    for _, kept in _inside(top, parts):
        wanted = READ | (ENTER if kept.st_mode & stat.S_IXUSR else 0)
        if kept.st_mode & wanted != wanted:
            return False
    return True


def _listed(top: Path, parts: Sequence[str]) -> Listed:
    """Every file of the parts."""
    return {
        path.relative_to(top).as_posix(): (
            kept.st_size,
            int(kept.st_mtime),
            kept.st_mode & stat.S_IXUSR,
        )
        for path, kept in _inside(top, parts)
        if stat.S_ISREG(kept.st_mode)
    }


def _inside(top: Path, parts: Sequence[str]) -> Iterator[tuple[Path, os.stat_result]]:
    """The parts, and every folder and file in them. Links are followed, as a copy follows them; one
    that leads nowhere is left out."""
    for part in parts:
        yield top / part, (top / part).stat()
        for folder, folders, files in os.walk(top / part, followlinks=True):
            for name in (*folders, *files):
                path = Path(folder, name)
                with suppress(FileNotFoundError):
                    yield path, path.stat()


def _borrowed(copy: Path, top: Path, parts: Sequence[str], listed: Listed) -> int:
    """The copy is whole, and stays so until the lock that is returned is closed."""
    for _ in range(3):
        lock = _locked(copy, fcntl.LOCK_SH)
        if _is_whole(copy, parts, listed):
            return lock
        os.close(lock)
        alone = _locked(copy, fcntl.LOCK_EX)
        try:
            # Somebody else may have been faster.
            if not _is_whole(copy, parts, listed):
                _make(copy, top, parts)
        finally:
            os.close(alone)
    raise NoPlaceError(f"{copy}: the copy of the programs is changed by somebody else")


def _is_whole(copy: Path, parts: Sequence[str], listed: Listed) -> bool:
    """Ours alone to write, and as it was copied: a killed process may have left a part of it, and
    what tidies up temporary files may have taken some."""
    try:
        kept = copy.lstat()
        ours = stat.S_ISDIR(kept.st_mode) and kept.st_uid == os.geteuid()
        return ours and not kept.st_mode & 0o022 and _listed(copy, parts) == listed
    except FileNotFoundError:
        return False


def _make(copy: Path, top: Path, parts: Sequence[str]) -> None:
    if copy.exists():
        shutil.rmtree(copy)
    copy.mkdir(mode=0o700)
    for part in parts:
        shutil.copytree(top / part, copy / part, ignore_dangling_symlinks=True)
    for path in (copy, *copy.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(0o755 if mode & stat.S_IXUSR else 0o644)


def _sweep(place: Path) -> None:
    """Removes the copies of ours that nobody uses."""
    for path in place.glob(f"{PREFIX}*.lock"):
        with suppress(BlockingIOError, FileNotFoundError):
            if path.lstat().st_uid == os.geteuid():
                _remove(path.with_suffix(""))


def _remove(copy: Path) -> None:
    lock = _locked(copy, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        shutil.rmtree(copy, ignore_errors=True)
        _lock_file(copy).unlink()
    finally:
        os.close(lock)


def _lock_file(copy: Path) -> Path:
    return copy.with_name(f"{copy.name}.lock")


def _locked(copy: Path, how: int) -> int:
    """A lock on the copy: its remover removes the file too, and then a new one counts."""
    path = _lock_file(copy)
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, how)
            if os.path.samestat(os.fstat(lock), path.lstat()):
                return lock
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)
