"""The published document and the running routes say the same, both ways."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import msgspec
import pytest

from tuttu.engine import Runtime
from tuttu.web import ROUTES, openapi_document
from tuttu.web.examples import EXAMPLES
from tuttu.web.links import LINKS
from tuttu.web.route import route

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


@pytest.fixture
def document() -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(openapi_document())
    return decoded


def test_the_document_is_served_as_it_is_made(running: Any, document: dict[str, Any]) -> None:
    answer = running.client(None).get("/v1/openapi.json")
    assert answer.json() == document
    assert answer.headers["content-type"] == "application/json"


def test_every_route_stands_in_the_document(document: dict[str, Any]) -> None:
    published = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    assert published == {(route.method, route.path) for route in ROUTES}


def test_whatever_the_server_takes_is_published(running: Any, document: dict[str, Any]) -> None:
    """Asked of the running server, not of the table: 405 and 404 are the only way to be absent."""
    client = running.client()
    for path, methods in document["paths"].items():
        taken = {method for method in METHODS if _takes(client, method, path)}
        assert taken == {method.upper() for method in methods}, path


def _takes(client: httpx.Client, method: str, path: str) -> bool:
    url = re.sub(r"\{\w+\}", "x", path)
    return client.request(method, url).status_code not in {404, 405}


def test_every_operation_has_its_own_name_and_a_summary(document: dict[str, Any]) -> None:
    operations = list(_operations(document))
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert all(len(operation["summary"]) > 5 for operation in operations)


def test_every_path_parameter_is_declared(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            declared = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
            assert declared == re.findall(r"\{(\w+)\}", path)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    references = set(re.findall(r'"\$ref":"#/components/schemas/([^"]+)"', _text(document)))
    assert references <= set(schemas)
    assert {"DecideRequest", "DecideAnswer", "CustomerAnswer", "Problem"} <= references


def test_the_schemas_are_schemas(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_a_request_that_the_schema_refuses_is_refused(
    running: Any, document: dict[str, Any]
) -> None:
    schema = {**document["components"]["schemas"]["DecideRequest"]}
    validator = jsonschema.Draft202012Validator({**schema, "components": document["components"]})
    client = running.local_client()
    good = {"who": {"user_id": "maija"}, "surfaces": ["front"]}
    for body in (good, {}, {**good, "surfaces": "front"}, {**good, "extra": 1}, {**good, "who": 1}):
        status = client.post("/v1/decide", json=body).status_code
        assert (status in {200, 204}) == validator.is_valid(body), body


def test_a_decision_may_be_asked_once_only(document: dict[str, Any]) -> None:
    assert _with_header(document, "Idempotency-Key") == {"post_decide"}


def test_where_there_are_words_their_language_may_be_asked_for(document: dict[str, Any]) -> None:
    assert _with_header(document, "Accept-Language") >= {
        "post_decide",
        "post_explain",
        "get_decision",
        "get_timeline",
        "get_funnel",
    }


def test_a_use_case_that_asks_for_what_no_request_gives_is_no_route() -> None:
    def misspelt(runtime: Runtime, idd: str) -> None:
        """Nobody can call it."""

    with pytest.raises(TypeError, match=r"/v1/things/\{id\} gives no 'idd'"):
        route("GET", "/v1/things/{id}", None, misspelt)


def _with_header(document: dict[str, Any], header: str) -> set[str]:
    return {
        operation["operationId"]
        for operation in _operations(document)
        if any(each["name"] == header for each in operation["parameters"])
    }


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def _text(document: dict[str, Any]) -> str:
    return msgspec.json.encode(document).decode()


def test_every_link_leads_somewhere(document: dict[str, Any]) -> None:
    """To an operation that there is, by parameters that it has, with values that can be read."""
    operations = {each["operationId"]: each for each in _operations(document)}
    shown = set()
    for name, operation in operations.items():
        for link in operation["responses"].get("200", {}).get("links", {}).values():
            shown.add(name)
            target = operations[link["operationId"]]
            assert set(link["parameters"]) <= {each["name"] for each in target["parameters"]}
            assert ("requestBody" in link) <= ("requestBody" in target)
            for value in link["parameters"].values():
                assert re.fullmatch(r"\$(request|response)\.(path\.\w+|body#(/\w+)+)", value)
    assert shown == set(LINKS)


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    shown = set()
    for operation in _operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        if "example" in content:
            shown.add(operation["operationId"])
            whole = {**content["schema"], "components": document["components"]}
            jsonschema.Draft202012Validator(whole).validate(content["example"])
    assert shown == set(EXAMPLES)
    takers = {each["operationId"] for each in _operations(document) if "requestBody" in each}
    assert shown == takers
