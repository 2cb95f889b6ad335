"""Runs a command and writes down its system calls on files and sockets, in order.

    python tracer.py CALLS.jsonl COMMAND…

Every thread and every process that the command makes is followed, by ptrace(2) alone: whoever
starts a process may trace it, no tool has to be installed. The watch begins with SIGUSR1, so that
a start is not slowed down. A line is one call that came back: its name, the thread, what the
descriptor stands for (a path, or ``socket:[…]``), what it returned, and for reads and writes the
bytes that passed. Linux 5.3 or newer, any 64-bit processor of which python-ptrace knows the
numbers of the calls.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ptrace.binding import func  # type: ignore[import-untyped]
from ptrace.syscall import SYSCALL_NAMES  # type: ignore[import-untyped]

READS = {"read", "readv", "recvfrom", "recvmsg", "pread64"}
WRITES = {"write", "writev", "sendto", "sendmsg", "pwrite64", "pwritev", "pwritev2"}
SYNCS = {"fsync", "fdatasync", "sync_file_range"}
VECTORS = {"readv", "writev", "pwritev", "pwritev2"}
MESSAGES = {"recvmsg", "sendmsg"}
SHOWN = READS | WRITES | SYNCS

PTRACE_SEIZE = 0x4206
PTRACE_INTERRUPT = 0x4207
PTRACE_LISTEN = 0x4208
PTRACE_GET_SYSCALL_INFO = 0x420E
PTRACE_EVENT_STOP = 128
PTRACE_O_EXITKILL = 1 << 20
FOLLOW = (
    PTRACE_O_EXITKILL
    | func.PTRACE_O_TRACESYSGOOD
    | func.PTRACE_O_TRACECLONE
    | func.PTRACE_O_TRACEFORK
    | func.PTRACE_O_TRACEVFORK
)
SYSCALL_STOP = signal.SIGTRAP | 0x80
ENTRY, EXIT = 1, 2
WORD = 8
MOST = 1 << 20


class Info(ctypes.Structure):
    """``struct ptrace_syscall_info``, of an entry; on exit `number` holds the result."""

    _fields_ = (
        ("op", ctypes.c_uint8),
        ("pad", ctypes.c_uint8 * 3),
        ("arch", ctypes.c_uint32),
        ("instruction_pointer", ctypes.c_uint64),
        ("stack_pointer", ctypes.c_uint64),
        ("number", ctypes.c_int64),
        ("arguments", ctypes.c_uint64 * 6),
    )


@dataclass
class Call:
    """A system call that has begun. passed: the bytes, of a write."""

    name: str
    arguments: tuple[int, ...]
    target: str = ""
    passed: bytes = b""


class Tracer:
    """Follows one process and all that it makes, until the last of them is gone."""

    def __init__(self, pid: int, told: IO[str]) -> None:
        self._told = told
        self._begun: dict[int, Call] = {}
        self._threads = {pid}
        self._request = func.PTRACE_CONT
        func.ptrace(PTRACE_SEIZE, pid, 0, FOLLOW)

    def watch(self) -> None:
        """From here on every call is seen."""
        self._request = func.PTRACE_SYSCALL
        for thread in self._threads:
            with suppress(func.PtraceError):
                func.ptrace(PTRACE_INTERRUPT, thread)

    def run(self) -> None:
        while True:
            try:
                thread, status = os.waitpid(-1, func.THREAD_TRACE_FLAGS)
            except ChildProcessError:
                return
            if os.WIFSTOPPED(status):
                self._threads.add(thread)
                self._go_on(thread, status)
            else:
                self._threads.discard(thread)

    def _go_on(self, thread: int, status: int) -> None:
        number, event = os.WSTOPSIG(status), status >> 16
        request, delivered = self._request, 0
        # A process that died meanwhile takes no request: waitpid reports it next.
        with suppress(func.PtraceError, OSError):
            if number == SYSCALL_STOP:
                self._stopped(thread)
            elif event == PTRACE_EVENT_STOP and number != signal.SIGTRAP:
                request = PTRACE_LISTEN
            elif event == 0:
                delivered = number
            func.ptrace(request, thread, 0, delivered)

    def _stopped(self, thread: int) -> None:
        info = Info()
        func.ptrace(PTRACE_GET_SYSCALL_INFO, thread, ctypes.sizeof(info), ctypes.addressof(info))
        if info.op == ENTRY:
            name = SYSCALL_NAMES.get(info.number, "")
            if name in SHOWN:
                self._begun[thread] = self._begin(thread, name, tuple(info.arguments))
        elif info.op == EXIT and thread in self._begun:
            self._end(thread, self._begun.pop(thread), info.number)

    def _begin(self, thread: int, name: str, arguments: tuple[int, ...]) -> Call:
        call = Call(
            name, arguments, target=str(Path(f"/proc/{thread}/fd/{arguments[0]}").readlink())
        )
        if name in WRITES:
            call.passed = b"".join(_passing(thread, call, MOST))
        return call

    def _end(self, thread: int, call: Call, result: int) -> None:
        if call.name in READS and result > 0:
            call.passed = b"".join(_passing(thread, call, result))
        passed = call.passed[: max(result, 0)].decode("latin-1")
        line = [call.name, thread, call.target, result, passed]
        self._told.write(json.dumps(line) + "\n")
        self._told.flush()


def _passing(thread: int, call: Call, most: int) -> Iterator[bytes]:
    """The bytes in the buffers of a read or a write, `most` of them at most."""
    with Path(f"/proc/{thread}/mem").open("rb", buffering=0) as memory:
        for start, size in _buffers(memory, call):
            memory.seek(start)
            found = memory.read(min(size, most))
            most -= len(found)
            yield found


def _buffers(memory: IO[bytes], call: Call) -> Iterator[tuple[int, int]]:
    """Address and length of each; a vector or a message has several."""
    if call.name in MESSAGES:
        head = _words(memory, call.arguments[1], 4)
        yield from _vector(memory, head[2], head[3])
    elif call.name in VECTORS:
        yield from _vector(memory, call.arguments[1], call.arguments[2])
    else:
        yield call.arguments[1], call.arguments[2]


def _vector(memory: IO[bytes], start: int, count: int) -> Iterator[tuple[int, int]]:
    words = _words(memory, start, 2 * count)
    yield from zip(words[::2], words[1::2], strict=True)


def _words(memory: IO[bytes], start: int, count: int) -> Sequence[int]:
    memory.seek(start)
    found = memory.read(count * WORD)
    return [int.from_bytes(found[at : at + WORD], sys.byteorder) for at in range(0, len(found), 8)]


def main(calls: str, *command: str) -> int:
    with Path(calls).open("w") as told, subprocess.Popen(command) as process:
        tracer = Tracer(process.pid, told)
        signal.signal(signal.SIGUSR1, lambda *_: tracer.watch())
        # Whoever ends us means the command: it goes on under its tracer until it has ended.
        signal.signal(signal.SIGTERM, lambda *_: os.kill(process.pid, signal.SIGTERM))
        tracer.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
