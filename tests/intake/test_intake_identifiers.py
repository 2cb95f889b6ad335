"""Whom a call or a row names: the same people over HTTP and from a file, and clear refusals."""

from __future__ import annotations

import io
from collections.abc import Callable

import msgspec
import pytest
from tests import builders
from tests.intake.conftest import Send, Take

from tuttu.intake import Accepted, Context, MappingError, load_mapping, read_rows, require_fit
from tuttu.vocabulary.events import DeadLetter, Event, Identifier

HOME = {"compounds": (("traits.born", "traits.postcode"),)}
MAPPING = """\
format: {delimiter: ";"}
id: {row: number, prefix: r-}
who: {home: {columns: [born, code], join: "|"}}
event: Seen
"""
IN_TRAITS = """\
format: {delimiter: ";"}
id: {row: number, prefix: t-}
who: {user_id: {column: login}}
call: identify
traits: {born: {column: born}, postcode: {column: code}}
"""
ROWS = b"login;born;code\n;1980-01-01 ;00100\n;1980-01-01;unknown\n;1980-01-01;\n"


@pytest.fixture
def with_homes(context: Context) -> Context:
    namespaces = {**context.project.namespaces, **builders.namespaces(home=HOME)}
    project = msgspec.structs.replace(context.project, namespaces=namespaces)
    return msgspec.structs.replace(context, project=project)


@pytest.mark.parametrize("text", [MAPPING, IN_TRAITS])
def test_a_compound_is_the_same_from_a_file_and_over_http(
    with_homes: Context, send: Send, event_of: Callable[[Accepted], Event], take: Take, text: str
) -> None:
    traits = {"born": "1980-01-01", "postcode": " 00100"}
    sent = event_of(send("identify", {"traits": traits}, project=with_homes.project))
    assert sent.identifiers == (Identifier("home", "1980-01-01|00100"),)
    mapping = load_mapping(text)
    taken = take(read_rows(io.BytesIO(ROWS), mapping.format), mapping, with_homes)
    assert [event.identifiers for event in taken.events] == [sent.identifiers]
    assert [reject.number for reject in taken.rejects] == [2, 3]


def test_a_file_joins_the_parts_as_calls_do(with_homes: Context) -> None:
    mapping = load_mapping(MAPPING.replace('"|"', '" "'), "m.yaml")
    with pytest.raises(MappingError) as raised:
        require_fit(mapping, ["born", "code"], with_homes.project)
    assert str(raised.value) == (
        "m.yaml:3: found `join` ' '; expected `|`: the columns are parts of a compound of"
        " identity.yaml."
    )


def test_who_is_refused_reads_which_value_named_nobody(send: Send) -> None:
    refused = send("identify", {"userId": "undefined", "anonymousId": 0, "traits": {"email": " "}})
    assert refused.refusal is not None
    assert refused.refusal.message == (
        "found a missing id: no identifier that names somebody (nobody is user_id 'undefined',"
        " anonymous_id 0, email ' '); expected one of user_id, email, anonymous_id"
    )
    (letter,) = (fact.body for unit in refused.letters for fact in unit.facts)
    assert isinstance(letter, DeadLetter)
    assert b"undefined" in letter.body
    assert "user_id 'undefined'" in letter.reason
