"""The page of HTTP: routes with scopes, shapes, refusal codes."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from tools.reference.markdown import page, table

from tuttu import web
from tuttu.access import Scope
from tuttu.intake import STATUS, RefusalCode
from tuttu.web import ROUTES
from tuttu.web.problems import CODES

Json = dict[str, Any]

SCOPES: Mapping[Scope, str] = {
    Scope.INGEST: "send events",
    Scope.DECIDE: "ask for decisions",
    Scope.READ_PERSON: "look at a person: picture, timeline, preferences, explanations, receipts",
    Scope.WRITE_PERSON: "record a person's choices, unmerge two persons, import links of others",
    Scope.ERASE: "kept for a later route; opens nothing yet",
    Scope.ADMIN: "resources, dead letters, keys, digest",
    Scope.CLOCK: "read the clock, and move a manual one on",
}

REFUSALS: Mapping[str, str] = {
    "already_reloading": "the project folder is being read again; one reload at a time",
    "ambiguous": "several people use the identifier, and it has to be one: to keys that may read "
    "people, `candidates` names each by a handle, and `asks` what tells them apart",
    "bad_gzip": "the body is not whole gzip",
    "bad_id": "an identifier is too long, or there are too many in one call",
    "bad_idempotency_key": "the key is empty or longer than 255 characters",
    "bad_number": "a number that JSON does not have, such as NaN",
    "bad_path": "the path is not UTF-8",
    "bad_query": "a query parameter is unknown or does not fit",
    "bad_request": "the question cannot be answered as it stands; the detail says what to change",
    "bad_timestamp": "a time is not ISO 8601",
    "body_too_large": "the body is larger than the limit",
    "event_too_large": "one call is larger than `limits.event_bytes`",
    "faulty_project": "the project folder has faults, which stand in `faults`; nothing was changed",
    "incomplete": "the connection ended inside the body",
    "id_reused": "the `messageId` is of another call, event or identifier, received not long ago",
    "letter_closed": "the dead letter was sent or dropped already",
    "letter_truncated": "only the beginning of the dead letter was kept; send a whole body",
    "missing_field": "a field that the call needs is absent or empty",
    "missing_id": "no identifier names anybody",
    "missing_property": "the tracking plan requires a property that is absent",
    "no_such_method": "the path takes other methods",
    "no_such_path": "there is no such path",
    "not_allowed": "the key lacks the route's scope",
    "not_found": "nothing has this name or id",
    "not_json": "the body is not JSON in UTF-8",
    "not_utf8": "the body is not UTF-8",
    "packed": "this route takes no `Content-Encoding`",
    "refused": "the same question will be refused again; the detail says why",
    "reserved_name": "the name of a key is taken by the project's own socket",
    "too_deep": "the body is nested too deeply",
    "too_early": "the event lies before the project's `earliest_event`",
    "too_many_attempts": "answers for the identifier were tried 5 times within an hour; "
    "`Retry-After` says when it may be tried again at the latest",
    "too_many_events": "more calls in a batch than `limits.batch_events`",
    "too_much_evidence": "the calls of one body name more pairs of identifiers than"
    " `limits.evidence_pairs`; the others were taken",
    "too_slow": "the body did not end in time",
    "unauthenticated": "no key, or one that is not known",
    "clock_ahead": "the clock is too far ahead of the machine's: nothing is kept until that has "
    "caught up, or the clock is turned back",
    "corrupt_store": "what the store keeps is not as it was written; the message says where",
    "unavailable": "the store cannot be read or written now",
    "undeclared_event": "the tracking plan does not name the event, and `undeclared` is `refuse`",
    "unforeseen": "our mistake, in the log under the number that the detail gives; with 400 the "
    "call is kept as a dead letter, to be tried again",
    "unknown_call": "the call is none of Segment's",
    "unknown_encoding": "`Content-Encoding` is neither gzip nor identity",
    "unknown_surface": "the project declares no surface of this name; the detail lists them",
    "wrong_shape": "the body does not have the shape of the route",
    "wrong_type": "a value is not of the type that the call or the tracking plan expects",
}


def http() -> str:
    """Every route with its scope, what it takes and what it gives."""
    document: Json = msgspec.json.decode(web.openapi_document())
    scopes = [(f"`{scope.value}`", SCOPES[scope]) for scope in Scope]
    listed = [
        (f"`{each.method} {each.path}`", _scope_of(each.scope), each.summary) for each in ROUTES
    ]
    return page(
        "HTTP routes",
        "The same as a document for programs: `GET /v1/openapi.json`, or `tuttu openapi`. On the "
        "project's own socket every route is open.",
        "A key is sent as `Authorization: Bearer KEY`, as the user name of HTTP Basic, or, on "
        "Segment's calls, as `writeKey` in the body. JSON bodies only; `Content-Type` is not "
        "looked at. Segment's calls may be gzipped.",
        "Reasons come as data, `code` and `values`, and in words. The words are in the language "
        "that the header `Accept-Language` asks for: English, Finnish or Swedish, and English "
        "where it asks for none of them ([how to read a reason](../how-to/read-a-reason.md)).",
        "## Scopes\n\nA key holds any of them; none implies another.",
        table(("scope", "what it opens"), scopes),
        "## Routes",
        table(("route", "scope", "what it does"), listed),
        *(_operation(document, each.method, each.path) for each in ROUTES),
        "## Shapes",
        *_shapes(document["components"]["schemas"]),
        "## Refusal codes",
        "Refusals are `application/problem+json` (RFC 9457): `status`, `title`, `detail`, and "
        "`code` for programs. Segment's calls are never refused with 429 or, for what the sender "
        "sent, with 5xx.",
        table(("code", "status", "meaning"), _refusals()),
    )


def _scope_of(scope: Scope | None) -> str:
    return f"`{scope.value}`" if scope else "open to all"


def _operation(document: Json, method: str, path: str) -> str:
    said = document["paths"][path][method.lower()]
    scope = said.get("x-scope")
    lines = [f"### `{method} {path}`", f"{said['summary']}."]
    lines.append(f"Scope: `{scope}`." if scope else "Open to all.")
    asked = [
        (f"`{one['name']}`", one["in"], _type(one["schema"]), _meaning(one))
        for one in said["parameters"]
    ]
    if asked:
        lines.append(table(("parameter", "in", "type", "meaning"), asked))
    body, answer = _content(said.get("requestBody")), _content(said["responses"].get("200"))
    lines.append(f"Takes: {body or 'nothing'}. Gives: {answer or '204, no content'}.")
    return "\n\n".join(lines)


def _meaning(parameter: Json) -> str:
    return str(parameter.get("description") or parameter["schema"].get("description", ""))


def _content(part: Json | None) -> str:
    return _type(part["content"]["application/json"]["schema"]) if part else ""


def _shapes(schemas: Mapping[str, Json]) -> Iterator[str]:
    for name, schema in sorted(schemas.items()):
        yield f"### {name}"
        yield inspect.cleandoc(schema.get("description", "")).replace("``", "`")
        required = schema.get("required", [])
        rows = [
            (f"`{field}`", _type(shape), "yes" if field in required else "")
            for field, shape in schema.get("properties", {}).items()
        ]
        yield table(("field", "type", "required"), rows) if rows else ""


def _type(shape: Json) -> str:
    """A JSON Schema in words."""
    if "$ref" in shape:
        name = shape["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in shape:
        return " or ".join(_type(each) for each in shape["anyOf"])
    if "enum" in shape:
        return " or ".join(f"`{value}`" for value in shape["enum"])
    kind = shape.get("type", "anything")
    if kind == "array":
        return f"list of {_type(shape.get('items', {}))}"
    entries = shape.get("additionalProperties")
    if kind == "object" and isinstance(entries, dict) and entries:
        return f"object of {_type(entries)}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _refusals() -> list[tuple[str, str, str]]:
    found = {code.value: {STATUS.get(code, 400)} for code in RefusalCode}
    for status, code in _raised():
        found.setdefault(code, set()).add(status)
    return [
        (f"`{code}`", ", ".join(map(str, sorted(statuses))), REFUSALS[code])
        for code, statuses in sorted(found.items())
    ]


def _raised() -> Iterator[tuple[int, str]]:
    """Status and code of every refusal of the door: by kind of error, and in its own source."""
    yield from ((status, code) for _, status, code in CODES)
    folder = Path(str(web.__file__)).parent
    for file in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ProblemError":
                status, code = node.args[:2]
                if isinstance(status, ast.Constant) and isinstance(code, ast.Constant):
                    yield int(str(status.value)), str(code.value)
