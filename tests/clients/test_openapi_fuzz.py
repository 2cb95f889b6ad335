"""schemathesis on the server's own OpenAPI document: every route with a key of its scope, ids led
from answer to question by the document's links. What the document says is what the server does."""

from __future__ import annotations

import copy
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from tests.clients.conftest import KEPT, serving
from tests.waiting import HANG_SECONDS

if TYPE_CHECKING:
    from tests.clients.conftest import Server

MOMENT = "2026-03-05T09:00:00Z"
PHASES = {"Examples", "Fuzzing", "Stateful"}
"""And, at full scale, "Coverage": every boundary of every schema, one by one."""
CHECKS = {
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "ignored_auth",
    "missing_required_header",
    "use_after_free",
}
"""Of those that schemathesis has, the ones that must have been asked of some answer."""
OFF = {
    # The shape of a question is no promise that its surfaces, namespaces or ids are declared.
    "positive_data_acceptance": {"enabled": False},
}
SHARES = {"GET": 0, "PUT": 1, "DELETE": 2, "POST": 3}
LETTERS = 10 * len(SHARES)
BAD = {"type": "track", "event": "Ticket Opened", "properties": {"status": "open"}}


class Walked(NamedTuple):
    """What came of a run. statuses: of each operation; failures: what was wrong, in words;
    asked: of each check how often; followed: links that led to an answer of 2xx."""

    statuses: dict[str, Counter[int]]
    failures: list[str]
    asked: Counter[str]
    phases: set[str]
    errors: list[str]


class Target(NamedTuple):
    """A server, and ids of what it holds, by the beginning of the routes that take them. run: of a
    set of links, that is open."""

    server: Server
    known: dict[str, list[str]]
    run: str

    def share(self, path: str, method: str) -> list[str]:
        """Ids for this operation alone: what one has dropped, another does not ask for."""
        ids = [id_ for prefix, ids in self.known.items() if path.startswith(prefix) for id_ in ids]
        return ids[SHARES[method.upper()] :: len(SHARES)] or ids


def for_the_examples(folder: Path) -> None:
    """The little shop with the surface that the document's examples ask for."""
    for path in (folder / "channels.yaml", *folder.glob("actions/**/*.yaml")):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("front", "front.hero"), encoding="utf-8")


def milder(folder: Path) -> None:
    """What was refused for want of a ticket's id is taken from now on."""
    plan = folder / "events.yaml"
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace(", required: [ticket_id]", ""), encoding="utf-8")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server on a manual clock, with dead letters that may be sent again by now."""
    folder = tmp_path_factory.mktemp("s")
    clock = ("--clock", f"manual={MOMENT}")
    with serving(folder / "corner", *clock, change=for_the_examples) as strict:
        bad = [{**BAD, "userId": f"u{number}"} for number in range(LETTERS)]
        refused = strict.client.post("/v1/batch", json={"batch": bad}).json()["refused"]
        assert len(refused) == LETTERS
    milder(folder / "corner")
    with serving(folder / "corner", *clock, again=True) as running:
        question = {"who": {"user_id": "u0"}, "surfaces": ["front.hero"], "create": True}
        decided = running.client.post("/v1/decide", json=question).json()
        letters = [each["dead_letter"] for each in refused]
        runs = "/v1/links/crm/runs"
        run = running.client.post(runs, json={}).json()["run"]
        assert running.client.post(f"{runs}/{run}/close").is_success
        run = running.client.post(runs, json={"source": "another file"}).json()["run"]
        running.issue("spare", "decide")
        known = {
            "/v1/dead-letters/": letters,
            "/v1/decisions/": [decided["decision_id"]],
            "/v1/customers/": ["u0"],
            "/v1/resources/": [each["name"] for each in running.get("/v1/resources")],
            "/v1/keys/": ["spare"],
            "/v1/links/": ["crm"],
        }
        yield Target(running, known, run)


@pytest.fixture(scope="module")
def document(target: Target) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(
        f"{target.server.url}/v1/openapi.json", timeout=HANG_SECONDS, trust_env=False
    ).json()
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            show_an_id(operation["parameters"], target.share(path, method), target.run)
    return found


def show_an_id(parameters: list[dict[str, Any]], ids: list[str], run: str) -> None:
    """Into the document's examples, which are asked whatever the seed: an id that exists."""
    for parameter in parameters:
        if ids and parameter["in"] == "path":
            parameter["example"] = run if parameter["name"] == "run" else ids[0]


@pytest.fixture(scope="module")
def walked(
    target: Target, document: dict[str, Any], seed: int, scale: Callable[[int, int], int]
) -> Walked:
    config = {
        "seed": seed,
        "base-url": target.server.url,
        "continue-on-failure": True,
        "request-timeout": HANG_SECONDS,
        "generation": {"max-examples": scale(4, 40), "mode": "all"},
        "phases": {
            "coverage": {"enabled": bool(scale(0, 1))},
            "stateful": {"generation": {"max-examples": scale(25, 100)}},
        },
        "checks": OFF,
        "operations": list(with_keys(target, document)),
    }
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(config))

    @schema.hook
    def filter_case(context: Any, case: Any) -> bool:
        said = (case.path_parameters or {}, case.body)
        names = [each.get("name") for each in said if isinstance(each, dict)]
        return not any(str(name).startswith(KEPT) for name in names)

    @schema.hook
    def map_case(context: Any, case: Any) -> Any:
        if case.meta.generation.mode.is_positive and coin(case) % 3:
            make_likely(case, target)
        return case

    return walk(schema)


def coin(case: Any) -> int:
    """Lies in the case itself: thrown again it falls the same."""
    return zlib.crc32(repr((case.path_parameters, case.body)).encode("utf-8", "replace"))


def make_likely(case: Any, target: Target) -> None:
    """A question that may well be answered: the document's example, about something that exists."""
    content = case.operation.definition.raw.get("requestBody", {}).get("content", {})
    example = content.get("application/json", {}).get("example")
    if example is not None:
        case.body = copy.deepcopy(example)
    ids = target.share(case.operation.path, case.method)
    if ids and case.path_parameters:
        one = ids[coin(case) % len(ids)]
        names = case.path_parameters
        case.path_parameters = {name: target.run if name == "run" else one for name in names}


def with_keys(target: Target, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The operations of each scope, and the header with a key that has this scope only."""
    scopes = defaultdict(list)
    for methods in document["paths"].values():
        for operation in methods.values():
            if "x-scope" in operation:
                scopes[operation["x-scope"]].append(operation["operationId"])
    for scope, names in scopes.items():
        key = target.server.issue(f"{KEPT}: {scope}", scope)
        yield {"include-operation-id": names, "headers": {"Authorization": f"Bearer {key}"}}


def walk(schema: Any) -> Walked:
    walked = Walked(defaultdict(Counter), [], Counter(), set(), [])
    for event in from_schema(schema).execute():
        if isinstance(event, events.PhaseFinished) and event.status is not Status.SKIP:
            walked.phases.add(event.phase.name.value.title())
        elif isinstance(event, events.NonFatalError | events.FatalError):
            walked.errors.append(repr(event))
        elif isinstance(event, events.ScenarioFinished):
            note(event.recorder, walked)
    return walked


def note(recorder: Any, walked: Walked) -> None:
    for name, interaction in recorder.interactions.items():
        if name in recorder.cases and interaction.response is not None:
            label = recorder.cases[name].value.operation.label
            walked.statuses[label][interaction.response.status_code] += 1
    for name, checks in recorder.checks.items():
        for check in checks:
            walked.asked[check.name] += 1
            if check.failure_info is not None and not forgiven(check.name, recorder.cases[name]):
                told = f"{check.failure_info.failure}\n{check.failure_info.code_sample}"
                walked.failures.append(f"{check.name}: {told}")


def forgiven(check: str, case: Any) -> bool:
    """A dead letter that was given up can still be read: it says that it was dropped."""
    return check == "use_after_free" and "dead-letters" in case.value.operation.path


@pytest.mark.fuzz
def test_the_server_does_what_its_document_says(walked: Walked) -> None:
    assert not walked.errors, "\n".join(walked.errors)
    assert not walked.failures, "\n\n".join(dict.fromkeys(walked.failures))


@pytest.mark.fuzz
def test_every_route_answered_with_success(walked: Walked, document: dict[str, Any]) -> None:
    """Found in the document: a route that is added, and never reached, fails here."""
    published = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert set(walked.statuses) == published
    reached = {
        label
        for label, statuses in walked.statuses.items()
        if any(200 <= status < 300 for status in statuses)
    }
    assert {label: walked.statuses[label] for label in published - reached} == {}


@pytest.mark.fuzz
def test_nothing_was_left_out_of_the_run(walked: Walked) -> None:
    assert walked.phases >= PHASES
    assert CHECKS - set(walked.asked) == set()


@pytest.mark.fuzz
def test_no_route_ever_redirects(walked: Walked) -> None:
    """`@segment/analytics-node` takes a redirection for a delivery."""
    seen = {status for statuses in walked.statuses.values() for status in statuses}
    assert not {status for status in seen if 300 <= status < 400}
    assert not {status for status in seen if status >= 500}


@pytest.mark.fuzz
def test_the_server_is_well_afterwards(target: Target, walked: Walked) -> None:
    assert walked.statuses
    assert target.server.client.get("/readyz").status_code == 200
    # The key of before may be among those that were revoked: a link from the list leads there.
    told = target.server.client.post(
        "/v1/track",
        json={"userId": "afterwards", "event": "Song Played"},
        headers={"Authorization": f"Bearer {target.server.key_by_command('afterwards')}"},
    )
    assert told.json() == {"success": True, "accepted": 1}
