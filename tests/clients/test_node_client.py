"""`@segment/analytics-node` against a running server: its whole public face, on the Node of the
development dependencies; every event is in the log once."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.clients.proxying import Answer
from tests.clients.speaking import CONTEXT, calls, content, expected, for_node, ids, tracks

if TYPE_CHECKING:
    from tests.clients.conftest import MakeProxy, RunNode, Server

PACKAGE = Path(__file__).parent / "node_modules" / "@segment" / "analytics-node"
EMITTER = {"on", "once", "off", "emit"}
CALLS = {call.method for call in calls("nobody")}
EXPORTS = ["Analytics", "Context", "FetchHTTPClient", "default"]
FIGURES = {"VERSION", "ready", "maxListeners", "callbacks", "warned", "warnIfPossibleMemoryLeak"}
"""Beside them: the version, the promise of being ready, and what its types keep to the emitter."""


def declared(file: str) -> str:
    """A type declaration of the package, without its comments."""
    text = (PACKAGE / "dist" / "types" / file).read_text(encoding="utf-8")
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


def version() -> str:
    told: str = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))["version"]
    return told


def test_these_are_all_parameters() -> None:
    pattern = re.compile(r"^ {4}(\w+)\(\{ ([^}]*) \}: \w+Params, callback", re.MULTILINE)
    methods = dict(pattern.findall(declared("app/analytics-node.d.ts")))
    assert set(methods) == CALLS
    for method, said in for_node(calls("nobody")):
        assert set(re.findall(r"\w+", methods[method])) == set(said)


def test_every_call_arrives_once(server: Server, run_node: RunNode) -> None:
    person = server.person()
    said = calls(person)
    settings = {"writeKey": server.key, "host": server.url}
    [end] = run_node("stories.mjs", [{"settings": settings, "calls": for_node([*said, *said])}])
    assert end["failed"] == []
    heard = server.heard(person)
    assert ids(heard) == sorted(call.id for call in said)
    library = {"name": "@segment/analytics-node", "version": version()}
    for call in said:
        [entry] = [each for each in heard if each["id"] == call.id]
        shown = expected(call)
        if call.method == "page":
            shown["properties"] = {**shown["properties"], "category": "Docs"}
        assert content(entry) == shown
        assert entry["context"] == {**CONTEXT, "library": library}
        assert entry["time"].startswith("2026-03-01T10:30:")
    assert server.get(f"/v1/customers/{person}")["traits"]["has_tv"] is False


def test_more_than_one_batch(server: Server, run_node: RunNode, proxy: MakeProxy) -> None:
    through = proxy()
    person = server.person()
    said = tracks(person, 95)
    settings = {"writeKey": server.key, "host": through.url, "flushAt": 10}
    [end] = run_node("stories.mjs", [{"settings": settings, "calls": for_node(said)}])
    assert sorted(end["delivered"]) == ids(server.heard(person)) == [call.id for call in said]
    assert len(through.seen) == 10


def test_the_whole_public_face(
    server: Server, run_node: RunNode, proxy: MakeProxy, private_key: str
) -> None:
    """Found by asking the client; what a new version adds is missed here until it is used."""
    person = server.person()
    token = json.dumps({"access_token": server.key, "expires_in": 3_600})
    endpoint, through = proxy(*[Answer(200, token)] * 2), proxy()
    job = {
        "key": server.key,
        "host": through.url,
        "person": person,
        "endpoint": endpoint.url,
        "privateKey": private_key,
    }
    told = run_node("api.mjs", job)
    found = told["found"]
    assert found["exports"] == EXPORTS
    methods = CALLS | EMITTER | {"flush", "closeAndFlush", "register", "deregister"}
    assert set(found["members"]) == methods | FIGURES
    assert found["version"] == version()
    settings = declared("app/settings.d.ts").partition("interface AnalyticsSettings")[2]
    assert found["settings"] == sorted(re.findall(r"^ {4}(\w+)\??:", settings, re.MULTILINE))
    oauth = declared("lib/types.d.ts").partition("interface OAuthSettings")[2].partition("}")[0]
    assert found["oauth"] == sorted(re.findall(r"^ {4}(\w+)\??:", oauth, re.MULTILINE))
    assert told["noted"] == [
        "emitted",
        "register Segment.io",
        "register adding",
        f"called back {person}-with",
        f"track {person}-with",
        "drained",
        "deregister adding",
        f"track {person}-without",
        f"track {person}-closing",
        f"too late: {person}-late",
    ]
    assert told["statuses"] == ["POST /v1/batch", 200] * 3
    assert told["failed"] == []
    assert told["fetched"].count("/v1/batch") == 2
    assert set(told["fetched"]) == {"/token", "/v1/batch"}
    entries = {entry["id"].removeprefix(f"{person}-"): entry for entry in server.heard(person)}
    assert set(entries) == {"with", "without", "closing", "full-1", "full-2", "full-3"}
    assert entries["with"]["properties"] == {"added": "by a plugin"}
    assert entries["without"]["properties"] == {}
    bearers = {seen.headers["authorization"] for seen in through.seen[-2:]}
    assert bearers == {f"Bearer {server.key}"}
