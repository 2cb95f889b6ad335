"""Whether the process is alive is answered while it works."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from tests.waiting import HANG_SECONDS
from tests.web.conftest import StubRuntime, serving

from tuttu.api import CallsAnswer
from tuttu.engine import Runtime
from tuttu.web.route import Route


class Long:
    """A call that works until it is told to end."""

    def __init__(self) -> None:
        self.begun, self.end = threading.Event(), threading.Event()

    def __call__(self, **_: Any) -> CallsAnswer:
        self.begun.set()
        assert self.end.wait(HANG_SECONDS)
        return CallsAnswer(success=True, accepted=1)


@pytest.mark.parametrize("local", [False, True])
def test_a_long_commit_keeps_nobody_waiting_who_asks_for_health(
    tmp_path: Path, local: bool
) -> None:
    stub, long, answers = StubRuntime(), Long(), list[int]()

    def changed(route: Route) -> Route:
        track = route.path == "/v1/track"
        return msgspec.structs.replace(route, use_case=long) if track else route

    routes = [changed(each) for each in stub.routes()]
    with serving(cast(Runtime, stub), tmp_path, routes) as running:
        client = running.local_client() if local else running.client()
        other = running.local_client() if local else running.client(None)

        def call() -> None:
            answers.append(client.post("/v1/track", content=b"{}").status_code)

        thread = threading.Thread(target=call)
        thread.start()
        try:
            assert long.begun.wait(HANG_SECONDS)
            assert other.get("/healthz").status_code == 200
            assert not answers
        finally:
            long.end.set()
            thread.join()
    assert answers == [200]
