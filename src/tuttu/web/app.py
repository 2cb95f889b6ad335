"""The application: the table of routes over one engine."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from types import NoneType
from typing import Any, TypeVar
from urllib.parse import unquote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Path
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from tuttu.api import language_of
from tuttu.engine import Runtime
from tuttu.intake import write_key_of
from tuttu.vocabulary.errors import ClockAhead, CorruptStateError, TuttuError
from tuttu.vocabulary.slices import whole
from tuttu.web import log
from tuttu.web.problems import MEDIA_TYPE, ProblemError, problem_of
from tuttu.web.request import (
    ANYBODY,
    CHALLENGE,
    LOCAL,
    Holder,
    decode,
    read_start,
    read_whole,
    secret_in,
)
from tuttu.web.route import Call, Route
from tuttu.web.routes import ROUTES
from tuttu.web.turns import Turns

T = TypeVar("T")

JSON_BODY_BYTES = 1024 * 1024
"""Limit of a body that is not a call; the limits of calls are the project's."""

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_app(
    runtime: Runtime,
    *,
    local: bool = False,
    routes: Sequence[Route] = ROUTES,
    turns: Turns | None = None,
) -> ASGIApp:
    """The application over an engine. local: every caller has all scopes. turns: shared with
    another door of the same engine.

    The event loop speaks HTTP and does nothing else: who asks whether the process is alive gets an
    answer, however long a commit takes. Short work is done in one thread, one after the other as it
    would be in the loop; long work in others.
    """
    runtime.note_mistake = log.mistake
    turns = turns or Turns(runtime.store)
    paths: dict[str, list[Route]] = {}
    for route in routes:
        paths.setdefault(route.path, []).append(route)
    endpoints = {path: Endpoint(runtime, rows, local, turns) for path, rows in paths.items()}
    plain = {path: endpoint for path, endpoint in endpoints.items() if "{" not in path}
    patterns = [Path(path, endpoint) for path, endpoint in endpoints.items() if "{" in path]
    router = Router(patterns, redirect_slashes=False, default=_no_such_path)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # Routed by the path as it was sent: an escaped slash is a part of an id, no border.
        if scope["type"] == "http":
            scope["path"] = scope["raw_path"].decode("ascii", "replace")
        await plain.get(scope.get("path", ""), router)(scope, receive, send)

    return app


async def _no_such_path(scope: Scope, receive: Receive, send: Send) -> None:
    refusal = ProblemError(404, "no_such_path", "there is no such path; see /v1/openapi.json")
    await _refusal(refusal)(scope, receive, send)


class Endpoint:
    """One path with its methods."""

    def __init__(
        self, runtime: Runtime, routes: Sequence[Route], local: bool, turns: Turns
    ) -> None:
        self._methods = {
            route.method: RouteHandler(runtime, route, local, turns) for route in routes
        }
        if "GET" in self._methods:
            self._methods["HEAD"] = self._methods["GET"]
        self._allow = ", ".join(sorted([*self._methods, "OPTIONS"]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = self._methods.get(scope["method"])
        if handler:
            response = await handler.respond(Request(scope, receive))
        else:
            response = self._without(scope["method"])
        await response(scope, receive, send)

    def _without(self, method: str) -> Response:
        if method == "OPTIONS":
            return Response(status_code=204, headers={**SECURITY_HEADERS, "Allow": self._allow})
        detail = f"this path takes {self._allow}"
        return _refusal(ProblemError(405, "no_such_method", detail, {"Allow": self._allow}))


class RouteHandler:
    """Handles the requests to one route: authenticate, authorise, decode, answer."""

    def __init__(self, runtime: Runtime, route: Route, local: bool, turns: Turns) -> None:
        self._runtime = runtime
        self._turns = turns
        self._route = route
        self._local = local
        self._raw = route.body is bytes
        typed = route.body not in {bytes, NoneType}
        self._decoder = msgspec.json.Decoder(route.body) if typed else None
        self._idempotent = route.idempotent
        self._asks_query = bool(msgspec.structs.fields(route.query))

    async def respond(self, request: Request) -> Response:
        """The answer, or the refusal, to one request: never raises deliberately."""
        route = self._route
        try:
            call = await self._call(request)
            arguments = dict(route.fixed)
            for name, value in route.arguments.items():
                arguments[name] = value(call)
            answer = await self._answer(arguments)
        except ProblemError as refusal:
            return _refusal(refusal)
        except TuttuError as error:
            problem = problem_of(error)
            if isinstance(error, ClockAhead):
                log.clock_ahead(error.seconds, refused=True)
            elif problem.status >= 500:
                log.refused(route, problem.status, problem.code)
            if isinstance(error, CorruptStateError):
                log.corrupt(error)
            return _refusal(problem)
        except Exception as error:
            incident = log.unforeseen(route, error)
            detail = f"our mistake; it stands in the log as {incident}"
            return _refusal(ProblemError(500, "unforeseen", detail))
        if answer is None:
            return Response(status_code=204, headers=SECURITY_HEADERS)
        content = msgspec.json.encode(answer)
        return Response(content, headers=SECURITY_HEADERS, media_type="application/json")

    async def _answer(self, arguments: Mapping[str, Any]) -> object:
        """A store on another machine may be slow or down: whoever waits for it has a thread of
        their own."""
        route = self._route
        if route.storeless:
            return route.use_case(**arguments)
        work = partial(route.use_case, **arguments)
        if route.slow or self._runtime.store.remote:
            return await run_in_threadpool(whole, work)
        return await self._turns.do(work)

    async def _call(self, request: Request) -> Call:
        """The body is read only if the caller is known, or if it may hold the caller's key."""
        route, headers = self._route, request.headers
        secret, encoding = secret_in(headers.get("authorization")), headers.get("content-encoding")
        if secret is None and route.writes_key and not self._local:
            sent = await self._sent(request)
            holder = await self._holder(write_key_of(sent, encoding))
        else:
            holder = await self._holder(secret)
            sent = await self._sent(request)
        body: Any = sent if self._raw else None
        if self._decoder is not None:
            if encoding not in {None, "identity"}:
                raise ProblemError(415, "packed", "expected a body without Content-Encoding")
            whole = sent or route.default_body is None
            body = decode(self._decoder, sent) if whole else route.default_body
        path = request.path_params
        return Call(
            runtime=self._runtime,
            by=holder.name,
            path=_path_parameters(path) if path else path,
            query=_query(request, route.query) if self._asks_query else None,
            body=body,
            encoding=encoding,
            idempotency=_idempotency(request, holder) if self._idempotent else None,
            language=language_of(headers.get("accept-language", "")),
            shows=holder.shows,
        )

    async def _holder(self, secret: str | None) -> Holder:
        """The caller; refuses one who is unknown or lacks the scope."""
        scope = self._route.scope
        if self._local or scope is None:
            return LOCAL if self._local else ANYBODY
        key, holder_of = None, self._runtime.keyring.holder
        if secret:
            remote = self._runtime.store.remote
            key = await run_in_threadpool(holder_of, secret) if remote else holder_of(secret)
        if key is None:
            if self._route.writes_key:
                self._runtime.unauthenticated += 1
            raise ProblemError(401, "unauthenticated", "expected a server key", CHALLENGE)
        if scope not in key.scopes:
            raise ProblemError(403, "not_allowed", f"the key lacks the scope {scope.value!r}")
        return Holder(key.name, key.scopes)

    async def _sent(self, request: Request) -> bytes:
        if self._raw:
            # Intake itself refuses a call that is too large, and keeps its beginning.
            return await read_start(request, self._runtime.project.company.limits.body_bytes)
        return b"" if self._decoder is None else await read_whole(request, JSON_BODY_BYTES)


def _path_parameters(encoded: Mapping[str, str]) -> dict[str, str]:
    try:
        return {name: unquote(value, errors="strict") for name, value in encoded.items()}
    except UnicodeDecodeError:
        raise ProblemError(400, "bad_path", "expected a path in UTF-8") from None


def _query(request: Request, shape: type[msgspec.Struct]) -> msgspec.Struct:
    said = request.query_params
    for name in shape.__struct_encode_fields__:
        # One of two values would be lost unseen.
        if len(said.getlist(name)) > 1:
            raise ProblemError(400, "bad_query", f"the query does not fit: {name!r} is said twice")
    try:
        return msgspec.convert(dict(said), shape, strict=False)
    except msgspec.ValidationError as error:
        raise ProblemError(400, "bad_query", f"the query does not fit: {error}") from None


def _idempotency(request: Request, holder: Holder) -> bytes | None:
    """The Idempotency-Key, hashed with the caller so that two callers never share one."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= 255:
        raise ProblemError(400, "bad_idempotency_key", "expected 1 to 255 characters")
    return hashlib.sha256(f"{len(holder.name)}:{holder.name}:{key}".encode()).digest()


def _refusal(refusal: ProblemError) -> Response:
    return Response(
        msgspec.json.encode(refusal.problem()),
        status_code=refusal.status,
        headers={**SECURITY_HEADERS, **refusal.headers},
        media_type=MEDIA_TYPE,
    )
