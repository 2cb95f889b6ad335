"""The OpenAPI document, made from the table of routes and the types it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from types import NoneType
from typing import Any

import msgspec

from tuttu.web.problems import MEDIA_TYPE, Problem
from tuttu.web.route import Route

Json = dict[str, Any]
REFERENCE = "#/components/schemas/{name}"

IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "the same key gives the same answer, and happens once",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
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
        "components": {"schemas": components, "securitySchemes": _SECURITY},
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
        "operationId": f"{route.method.lower()}_{route.name}",
        "summary": route.summary,
        "parameters": _parameters(route, shown),
        "responses": {**_success(route, shown), "default": _refusal(shown)},
        "security": [{"bearer": []}, {"basic": []}] if route.scope else [],
    }
    if route.scope:
        operation["x-scope"] = route.scope.value
    if route.body is not NoneType:
        operation["requestBody"] = _request(route, shown)
    return operation


def _parameters(route: Route, shown: Json) -> list[Json]:
    headers = [IDEMPOTENCY_KEY] if route.idempotent else []
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
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _success(route: Route, shown: Json) -> Json:
    if route.answer is NoneType:
        return {"204": {"description": "done"}}
    schema = shown.get(repr(route.answer), {"type": "object"})
    return {
        "200": {"description": "the answer", "content": {"application/json": {"schema": schema}}}
    }


def _refusal(shown: Json) -> Json:
    return {
        "description": "a refusal, RFC 9457",
        "content": {MEDIA_TYPE: {"schema": shown[repr(Problem)]}},
    }
