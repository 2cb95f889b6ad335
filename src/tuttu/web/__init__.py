"""The HTTP API: one table of routes over the engine, on TCP and on the project's own socket.

It authenticates callers (a server key and its scopes), decodes requests, and encodes refusals. It
must contain no business rule and no SQL, keep nothing, and log nothing that a client sent.
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
