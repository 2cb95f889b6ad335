"""Segment's official Python client against the running server: every call arrives, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from segment.analytics.client import Client  # type: ignore[import-untyped]


@pytest.fixture
def errors() -> list[Any]:
    return []


@pytest.fixture(params=[False, True], ids=["plain", "gzip"])
def sdk(request: pytest.FixtureRequest, corner: Any, errors: list[Any]) -> Iterator[Client]:
    client = Client(
        corner.issue("sdk", "ingest"),
        host=corner.url,
        gzip=request.param,
        on_error=lambda error, batch: errors.append((error, batch)),
        max_retries=1,
        upload_interval=0.05,
    )
    yield client
    client.join()


def send_all(client: Client) -> None:
    client.identify("maija", {"email": "maija@example.com"}, message_id="s1")
    client.track("maija", "Song Played", {"artist": "Fältskog"}, message_id="s2")
    client.page("maija", "Docs", "Python", {"url": "https://example.com"}, message_id="s3")
    client.screen("maija", "Home", "Start", {"size": 4}, message_id="s4")
    client.group("maija", "company-7", {"employees": 12}, message_id="s5")
    client.alias("anon-1", "maija", message_id="s6")


def test_every_call_arrives_once(sdk: Client, corner: Any, errors: list[Any]) -> None:
    send_all(sdk)
    sdk.flush()
    send_all(sdk)
    sdk.flush()
    assert errors == []
    entries = {entry["id"]: entry for entry in corner.timeline("maija")}
    assert {name: entries[name]["kind"] for name in entries if name.startswith("s")} == {
        "s1": "identify",
        "s2": "track",
        "s3": "page",
        "s4": "screen",
        "s5": "group",
        "s6": "alias",
    }
    assert entries["s2"]["properties"] == {"artist": "Fältskog"}
    assert entries["s1"]["traits"] == {"email": "maija@example.com"}
    assert entries["s5"]["group_id"] == "company-7"


def test_the_client_hears_why_it_was_refused(corner: Any, errors: list[Any]) -> None:
    client = Client(
        "no key of ours",
        host=corner.url,
        on_error=lambda error, batch: errors.append(error),
        max_retries=1,
        upload_interval=0.05,
    )
    client.track("maija", "Song Played")
    client.flush()
    client.join()
    [error] = errors
    assert (error.status, error.code) == (401, "unauthenticated")
    assert error.message == "expected a server key"
