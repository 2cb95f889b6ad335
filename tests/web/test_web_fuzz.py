"""Whatever is asked, no route answers 5xx, and every refusal is a problem."""

from __future__ import annotations

from types import NoneType
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.waiting import HANG_SECONDS

from tuttu.web import ROUTES
from tuttu.web.route import Route

words = st.sampled_from(
    ["maija", "front", "user_id", "marketing", "web", "vouchers", "2026-03-06T09:00:00Z", "", " "]
) | st.text(max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | words
)
fields = st.sampled_from(
    sorted(
        {
            field.encode_name
            for route in ROUTES
            for shape in (route.body, route.shown_body)
            if isinstance(shape, type) and issubclass(shape, msgspec.Struct)
            for field in msgspec.structs.fields(shape)
        }
        | {"batch", "type", "purpose", "channel", "allowed", "user_id"}
    )
)
keys = fields | words
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
whos = st.dictionaries(st.sampled_from(["user_id", "email", "userId"]) | words, words, max_size=2)
likely: dict[str, st.SearchStrategy[Any]] = {
    "who": whos,
    "one": whos,
    "other": whos,
    "surfaces": st.lists(st.just("front") | words, max_size=3),
    "slots": st.dictionaries(st.just("front") | words, st.integers(-2, 2**40), max_size=2),
    "context": st.dictionaries(st.sampled_from(["has_tv", "open_tickets"]) | words, values),
    "preferences": st.lists(
        st.fixed_dictionaries(
            {"purpose": st.just("marketing") | words, "allowed": st.booleans()},
            optional={"channel": st.none() | st.just("web") | words},
        ),
        max_size=3,
    ),
    "scopes": st.lists(st.sampled_from(["ingest", "admin", "x"]), max_size=3),
    "batch": st.lists(values, max_size=4),
}
bodies = values | st.lists(fields, max_size=7, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: likely.get(name, values) for name in names})
)


MAIJA = {"user_id": "maija"}
GOOD: dict[str, dict[str, Any]] = {
    "decide": {"who": MAIJA, "surfaces": ["front"]},
    "explain": {"who": MAIJA, "surfaces": ["front"]},
    "unmerge": {"one": MAIJA, "other": {"email": "maija@example.com"}},
    "set_preferences": {"preferences": [{"purpose": "marketing", "allowed": True}]},
    "set_resource": {"amount": 3},
    "set_clock": {"now": "2026-03-06T09:00:00Z"},
    "batch": {"batch": [{"type": "identify", "userId": "maija"}]},
}
CALL = {"userId": "maija", "event": "Seen", "groupId": "g", "previousId": "maia"}


def bent(route: Route) -> st.SearchStrategy[Any]:
    """A good body with up to two fields put in, put out or put wrong."""
    good = GOOD.get(route.name, CALL)
    names = st.sampled_from(sorted(good)) | fields
    wrong = names.flatmap(
        lambda name: st.tuples(st.just(name), st.just(None) | likely.get(name, values))
    )
    return st.lists(wrong, max_size=2).map(lambda pairs: {**good, **dict(pairs)})


FEWER = 20
"""Slow routes read the whole log, which all the others lengthen meanwhile."""


@pytest.mark.fuzz
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_no_route_answers_5xx(hardy_corner: Any, route: Route) -> None:
    most = settings().max_examples

    @settings(deadline=None, max_examples=max(most // FEWER, 30) if route.slow else most)
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(["user_id:maija", "vouchers"]) | words.filter(bool))
        path = route.path.replace("{id}", quote(name, "")).replace("{name}", quote(name, ""))
        likely: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.fixed_dictionaries(
            {"limit": st.integers(-1, 1001)}
        )
        query = data.draw(likely | st.dictionaries(st.sampled_from(["after", "x"]), words))
        content = None
        if route.body is not NoneType:
            content = msgspec.json.encode(data.draw(bent(route) | bodies))
        answer = hardy_corner.client.request(
            route.method, path, params=query, content=content, timeout=HANG_SECONDS
        )
        assert answer.status_code < 500, answer.text
        if not answer.is_success:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == answer.status_code

    ask()
