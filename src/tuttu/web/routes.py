"""The table of routes: the application, the OpenAPI document and the tests derive from it."""

import functools

import msgspec

from tuttu import engine
from tuttu.access import Scope
from tuttu.web.openapi import document
from tuttu.web.route import Route, route
from tuttu.web.segment_schema import SCHEMAS


@functools.cache
def openapi_document() -> msgspec.Raw:
    """This document."""
    return msgspec.Raw(msgspec.json.encode(document(ROUTES)))


def _call(name: str) -> Route:
    return route(
        "POST",
        f"/v1/{name}",
        Scope.INGEST,
        engine.accept_in_slices,
        name=name,
        fixed={"call": name},
        summary=f"Segment's {name}: what was accepted, and what was refused and why",
        shown_body=SCHEMAS[name],
        writes_key=True,
        refusals=() if name == "batch" else (409,),
    )


ROUTES: tuple[Route, ...] = (
    *(_call(name) for name in SCHEMAS),
    route("POST", "/v1/decide", Scope.DECIDE, engine.decide, refusals=(409, 429)),
    route(
        "POST",
        "/v1/explain",
        Scope.READ_PERSON,
        engine.explain,
        refusals=(404, 409, 429),
        slow=True,
    ),
    route("GET", "/v1/decisions/{id}", Scope.READ_PERSON, engine.decision_by_id, name="decision"),
    route("GET", "/v1/customers/{id}", Scope.READ_PERSON, engine.customer, refusals=(409,)),
    route(
        "GET",
        "/v1/customers/{id}/timeline",
        Scope.READ_PERSON,
        engine.timeline,
        refusals=(409,),
        slow=True,
    ),
    route(
        "GET",
        "/v1/customers/{id}/preferences",
        Scope.READ_PERSON,
        engine.preferences,
        refusals=(409,),
    ),
    route("PUT", "/v1/customers/{id}/preferences", Scope.WRITE_PERSON, engine.set_preferences),
    route("POST", "/v1/unmerge", Scope.WRITE_PERSON, engine.unmerge),
    route("GET", "/v1/links", Scope.ADMIN, engine.links, slow=True),
    route("DELETE", "/v1/links/{name}", Scope.WRITE_PERSON, engine.drop_links, slow=True),
    route("POST", "/v1/links/{name}/runs", Scope.WRITE_PERSON, engine.begin_links),
    route("POST", "/v1/links/{name}/runs/{run}", Scope.WRITE_PERSON, engine.claim_links, slow=True),
    route(
        "POST",
        "/v1/links/{name}/runs/{run}/close",
        Scope.WRITE_PERSON,
        engine.close_links,
        slow=True,
    ),
    route("GET", "/v1/resources", Scope.ADMIN, engine.resources),
    route("GET", "/v1/resources/{name}", Scope.ADMIN, engine.resource),
    route("PUT", "/v1/resources/{name}", Scope.ADMIN, engine.set_resource),
    route("GET", "/v1/dead-letters", Scope.ADMIN, engine.dead_letters),
    route("GET", "/v1/dead-letters/{id}", Scope.ADMIN, engine.dead_letter),
    route("PUT", "/v1/dead-letters/{id}", Scope.ADMIN, engine.repair, refusals=(409,)),
    route("DELETE", "/v1/dead-letters/{id}", Scope.ADMIN, engine.drop),
    route(
        "POST",
        "/v1/dead-letters/{id}/send",
        Scope.ADMIN,
        engine.send_again,
        refusals=(409, 413, 415),
    ),
    route("GET", "/v1/slips", Scope.ADMIN, engine.slips),
    route("GET", "/v1/keys", Scope.ADMIN, engine.keys),
    route("POST", "/v1/keys", Scope.ADMIN, engine.issue_key),
    route("DELETE", "/v1/keys/{name}", Scope.ADMIN, engine.revoke_key),
    route("GET", "/v1/funnel", Scope.ADMIN, engine.funnel, slow=True),
    route("GET", "/v1/project", Scope.ADMIN, engine.project),
    route(
        "GET",
        "/v1/project/reload",
        Scope.ADMIN,
        engine.rehearse_reload,
        slow=True,
        refusals=(422,),
    ),
    route("POST", "/v1/project/reload", Scope.ADMIN, engine.reload, slow=True, refusals=(409, 422)),
    route("GET", "/v1/verify", Scope.ADMIN, engine.verify, slow=True),
    route("GET", "/v1/digest", Scope.ADMIN, engine.digest, slow=True),
    route("GET", "/v1/replay", Scope.ADMIN, engine.replay, slow=True),
    route("GET", "/v1/clock", Scope.CLOCK, engine.clock),
    route("PUT", "/v1/clock", Scope.CLOCK, engine.set_clock),
    route("GET", "/v1/openapi.json", None, openapi_document, name="openapi", storeless=True),
    route("GET", "/healthz", None, engine.health, storeless=True),
    route("GET", "/readyz", None, engine.ready),
)
