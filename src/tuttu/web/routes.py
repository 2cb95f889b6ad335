"""The table of routes: the application, the OpenAPI document and the tests derive from it."""

from __future__ import annotations

import functools

import msgspec

from tuttu.web import decisions, operations, people
from tuttu.web.calls import CALLS, taking
from tuttu.web.openapi import document
from tuttu.web.route import Asked, Route, route
from tuttu.web.scopes import Scope
from tuttu.web.shapes import NoQuery
from tuttu.web.spoken import SPOKEN


@functools.cache
def openapi_document() -> msgspec.Raw:
    """The OpenAPI document of all routes, as JSON."""
    return msgspec.Raw(msgspec.json.encode(document(ROUTES)))


def openapi(asked: Asked[None, NoQuery]) -> msgspec.Raw:  # noqa: ARG001 - the shape of a handler
    """This document."""
    return openapi_document()


def _call(name: str) -> Route:
    return route(
        "POST",
        f"/v1/{name}",
        Scope.INGEST,
        taking(name),
        shown_body=SPOKEN[name],
        writes_key=True,
    )


ROUTES: tuple[Route, ...] = (
    *(_call(name) for name in CALLS),
    route("POST", "/v1/decide", Scope.DECIDE, decisions.decide, idempotent=True),
    route(
        "POST",
        "/v1/explain",
        Scope.READ_PERSON,
        decisions.explain,
        refusals=(404,),
        slow=True,
    ),
    route("GET", "/v1/decisions/{id}", Scope.READ_PERSON, decisions.decision),
    route("GET", "/v1/customers/{id}", Scope.READ_PERSON, people.customer),
    route("GET", "/v1/customers/{id}/timeline", Scope.READ_PERSON, people.timeline),
    route("GET", "/v1/customers/{id}/preferences", Scope.READ_PERSON, people.preferences),
    route("PUT", "/v1/customers/{id}/preferences", Scope.WRITE_PERSON, people.set_preferences),
    route("POST", "/v1/unmerge", Scope.WRITE_PERSON, people.unmerge),
    route("GET", "/v1/resources", Scope.ADMIN, operations.resources),
    route("GET", "/v1/resources/{name}", Scope.ADMIN, operations.resource),
    route("PUT", "/v1/resources/{name}", Scope.ADMIN, operations.set_resource),
    route("GET", "/v1/dead-letters", Scope.ADMIN, operations.dead_letters),
    route("GET", "/v1/dead-letters/{id}", Scope.ADMIN, operations.dead_letter),
    route("PUT", "/v1/dead-letters/{id}", Scope.ADMIN, operations.repair, refusals=(409,)),
    route("DELETE", "/v1/dead-letters/{id}", Scope.ADMIN, operations.drop),
    route(
        "POST",
        "/v1/dead-letters/{id}/send",
        Scope.ADMIN,
        operations.send_again,
        refusals=(409, 413, 415),
    ),
    route("GET", "/v1/keys", Scope.ADMIN, operations.keys),
    route("POST", "/v1/keys", Scope.ADMIN, operations.issue_key),
    route("DELETE", "/v1/keys/{name}", Scope.ADMIN, operations.revoke_key),
    route("GET", "/v1/funnel", Scope.ADMIN, operations.funnel, slow=True),
    route("GET", "/v1/project", Scope.ADMIN, operations.project),
    route(
        "POST",
        "/v1/project/reload",
        Scope.ADMIN,
        operations.reload,
        slow=True,
        refusals=(409, 422),
    ),
    route("GET", "/v1/verify", Scope.ADMIN, operations.verify, slow=True),
    route("GET", "/v1/digest", Scope.ADMIN, operations.digest, slow=True),
    route("GET", "/v1/replay", Scope.ADMIN, operations.replay, slow=True),
    route("GET", "/v1/clock", Scope.CLOCK, operations.clock),
    route("PUT", "/v1/clock", Scope.CLOCK, operations.set_clock),
    route("GET", "/v1/openapi.json", None, openapi, storeless=True),
    route("GET", "/healthz", None, operations.health, storeless=True),
    route("GET", "/readyz", None, operations.ready),
)
