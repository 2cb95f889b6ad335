"""What a route is: one line of the table, and what its handler is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, Generic, TypeVar, get_args, get_type_hints

import msgspec

from tuttu.engine import Engine
from tuttu.web.scopes import Scope

Body = TypeVar("Body")
Query = TypeVar("Query")


class Asked(msgspec.Struct, Generic[Body, Query], frozen=True, kw_only=True):
    """One request that may be answered: the asker known and allowed, the shape as declared.

    by: name of the key, ``local`` on the project's own socket. path: parameters of the path,
    decoded. encoding: the Content-Encoding of a raw body. idempotency: of this asker's alone.
    """

    engine: Engine
    by: str
    path: Mapping[str, str]
    query: Query
    body: Body
    encoding: str | None = None
    idempotency: bytes | None = None


Handler = Callable[[Asked[Any, Any]], object]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table of routes.

    scope None: open to everybody. body: type of the JSON body; ``bytes`` takes it as it came,
    and ``NoneType`` takes none. answer ``NoneType``: 204, no content. shown_body: the type that
    the document shows for a raw body. writes_key: the key may stand in the body as ``writeKey``.
    idempotent: an Idempotency-Key makes it happen once. slow: done beside the loop, in a thread.
    refusals: statuses of its own, beside those that follow from what it takes.
    storeless: asks nothing of the store, and is answered whatever becomes of it.
    """

    method: str
    path: str
    scope: Scope | None
    handler: Handler
    body: Any
    query: type[msgspec.Struct]
    answer: Any
    shown_body: Any = None
    writes_key: bool = False
    idempotent: bool = False
    slow: bool = False
    refusals: tuple[int, ...] = ()
    storeless: bool = False

    @property
    def name(self) -> str:
        return self.handler.__name__

    @property
    def operation(self) -> str:
        """Its name in the OpenAPI document."""
        return f"{self.method.lower()}_{self.name}"

    @property
    def takes(self) -> bool:
        """Whether anything is asked that could be wrong."""
        asked = self.body is not NoneType or "{" in self.path or self.idempotent
        return asked or bool(msgspec.structs.fields(self.query))

    @property
    def summary(self) -> str:
        return (self.handler.__doc__ or "").partition("\n")[0].rstrip(".")


def route(method: str, path: str, scope: Scope | None, handler: Handler, **more: Any) -> Route:
    """A line of the table; what the route takes and gives is what its handler declares."""
    hints = get_type_hints(handler)
    body, query = get_args(hints["asked"])
    return Route(
        method=method,
        path=path,
        scope=scope,
        handler=handler,
        body=body,
        query=query,
        answer=hints["return"],
        **more,
    )
