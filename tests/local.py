"""Speaking to a server over its project's own socket, which needs no key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from tests.waiting import HANG_SECONDS

from tuttu.web import reachable, socket_path


@contextmanager
def local_client(folder: Path) -> Iterator[httpx.Client]:
    """A client of the server of this project folder, however deep the folder lies."""
    with reachable(socket_path(folder)) as address:
        transport = httpx.HTTPTransport(uds=address)
        with httpx.Client(
            transport=transport, base_url="http://tuttu", timeout=HANG_SECONDS
        ) as client:
            yield client
