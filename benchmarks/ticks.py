# ruff: noqa: S101, S603, T201 - it starts our own server, and prints
"""What requests cost that arrive together: CPU of the server, and requests a second.

    .venv/bin/python benchmarks/ticks.py [--connections 16] [--requests 1200]

`tuttu serve` over the operator example on SQLite, keys on; connections that each send the next
request when they have the answer to the last one. The clients use the same cores.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from itertools import count
from pathlib import Path

CUSTOMERS = 400
TUTTU = (sys.executable, "-m", "tuttu")
SCOPES = ("--scope", "ingest", "--scope", "decide")
Question = Callable[[int], tuple[str, object]]


def track(number: int) -> tuple[str, object]:
    call = {"event": "Usage Report Viewed", "properties": {"month": "2026-02"}}
    who = {"userId": f"u{number % CUSTOMERS}", "messageId": f"t{number}"}
    return "/v1/track", {**call, **who}


def decide(number: int) -> tuple[str, object]:
    who = {"user_id": f"u{number % CUSTOMERS}"}
    return "/v1/decide", {"who": who, "surfaces": ["app.home"], "create": True}


class Load:
    """Requests to one server, each with a number of its own."""

    def __init__(self, process: int, port: int, key: str) -> None:
        self._process = process
        self._port = port
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._numbers = count()

    def measure(self, question: Question, connections: int, requests: int) -> str:
        spent, start = self._cpu(), time.perf_counter()
        with ThreadPoolExecutor(connections) as pool:
            each = requests // connections
            list(pool.map(lambda _: self._ask(question, each), range(connections)))
        seconds, spent = time.perf_counter() - start, self._cpu() - spent
        done = each * connections
        return f"{connections:3} connections {done / seconds:7,.0f}/s {spent / done * 1e6:7,.0f} µs"

    def _ask(self, question: Question, requests: int) -> None:
        connection = HTTPConnection("127.0.0.1", self._port)
        for _ in range(requests):
            path, body = question(next(self._numbers))
            connection.request("POST", path, json.dumps(body), self._headers)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != 200:
                raise SystemExit(f"{path}: {answer.status} {said.decode()}")
        connection.close()

    def _cpu(self) -> float:
        fields = Path(f"/proc/{self._process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--requests", type=int, default=1_200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as parent:
        folder = f"{parent}/operator"
        subprocess.run([*TUTTU, "init", folder, "--example", "operator"], check=True)
        serve = [*TUTTU, "serve", folder, "--port", "0"]
        with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            port = re.search(r"http://[^:]+:(\d+)", server.stdout.readline())
            add = [*TUTTU, "keys", "add", "bench", *SCOPES, "--folder", folder]
            key = subprocess.run(add, check=True, capture_output=True, text=True).stdout.strip()
            load = Load(server.pid, int(port[1]) if port else 0, key)
            for question in (track, decide):
                for connections in (1, given.connections):
                    said = load.measure(question, connections, given.requests)
                    print(f"{question.__name__:7} {said}", flush=True)
            server.terminate()


if __name__ == "__main__":
    main()
