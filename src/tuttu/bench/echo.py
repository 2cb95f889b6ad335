"""The limit over HTTP: reads a body and answers with as many bytes as it is told.

Run by `processes.echoing` as a program of its own. A raw ASGI application under the settings of
`tuttu serve`: uvicorn on uvloop and httptools.
"""

import asyncio
import json
import socket
import sys

import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send


class Echo:
    """The application; answer_bytes: length of each answer."""

    def __init__(self, answer_bytes: int) -> None:
        self._body = b"." * answer_bytes
        length = str(answer_bytes).encode()
        self._headers = [(b"content-type", b"application/json"), (b"content-length", length)]

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})


def serve(answer_bytes: int) -> None:
    """Until SIGTERM; prints its address as JSON when it accepts requests."""
    config = uvicorn.Config(
        Echo(answer_bytes),
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=75,
    )
    with (
        socket.create_server(("127.0.0.1", 0)) as bound,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        # Whoever connects from here on waits in the queue of the socket.
        sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{bound.getsockname()[1]}"}) + "\n")
        sys.stdout.flush()
        runner.run(uvicorn.Server(config).serve(sockets=[bound]))


if __name__ == "__main__":
    serve(int(sys.argv[1]))
