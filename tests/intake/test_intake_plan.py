"""The tracking plan refuses with the property's name, and keeps what it does not know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tuttu.intake import Accepted
from tuttu.vocabulary.project import Project

Send = Callable[..., Accepted]


def order(event: str = "Order Completed", **properties: Any) -> dict[str, Any]:
    return {"event": event, "userId": "maija", "messageId": "m", "properties": properties}


@pytest.mark.parametrize(
    "properties",
    [
        {"order_id": "o1"},
        {"order_id": 7, "total": "12.50", "tags": [1, "2"], "other": {"deep": [1]}},
        {"order_id": "o1", "total": None, "tags": None, "products": None},
        {"order_id": "o1", "products": [{"price": 1.5, "category": "tv", "more": 1}, {}]},
        {"order_id": "o1", "products": []},
    ],
)
def test_what_the_plan_takes(send: Send, properties: dict[str, Any]) -> None:
    assert send("track", order(**properties)).refusal is None


@pytest.mark.parametrize("properties", [{}, {"order_id": None}, {"Order_id": "o"}])
def test_what_is_required(send: Send, properties: dict[str, Any]) -> None:
    refusal = send("track", order(**properties)).refusal
    assert refusal is not None
    assert refusal.code == "missing_property"
    assert refusal.message.startswith("found no property `order_id` in 'Order Completed'")


@pytest.mark.parametrize(
    ("properties", "found", "where", "expected"),
    [
        ({"order_id": {"x": 1}}, "an object", "order_id", "text"),
        ({"total": "much"}, "'much'", "total", "money"),
        ({"total": True}, "a truth value", "total", "money"),
        ({"tags": "1"}, "'1'", "tags", "[integer]"),
        ({"tags": [1, "x"]}, "'x'", "tags[1]", "integer"),
        ({"tags": [1, 1.5]}, "a number", "tags[1]", "integer"),
        ({"products": {}}, "an object", "products", "a list of objects"),
        ({"products": [1]}, "a number", "products[0]", "an object"),
        ({"products": [{}, {"price": "x"}]}, "'x'", "products[1].price", "money"),
    ],
)
def test_what_is_of_another_type(
    send: Send, properties: dict[str, Any], found: str, where: str, expected: str
) -> None:
    refusal = send("track", order(**{"order_id": "o", **properties})).refusal
    assert refusal is not None
    assert refusal.code == "wrong_type"
    assert refusal.message == (
        f"found {found} in the property `{where}`; the tracking plan expects {expected}"
    )


def test_undeclared_events(send: Send, project: Project) -> None:
    assert send("track", order("Else")).refusal is None
    tracking = msgspec.structs.replace(project.tracking, undeclared="refuse")
    strict = msgspec.structs.replace(project, tracking=tracking)
    refusal = send("track", order("Else"), project=strict).refusal
    assert refusal is not None
    assert refusal.code == "undeclared_event"
    assert "'Else', which the tracking plan does not name" in refusal.message
    assert send("track", order(order_id="o"), project=strict).refusal is None
    assert send("page", order(), project=strict).refusal is None


def test_the_plan_holds_for_the_events_of_other_calls(send: Send, project: Project) -> None:
    tracking = msgspec.structs.replace(project.tracking, names={"page": "Order Completed"})
    named = msgspec.structs.replace(project, tracking=tracking)
    assert send("page", order(), project=named).status == 400
    assert send("page", order(order_id="o"), project=named).status == 200
