"""What a long reading of a file leaves on disk, so that it can be told of and go on: the rows that
were refused, and the row up to which it came.

Both are for the owner only: rows are customers' data.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import msgspec

from tuttu.cli.terminal import json_lines

ONLY_OWNER = 0o600
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_DIGITS = 12


class Interrupted(BaseException):
    """A signal wishes the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


@contextmanager
def interruptible() -> Iterator[None]:
    """A signal that would end the process raises Interrupted. An ignored one stays ignored."""

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        raise Interrupted(number)

    handled = [each for each in SIGNALS if signal.getsignal(each) != signal.SIG_IGN]
    before = {each: signal.signal(each, interrupt) for each in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Rejects:
    """The rows of a file that were refused, one JSON object a line, each on disk at once.

    after: those behind this row are dropped: they are read again.
    """

    def __init__(self, source: Path, after: int) -> None:
        self.path = source.with_name(source.name + ".rejects.jsonl")
        kept = list(_up_to(self.path, after)) if after and self.path.exists() else []
        # A file of its own, so that what was there stays until the new one is whole.
        fresh = self.path.with_name(f".{self.path.name}.new")
        fresh.unlink(missing_ok=True)
        self._file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, ONLY_OWNER)
        for line in kept:
            self._append(line)
        fresh.replace(self.path)

    def write(self, reject: msgspec.Struct) -> None:
        """Without what a terminal obeys: people look at such files."""
        (line,) = json_lines(msgspec.json.encode(reject).decode())
        self._append(f"{line}\n".encode())

    def _append(self, line: bytes) -> None:
        view = memoryview(line)
        while view:
            view = view[os.write(self._file, view) :]

    def close(self) -> bool:
        """Whether there are any; without, no file stays."""
        size = os.fstat(self._file).st_size
        os.close(self._file)
        if not size:
            self.path.unlink()
        return size > 0


class _Numbered(msgspec.Struct):
    row: int


def _up_to(path: Path, row: int) -> Iterator[bytes]:
    """Whole lines of rows up to this one."""
    with path.open("rb") as lines:
        for line in lines:
            try:
                fits = msgspec.json.decode(line, type=_Numbered).row <= row
            except msgspec.DecodeError:
                continue
            if fits and line.endswith(b"\n"):
                yield line


class Place:
    """The row up to which a file was read, on disk while it is read: a run that was killed cannot
    tell it, the next one does."""

    def __init__(self, source: Path) -> None:
        self.path = source.with_name(source.name + ".row")
        self._file: int | None = None

    def left(self) -> int | None:
        """Where an earlier run stopped; None: none did."""
        try:
            text = self.path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return None
        return int(text) if text.isdecimal() else None

    def open(self) -> None:
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT, ONLY_OWNER)
        os.fchmod(self._file, ONLY_OWNER)

    def write(self, row: int) -> None:
        if self._file is not None:
            os.pwrite(self._file, f"{row:0{_DIGITS}d}\n".encode(), 0)

    def close(self, *, whole: bool) -> None:
        """whole: the file was read to its end, and nothing is left to tell."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if whole:
            self.path.unlink(missing_ok=True)
