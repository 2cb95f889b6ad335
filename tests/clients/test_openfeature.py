"""The OpenFeature provider, asked through the official SDK against a running server."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import logging
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import EventDetails, ProviderEvent
from openfeature.exception import ErrorCode, GeneralError, ProviderFatalError
from openfeature.flag_evaluation import FlagEvaluationDetails, Reason
from openfeature.provider import AbstractProvider, FeatureProvider, ProviderStatus
from openfeature.track import TrackingEventDetails
from tests.clients.conftest import PROVIDER, proxies, serving
from tests.clients.proxying import Answer, Drop, Hang
from tests.waiting import HANG_SECONDS

from tuttu_openfeature import Options, TuttuProvider

if TYPE_CHECKING:
    from tests.clients.conftest import MakeProxy, Server

NUMBERS = {"whole": "15", "part": "0.25", "words": "fifteen"}
"""Surfaces with an action each, whose content is this."""
DOMAINS = itertools.count()


def with_surfaces(folder: Path) -> None:
    """The little shop with more surfaces: numbers, one of two slots, and one that shows nothing."""
    channels = folder / "channels.yaml"
    declared = [f"  {name}: {{channel: web, slots: 1}}\n" for name in (*NUMBERS, "empty")]
    more = "".join(declared) + "  wide: {channel: web, slots: 2, default: welcome}\n"
    channels.write_text(channels.read_text(encoding="utf-8") + more, encoding="utf-8")
    group = folder / "actions" / "service" / "figures"
    group.mkdir()
    shutil.copy(folder / "actions" / "service" / "help" / "_group.yaml", group)
    shown = {**NUMBERS, "left": "Left.", "right": "Right."}
    for name, content in shown.items():
        surface = name if name in NUMBERS else "wide"
        worth = 2 if name == "left" else 1
        treatments = f"treatments:\n  web: {{surface: {surface}, message: {name}}}\n"
        action = f"action: {name}\nvalue: {worth}\npropensity: 1\n{treatments}"
        (group / f"{name}.yaml").write_text(action, encoding="utf-8")
        (folder / "content" / f"{name}.web.en.liquid").write_text(content, encoding="utf-8")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("s") / "corner", change=with_surfaces) as running:
        yield running


@contextmanager
def provided(provider: TuttuProvider) -> Iterator[OpenFeatureClient]:
    """A client of the SDK, asking this provider only."""
    domain = f"test-{next(DOMAINS)}"
    try:
        api.set_provider_and_wait(provider, domain)
        yield api.get_client(domain)
    finally:
        api.shutdown()


@pytest.fixture
def client(shop: Server) -> Iterator[OpenFeatureClient]:
    with provided(TuttuProvider(shop.url, shop.key, Options(timeout=HANG_SECONDS))) as asking:
        yield asking


@pytest.fixture
def maija(shop: Server) -> EvaluationContext:
    """Somebody who has no TV yet, and so is offered one."""
    person = shop.person()
    told = {"userId": person, "traits": {"has_tv": False, "email": f"{person}@example.com"}}
    assert shop.client.post("/v1/identify", json=told).is_success
    return EvaluationContext(person)


def receipt(shop: Server, details: FlagEvaluationDetails[Any]) -> Any:
    """The decision that stands behind a flag."""
    return shop.get(f"/v1/decisions/{details.flag_metadata['decision_id']}")


# A flag is a surface


def test_the_decision_of_a_surface_is_served(
    shop: Server, client: OpenFeatureClient, maija: EvaluationContext
) -> None:
    details = client.get_string_details("front", "nothing", maija)
    assert details.error_code is None
    assert (details.value, details.variant) == ("TV for you.", "tv-package")
    assert details.reason == Reason.TARGETING_MATCH
    decision = receipt(shop, details)["decision"]
    assert decision["customer"] == f"user_id:{maija.targeting_key}"
    [choice] = decision["choices"]
    assert choice["contact_id"] == details.flag_metadata["contact_id"]
    assert choice["worth"] == details.flag_metadata["worth"] == 10


def test_what_happens_changes_the_flag(
    shop: Server, client: OpenFeatureClient, maija: EvaluationContext
) -> None:
    assert client.get_string_value("front", "nothing", maija) == "TV for you."
    ticket = {"event": "Ticket Opened", "properties": {"ticket_id": "T1", "status": "open"}}
    shop.client.post("/v1/track", json={"userId": maija.targeting_key, **ticket})
    assert client.get_string_value("front", "nothing", maija) == "We are working on your case."


def test_an_object_is_the_whole_decision(
    shop: Server, client: OpenFeatureClient, maija: EvaluationContext
) -> None:
    details = client.get_object_details("wide", {}, maija)
    assert isinstance(details.value, dict)
    choices = details.value["choices"]
    assert [(each["slot"], each["action"]) for each in choices] == [(0, "left"), (1, "right")]
    kept = receipt(shop, details)["decision"]["choices"]
    for name in ("action", "treatment", "contact_id", "content", "worth"):
        assert [each[name] for each in choices] == [each[name] for each in kept]
    assert details.variant == "left"
    assert details.value["decision_id"] == details.flag_metadata["decision_id"]


def test_a_truth_value_says_whether_anything_was_chosen(
    client: OpenFeatureClient, maija: EvaluationContext
) -> None:
    assert client.get_boolean_value("front", default_value=False, evaluation_context=maija)
    for default in (False, True):
        details = client.get_boolean_details("empty", default, maija)
        assert (details.value, details.reason) == (False, Reason.DEFAULT)


def test_numbers_are_contents_that_are_numbers(
    client: OpenFeatureClient, maija: EvaluationContext
) -> None:
    assert client.get_integer_value("whole", 0, maija) == 15
    assert client.get_float_value("whole", 0.0, maija) == 15.0
    assert client.get_float_value("part", 0.0, maija) == 0.25
    assert client.get_string_value("part", "", maija) == "0.25"
    for details in (
        client.get_integer_details("part", 7, maija),
        client.get_integer_details("words", 7, maija),
        client.get_float_details("words", 7.0, maija),
    ):
        assert details.value == 7
        assert (details.reason, details.error_code) == (Reason.ERROR, ErrorCode.TYPE_MISMATCH)


def test_where_nothing_was_chosen_the_default_is_served(
    shop: Server, client: OpenFeatureClient
) -> None:
    """A person that nobody has heard of: doubt is no."""
    stranger = EvaluationContext(shop.person())
    details = client.get_string_details("front", "ours", stranger)
    assert (details.value, details.reason, details.variant) == ("ours", Reason.DEFAULT, None)
    assert details.error_code is None
    assert details.flag_metadata["default"] == "welcome"
    assert "contact_id" not in details.flag_metadata
    assert client.get_object_value("front", {"ours": 1}, stranger) == {"ours": 1}
    assert client.get_integer_value("empty", 7, stranger) == 7
    assert client.get_float_value("empty", 7.5, stranger) == 7.5


def test_the_asynchronous_forms_say_the_same(
    client: OpenFeatureClient, maija: EvaluationContext
) -> None:
    async def ask() -> list[object]:
        return [
            await client.get_boolean_value_async("front", False, maija),
            await client.get_string_value_async("front", "", maija),
            await client.get_integer_value_async("whole", 0, maija),
            await client.get_float_value_async("part", 0.0, maija),
            await client.get_object_value_async("wide", {}, maija),
            (await client.get_string_details_async("nowhere", "", maija)).error_code,
        ]

    for _ in range(2):
        *values, decision, error = asyncio.run(ask())
        assert values == [True, "TV for you.", 15, 0.25]
        assert isinstance(decision, dict)
        assert len(decision["choices"]) == 2
        assert error is ErrorCode.FLAG_NOT_FOUND


def test_every_method_of_the_protocol_is_ours() -> None:
    """What the SDK may ask of a provider; a method that it adds is missed here."""
    asked = {name for name in vars(FeatureProvider) if not name.startswith("_")}
    wiring = {"attach", "detach", "get_provider_hooks"}
    assert {name for name in asked if name in vars(TuttuProvider)} == asked - wiring
    for name in asked - wiring:
        ours = inspect.signature(getattr(TuttuProvider, name))
        assert list(ours.parameters) == list(
            inspect.signature(getattr(AbstractProvider, name)).parameters
        )


# Who it is about


def test_nobody_is_an_error(client: OpenFeatureClient) -> None:
    for nobody in (None, EvaluationContext(), EvaluationContext("", {"user_id": "maija"})):
        details = client.get_string_details("front", "nothing", nobody)
        assert (details.value, details.reason) == ("nothing", Reason.ERROR)
        assert details.error_code is ErrorCode.TARGETING_KEY_MISSING


def test_who_and_what_stand_in_the_context(shop: Server, maija: EvaluationContext) -> None:
    options = Options(
        namespace="anonymous_id",
        who={"mail": "email"},
        columns={"tv": "has_tv"},
        language="speaks",
        dry_run=True,
        timeout=HANG_SECONDS,
    )
    mail = f"{maija.targeting_key}@example.com"
    with provided(TuttuProvider(shop.url, shop.key, options)) as client:
        by_mail = EvaluationContext(None, {"mail": mail, "colour": "blue", "speaks": "fi"})
        details = client.get_string_details("front", "nothing", by_mail)
        assert details.value == "TV for you."
        assert "decision_id" not in details.flag_metadata
        has_tv = EvaluationContext(None, {"mail": mail, "tv": True})
        assert client.get_string_value("front", "nothing", has_tv) == "nothing"
        wrong = EvaluationContext(None, {"mail": mail, "tv": "perhaps"})
        assert client.get_string_value("front", "nothing", wrong) == "nothing"
    assert shop.get(f"/v1/customers/{maija.targeting_key}")["contacts"] == []


def test_a_column_that_nobody_declared(shop: Server, maija: EvaluationContext) -> None:
    options = Options(columns={"colour": "colour"}, timeout=HANG_SECONDS)
    with provided(TuttuProvider(shop.url, shop.key, options)) as client:
        context = EvaluationContext(maija.targeting_key, {"colour": "blue"})
        details = client.get_string_details("front", "nothing", context)
        assert details.error_code is ErrorCode.INVALID_CONTEXT
        assert "colour" in str(details.error_message)


# What goes wrong


def test_a_surface_that_is_not_declared(
    client: OpenFeatureClient, maija: EvaluationContext
) -> None:
    details = client.get_string_details("nowhere", "nothing", maija)
    assert (details.value, details.reason) == ("nothing", Reason.ERROR)
    assert details.error_code is ErrorCode.FLAG_NOT_FOUND
    assert "front" in str(details.error_message)


READY = [None, None]
"""The two requests of `initialize` go through."""
GIVE_UP_SECONDS = (1, 8, 64)
"""After which a provider gives up a hang; the next one where what does not hang took as long."""


@pytest.mark.parametrize(
    "fault",
    [
        Hang(committed=False),
        Hang(committed=True),
        Drop("unread"),
        Drop("committed"),
        Drop("halfway"),
        Answer(500),
        Answer(503, retry_after=1),
        Answer(429, retry_after=1),
        Answer(200, "no JSON"),
        Answer(200, "[]"),
        Answer(200, '{"decision_id": null}'),
    ],
    ids=str,
)
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_server_that_is_away_gives_the_default(
    shop: Server, maija: EvaluationContext, proxy_of: MakeProxy, fault: Any, asynchronous: bool
) -> None:
    for seconds in GIVE_UP_SECONDS if isinstance(fault, Hang) else (HANG_SECONDS,):
        through = proxy_of(*READY, fault)
        provider = TuttuProvider(through.url, shop.key, Options(timeout=seconds))
        with suppress(GeneralError), provided(provider) as client:
            if asynchronous:
                details = asyncio.run(client.get_string_details_async("front", "nothing", maija))
            else:
                details = client.get_string_details("front", "nothing", maija)
            assert (details.value, details.reason) == ("nothing", Reason.ERROR)
            assert details.error_code is ErrorCode.GENERAL
        if not through.plan:
            break
    assert not through.plan
    with provided(TuttuProvider(through.url, shop.key, Options(timeout=HANG_SECONDS))) as client:
        assert client.get_string_value("front", "nothing", maija) == "TV for you."


@pytest.fixture
def proxy_of(shop: Server) -> Iterator[MakeProxy]:
    with proxies(shop.url) as making:
        yield making


def test_events_tell_that_the_server_went_and_came(
    shop: Server, maija: EvaluationContext, proxy_of: MakeProxy
) -> None:
    through = proxy_of(*READY, Answer(503), Drop("unread"))
    told: list[tuple[str, str]] = []
    happened = threading.Condition()

    def hear(kind: str) -> Callable[[EventDetails], None]:
        def heard(details: EventDetails) -> None:
            with happened:
                told.append((kind, details.provider_name))
                happened.notify_all()

        return heard

    ready, error = hear("ready"), hear("error")
    with provided(TuttuProvider(through.url, shop.key, Options(timeout=HANG_SECONDS))) as client:
        client.add_handler(ProviderEvent.PROVIDER_ERROR, error)
        assert client.get_string_value("front", "nothing", maija) == "nothing"
        assert client.get_provider_status() is ProviderStatus.ERROR
        assert client.get_string_value("front", "nothing", maija) == "nothing"
        client.add_handler(ProviderEvent.PROVIDER_READY, ready)
        assert client.get_string_value("front", "nothing", maija) == "TV for you."
        assert client.get_provider_status() is ProviderStatus.READY
        with happened:
            assert happened.wait_for(lambda: len(told) >= 2, HANG_SECONDS)
    assert told == [("error", "tuttu"), ("ready", "tuttu")]


def test_a_server_that_is_away_at_the_start_may_come(
    shop: Server, maija: EvaluationContext, proxy_of: MakeProxy
) -> None:
    through = proxy_of(Drop("unread"))
    provider = TuttuProvider(through.url, shop.key, Options(timeout=HANG_SECONDS))
    with pytest.raises(GeneralError):
        api.set_provider_and_wait(provider, "late")
    try:
        client = api.get_client("late")
        assert client.get_provider_status() is ProviderStatus.ERROR
        assert client.get_string_value("front", "nothing", maija) == "TV for you."
    finally:
        api.shutdown()


@pytest.mark.parametrize("scope", [None, "ingest"], ids=["unknown", "without the scope"])
def test_a_key_that_may_not_decide_is_fatal(shop: Server, scope: str | None) -> None:
    key = shop.issue(f"of {shop.person()}", scope) if scope else "no key of ours"
    provider = TuttuProvider(shop.url, key, Options(timeout=HANG_SECONDS))
    with pytest.raises(ProviderFatalError):
        api.set_provider_and_wait(provider, "fatal")
    try:
        client = api.get_client("fatal")
        assert client.get_provider_status() is ProviderStatus.FATAL
        details = client.get_string_details("front", "nothing", EvaluationContext("maija"))
        assert (details.value, details.error_code) == ("nothing", ErrorCode.PROVIDER_FATAL)
    finally:
        api.shutdown()


def test_it_can_be_shut_down_and_begin_again(shop: Server, maija: EvaluationContext) -> None:
    provider = TuttuProvider(shop.url, shop.key, Options(timeout=HANG_SECONDS))
    for _ in range(2):
        with provided(provider) as client:
            assert client.get_metadata().domain is not None
            assert client.provider.get_metadata().name == "tuttu"
            assert client.get_string_value("front", "nothing", maija) == "TV for you."
    with provided(provider) as client:
        assert client.get_provider_status() is ProviderStatus.READY


# Tracking


def test_an_answer_to_a_choice_is_tracked(
    shop: Server, client: OpenFeatureClient, maija: EvaluationContext
) -> None:
    details = client.get_string_details("front", "nothing", maija)
    contact = str(details.flag_metadata["contact_id"])
    said = TrackingEventDetails(12.5, {"contact_id": contact, "where": "top"})
    client.track("Offer Clicked", maija, said)
    [outcome] = receipt(shop, details)["outcomes"]
    assert (outcome["contact_id"], outcome["outcome"]) == (contact, "clicked")
    entries = shop.heard(str(maija.targeting_key))
    [tracked] = [entry for entry in entries if entry.get("name") == "Offer Clicked"]
    assert tracked["properties"] == {"contact_id": contact, "where": "top", "value": 12.5}
    client.track("Song Played", maija)
    assert shop.heard(str(maija.targeting_key))[-1]["name"] == "Song Played"


def test_tracking_by_another_namespace(shop: Server) -> None:
    person = shop.person()
    options = Options(namespace="anonymous_id", who={"mail": "email"}, timeout=HANG_SECONDS)
    with provided(TuttuProvider(shop.url, shop.key, options)) as client:
        context = EvaluationContext(person, {"mail": f"{person}@example.com"})
        client.track("Song Played", context)
    [entry] = shop.heard(f"anonymous_id:{person}")
    named = [{"email": f"{person}@example.com"}, {"anonymous_id": person}]
    assert sorted(map(str, entry["identifiers"])) == sorted(map(str, named))


def test_tracking_never_raises(
    shop: Server, proxy_of: MakeProxy, caplog: pytest.LogCaptureFixture
) -> None:
    through = proxy_of(*READY, Drop("unread"))
    with provided(TuttuProvider(through.url, shop.key, Options(timeout=HANG_SECONDS))) as client:
        with caplog.at_level(logging.WARNING, "tuttu_openfeature"):
            client.track("Song Played", EvaluationContext("maija"))
            client.track("Song Played", EvaluationContext())
        assert len(caplog.records) == 2


# The distribution


def test_the_distribution_holds_the_package(tmp_path: Path) -> None:
    source = shutil.copytree(PROVIDER, tmp_path / "source")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    assert wheel.name.startswith("tuttu_openfeature-")
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {path.name for path in (PROVIDER / "src" / "tuttu_openfeature").glob("*.py*")}
    assert {f"tuttu_openfeature/{name}" for name in modules - {"__pycache__"}} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
