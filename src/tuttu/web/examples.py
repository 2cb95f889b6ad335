"""One body for each route that takes one, as the example company `operator` would send it."""

from collections.abc import Mapping
from typing import Any

_ORDER = {
    "userId": "maija",
    "event": "Order Completed",
    "properties": {"order_id": "O-1", "total": 59.9},
    "timestamp": "2026-03-02T07:00:00Z",
    "messageId": "o-1",
}
_PAGE = {"userId": "maija", "name": "Front page", "properties": {"path": "/"}}
_QUESTION = {"who": {"user_id": "maija"}, "surfaces": ["front.hero"]}

EXAMPLES: Mapping[str, Any] = {
    "post_identify": {
        "userId": "maija",
        "anonymousId": "browser-7",
        "traits": {"first_name": "Maija", "email": "maija@example.com"},
    },
    "post_track": _ORDER,
    "post_page": _PAGE,
    "post_screen": _PAGE,
    "post_group": {"userId": "maija", "groupId": "household-3", "traits": {"size": 2}},
    "post_alias": {"userId": "maija", "previousId": "m.virtanen"},
    "post_batch": {"batch": [{"type": "track", **_ORDER}, {"type": "page", **_PAGE}]},
    "post_decide": _QUESTION,
    "post_explain": _QUESTION,
    "put_set_preferences": {
        "preferences": [{"purpose": "marketing", "channel": "email", "allowed": True}]
    },
    "post_unmerge": {
        "one": {"user_id": "maija"},
        "other": {"anonymous_id": "browser-7"},
        "why": "a shared computer",
    },
    "post_begin_links": {"source": "matches.csv"},
    "post_claim_links": {
        "through": 1,
        "links": [
            {"one": {"user_id": "maija"}, "other": {"phone": "+358401234567"}, "score": 0.97}
        ],
    },
    "put_set_resource": {"amount": 500},
    "put_repair": {"type": "track", **_ORDER},
    "post_issue_key": {"name": "shop", "scopes": ["ingest"]},
    "post_reload": {"removes": ["guards.an open case stops marketing"]},
    "put_set_clock": {"now": "2026-03-05T09:00:00Z"},
}
"""Operation, as the OpenAPI document names it, to a body."""
