"""The HTTP door: one table of routes over the engine, on TCP and on the project's own socket.

It knows who asks (a server key and its scopes), what shape a question has, and how a refusal is
said. It must hold no rule of the trade and no SQL, keep nothing, and log nothing that was sent.
"""

from tuttu.web.app import create_app
from tuttu.web.clock import SystemClock, catch_up
from tuttu.web.local import LocalSocketError, answers, reachable, socket_path
from tuttu.web.routes import ROUTES, openapi_document
from tuttu.web.server import AddressError, bind, is_loopback, serve

__all__ = [
    "ROUTES",
    "AddressError",
    "LocalSocketError",
    "SystemClock",
    "answers",
    "bind",
    "catch_up",
    "create_app",
    "is_loopback",
    "openapi_document",
    "reachable",
    "serve",
    "socket_path",
]
