"""The OpenAPI document, made from the table of routes and the types it names."""

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from importlib.metadata import version
from types import NoneType
from typing import Any

import msgspec

from tuttu.web.examples import EXAMPLES
from tuttu.web.links import LINKS
from tuttu.web.problems import MEDIA_TYPE, Problem
from tuttu.web.route import Route

Json = dict[str, Any]
REFERENCE = "#/components/schemas/{name}"
REFUSED = {"$ref": "#/components/responses/Refused"}
UNAVAILABLE = {"$ref": "#/components/responses/Unavailable"}

IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "the same key gives the same answer, and happens once",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
ACCEPT_LANGUAGE: Json = {
    "name": "Accept-Language",
    "in": "header",
    "required": False,
    "description": "the language of reasons in words: en, fi or sv; none of them: en",
    "schema": {"type": "string"},
}


def document(routes: Sequence[Route]) -> Json:
    """The document of exactly these routes, OpenAPI 3.1."""
    types = _types(routes)
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    shown = dict(zip(map(repr, types), schemas, strict=True))
    paths: Json = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, shown)
    return {
        "openapi": "3.1.0",
        "info": {"title": "tuttu", "version": version("tuttu"), "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": _refusals(shown),
            "securitySchemes": _SECURITY,
        },
    }


_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "a server key"},
    "basic": {"type": "http", "scheme": "basic", "description": "a server key as the user name"},
}


def _types(routes: Sequence[Route]) -> list[Any]:
    found: dict[str, Any] = {repr(Problem): Problem}
    for route in routes:
        for each in (_body_type(route), route.answer, *_query_types(route)):
            if each not in {NoneType, bytes, msgspec.Raw}:
                found[repr(each)] = each
    return list(found.values())


def _body_type(route: Route) -> Any:
    return route.shown_body or route.body


def _query_types(route: Route) -> Iterator[Any]:
    return (field.type for field in msgspec.structs.fields(route.query))


def _operation(route: Route, shown: Json) -> Json:
    operation: Json = {
        "operationId": route.operation,
        "summary": route.summary,
        "parameters": _parameters(route, shown),
        "responses": {**_success(route, shown), **_refused(route)},
        "security": [{"bearer": []}, {"basic": []}] if route.scope else [],
    }
    if route.scope:
        operation["x-scope"] = route.scope.value
    if route.body is not NoneType:
        operation["requestBody"] = _request(route, shown)
    return operation


def _parameters(route: Route, shown: Json) -> list[Json]:
    headers = [IDEMPOTENCY_KEY] * route.idempotent + [ACCEPT_LANGUAGE] * route.worded
    return [*_path_parameters(route), *_query_parameters(route, shown), *headers]


def _path_parameters(route: Route) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]


def _query_parameters(route: Route, shown: Json) -> list[Json]:
    return [
        {
            "name": field.encode_name,
            "in": "query",
            "required": field.required,
            "schema": shown[repr(field.type)],
        }
        for field in msgspec.structs.fields(route.query)
    ]


def _request(route: Route, shown: Json) -> Json:
    schema = shown.get(repr(_body_type(route)), {"type": "object"})
    content: Json = {"schema": schema}
    if route.operation in EXAMPLES:
        content["example"] = EXAMPLES[route.operation]
    return {"required": route.default_body is None, "content": {"application/json": content}}


def _success(route: Route, shown: Json) -> Json:
    if route.answer is NoneType:
        return {"204": {"description": "done"}}
    schema = shown.get(repr(route.answer), {"type": "object"})
    answer: Json = {
        "description": "the answer",
        "content": {"application/json": {"schema": schema}},
    }
    if route.operation in LINKS:
        answer["links"] = {link.to: link.shown() for link in LINKS[route.operation]}
    return {"200": answer}


def _refused(route: Route) -> Json:
    """Every status with which the route may refuse."""
    statuses = {*route.refusals, HTTPStatus.INTERNAL_SERVER_ERROR}
    if route.scope:
        statuses |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    if route.takes:
        statuses.add(HTTPStatus.BAD_REQUEST)
    if "{" in route.path:
        statuses.add(HTTPStatus.NOT_FOUND)
    if route.body is not NoneType:
        statuses |= {
            HTTPStatus.REQUEST_TIMEOUT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        }
    refused: Json = {str(int(status)): REFUSED for status in sorted(statuses)}
    return refused if route.storeless else {**refused, "503": UNAVAILABLE}


def _refusals(shown: Json) -> Json:
    """The two kinds of refusal: a final one, and one that may pass."""
    content = {MEDIA_TYPE: {"schema": shown[repr(Problem)]}}
    seconds = {"schema": {"type": "integer", "minimum": 1}, "description": "ask again after these"}
    return {
        "Refused": {"description": "a refusal, RFC 9457", "content": content},
        "Unavailable": {
            "description": "the store is not available, or too busy; ask again",
            "headers": {"Retry-After": seconds},
            "content": content,
        },
    }
