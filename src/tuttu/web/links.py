"""The links between routes: which part of an answer is a parameter of which next request.

For the OpenAPI document and its clients: the ids that one route returns are what another takes.
Operations have the names of the document.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

Json = dict[str, Any]


class Link(msgspec.Struct, frozen=True):
    """From an answered request to the next one; values are OpenAPI's runtime expressions."""

    to: str
    parameters: Mapping[str, str] = {}
    body: Any = None

    def shown(self) -> Json:
        link: Json = {"operationId": self.to, "parameters": dict(self.parameters)}
        return link if self.body is None else {**link, "requestBody": self.body}


def _each(names: tuple[str, ...], **parameters: str) -> tuple[Link, ...]:
    return tuple(Link(name, parameters) for name in names)


_PERSON = ("get_customer", "get_timeline", "get_preferences", "put_set_preferences")
_LETTER = ("get_dead_letter", "put_repair", "delete_drop", "post_send_again")
_SENDER = "$request.body#/userId"
_SURFACE = {"surfaces": ["$response.body#/surfaces/0"]}
_OF_SENDER = (*_each(_PERSON, id=_SENDER), Link("post_decide", body={"who": {"user_id": _SENDER}}))

_RUN = {"name": "$request.path.name", "run": "$response.body#/run"}

LINKS: Mapping[str, tuple[Link, ...]] = {
    "post_begin_links": (Link("post_claim_links", _RUN), Link("post_close_links", _RUN)),
    "post_identify": (
        *_OF_SENDER,
        Link(
            "post_unmerge",
            body={
                "one": {"user_id": _SENDER},
                "other": {"anonymous_id": "$request.body#/anonymousId"},
            },
        ),
    ),
    "post_track": _OF_SENDER,
    "post_page": _OF_SENDER,
    "post_screen": _OF_SENDER,
    "post_group": _OF_SENDER,
    "post_alias": (
        *_OF_SENDER,
        Link(
            "post_unmerge",
            body={"one": {"user_id": _SENDER}, "other": {"user_id": "$request.body#/previousId"}},
        ),
    ),
    "post_batch": _each(_LETTER, id="$response.body#/refused/0/dead_letter"),
    "post_decide": (
        Link("get_decision", {"id": "$response.body#/decision_id"}),
        Link("post_explain", body={"decision": "$response.body#/decision_id"}),
        *_each(_PERSON, id="$response.body#/customer"),
        Link(
            "post_track",
            body={
                "userId": "$request.body#/who/user_id",
                "properties": {"contact_id": "$response.body#/choices/0/contact_id"},
            },
        ),
    ),
    "post_explain": _each(_PERSON, id="$response.body#/customer"),
    "get_decision": _each(_PERSON, id="$response.body#/decision/customer"),
    "get_customer": _each(_PERSON, id="$request.path.id"),
    "get_timeline": (
        Link("get_timeline", {"id": "$request.path.id", "after": "$response.body#/next"}),
    ),
    "get_preferences": (
        Link(
            "put_set_preferences",
            {"id": "$request.path.id"},
            {
                "preferences": [
                    {
                        "purpose": "$response.body#/preferences/0/purpose",
                        "channel": "$response.body#/preferences/0/channel",
                        "allowed": "$response.body#/preferences/0/allowed",
                    }
                ]
            },
        ),
    ),
    "put_set_preferences": _each(_PERSON, id="$request.path.id"),
    "get_resources": _each(("get_resource", "put_set_resource"), name="$response.body#/0/name"),
    "put_set_resource": _each(("get_resource",), name="$response.body#/name"),
    "get_dead_letters": (
        *_each(_LETTER, id="$response.body#/dead_letters/0/id"),
        *_each(("get_dead_letters",), after="$response.body#/dead_letters/0/id"),
    ),
    "get_dead_letter": _each(_LETTER, id="$response.body#/id"),
    "post_issue_key": _each(("delete_revoke_key",), name="$response.body#/name"),
    "get_funnel": (
        Link("get_funnel", {"surfaces": "$response.body#/surfaces/0", "at": "$response.body#/now"}),
        Link("post_decide", body=_SURFACE),
        Link("post_explain", body=_SURFACE),
    ),
    "get_clock": (Link("put_set_clock", body={"now": "$response.body#/now"}),),
}
"""Operation to what its answer leads to."""
