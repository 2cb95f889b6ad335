"""Forty templates that want too much: each ends soon, and holds little memory, whatever becomes of
it. What is bounded is counted, so a busy machine changes nothing but the time."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import TEXT

from tuttu.content import ContentError, Renderer, Work
from tuttu.vocabulary.project import Project

pytestmark = pytest.mark.fuzz

CPU_SECONDS = 0.1
"""On a quiet machine; where others work beside the test, a thread's own time grows too."""
SLACK = 3
MEMORY = 20_000_000
"""Bytes."""
ITEMS = 8_000
LONG = "<script" * 7_000
MANY: list[dict[str, Any]] = [{"topic": f"topic {n}", "at": n} for n in range(ITEMS)]
SAME: list[dict[str, Any]] = [{"topic": "x" * 30_000, "at": n} for n in range(ITEMS)]

HOSTILE = {
    "uniq": "{{ tickets | uniq | size }}",
    "uniq by a key": "{{ tickets | uniq: 'topic' | size }}",
    "uniq again and again": "{% for i in (1..50) %}{{ tickets | uniq | size }}{% endfor %}",
    "uniq of signs": "{{ name | split: '' | uniq | size }}",
    "sort": "{% for i in (1..99) %}{{ tickets | sort: 'topic' | size }}{% endfor %}",
    "sort_natural": "{{ name | split: '' | sort_natural | join: '' }}",
    "equal lists": "{% for i in (1..9999) %}{% if tickets == tickets %}x{% endif %}{% endfor %}",
    "contains": "{% for t in tickets %}{% if tickets contains t.topic %}x{% endif %}{% endfor %}",
    "range contains": "{% if (1..1000000000) contains 0.5 %}x{% endif %}",
    "kept range": "{% assign r = (1..1000000000) %}{% if r contains 0.5 %}x{% endif %}",
    "range reversed": "{% for i in (1..1000000000) reversed %}x{% endfor %}",
    "range limited": "{% for i in (1..1000000000) limit: 3 %}x{% endfor %}",
    "long loop": "{% for i in (1..10000) %}{{ i }}{% endfor %}",
    "loops in a row": "{% for i in (1..9999) %}{% endfor %}" * 500,
    "loops of nothing": "{% for i in (1..99) %}{% for j in (1..99) %}{% endfor %}{% endfor %}" * 99,
    "rows of a table": "{% tablerow i in (1..9999) %}{% endtablerow %}" * 99,
    "many conditions": "{% for i in (1..9999) %}{% if "
    + " or ".join(["i == 0"] * 200)
    + " %}x{% endif %}{% endfor %}",
    "many ways": "{% for i in (1..9999) %}{% if i == 0 %}x"
    + "{% elsif i == 0 %}x" * 200
    + "{% endif %}{% endfor %}",
    "many cases": "{% for i in (1..9999) %}{% case i %}"
    + "{% when 'a', 'b', 'c' %}x" * 100
    + "{% endcase %}{% endfor %}",
    "many values": "{{ n | plus: 1 }}" * 8_000,
    "many names": "".join(f"{{% assign a{n} = n %}}" for n in range(5_000)),
    "a growing number": "{% assign x = 99 %}"
    "{% for i in (1..60) %}{% assign x = x | times: x %}{% endfor %}{{ x }}",
    "a rounded number": "{{ n | round: 100000000 }}",
    "a number of many digits": "{{ digits | plus: 1 }}",
    "a number with an exponent": "{{ '1e999999999' | floor }}",
    "a growing text": "{% assign x = 'aaaaaaaaaa' %}"
    "{% for i in (1..40) %}{% assign x = x | append: x %}{% endfor %}",
    "a growing list": "{% assign z = tickets %}"
    "{% for i in (1..40) %}{% assign z = z | concat: z %}{% endfor %}",
    "joined": "{{ same | map: 'topic' | join: ' ' | size }}",
    "printed": "{{ same | map: 'topic' }}",
    "echoed": "{% liquid\n echo same | map: 'topic' %}",
    "captured": "{% for i in (1..9999) %}{% capture c %}{{ name }}{% endcapture %}{% endfor %}",
    "replaced by itself": "{{ name | replace: 's', name | size }}",
    "replaced between all": "{{ name | replace: '', name | size }}",
    "searched from behind": "{{ a | remove_last: b }}{{ a | replace_last: b, 'x' }}",
    "stripped of markup": "{% for i in (1..99) %}{% assign z = name | strip_html %}{% endfor %}",
    "stripped of what is no markup": "{{ open | strip_html | size }}",
    "split": "{% for i in (1..99) %}{% assign z = name | split: '' %}{% endfor %}",
    "a long form": "{{ at | date: form }}",
    "many dates": "{% for i in (1..9999) %}{{ at | date: 'full' }}{% endfor %}",
    "much money": "{% for i in (1..9999) %}{{ price | money }}{% endfor %}",
    "cut": "{% for i in (1..9999) %}{{ name | truncatewords: 9 | slice: 0, 2 }}{% endfor %}",
    "escaped": "{% for i in (1..9999) %}{% assign z = name | escape | escape_once %}{% endfor %}",
    "summed": "{% for i in (1..999) %}{{ tickets | map: 'at' | sum }}{% endfor %}",
    "its own words": "words " * 60_000,
}
assert len(HOSTILE) >= 40


ROW: dict[str, Any] = {
    "now": 0, "name": LONG, "n": 3, "at": 0, "price": 1, "tickets": MANY, "same": SAME,
    "digits": "9" * 40_000, "a": "a" * 50_000, "b": "b" + "a" * 25_000,
    "open": "<a " * 16_000 + ">", "form": "%A" * 20_000,
}  # fmt: skip


def _renderer(make_project: Callable[..., Project], template: str, channel: str) -> Renderer:
    project = make_project({("hello", channel, "en"): template})
    schema = project.row_schema
    texts = dict.fromkeys(("digits", "a", "b", "open", "form"), TEXT)
    schema = msgspec.structs.replace(
        schema,
        columns={**schema.columns, **texts},
        collections={**schema.collections, "same": schema.collections["tickets"]},
    )
    return Renderer(msgspec.structs.replace(project, row_schema=schema))


def _outcome(renderer: Renderer, channel: str, work: Work | None = None) -> str:
    """The text, or the error."""
    try:
        return renderer.render("hello", channel, [], ROW, work=work).text
    except ContentError as error:
        return f"error: {error}"


@pytest.mark.parametrize("channel", ["web", "sms"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_ends_soon_and_holds_little(
    make_project: Callable[..., Project], name: str, channel: str
) -> None:
    renderer = _renderer(make_project, HOSTILE[name], channel)
    gc.collect()
    gc.freeze()  # what other tests have left is not walked at our cost
    try:
        began = time.thread_time()
        first = _outcome(renderer, channel)
        spent = time.thread_time() - began
    finally:
        gc.unfreeze()
    assert spent < CPU_SECONDS * SLACK, spent
    if channel == "sms":
        return  # both hold the same
    tracemalloc.start()
    try:
        assert _outcome(renderer, channel) == first
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < MEMORY, most


def test_the_messages_of_one_decision_share_what_they_may_do(
    make_project: Callable[..., Project],
) -> None:
    renderer = _renderer(make_project, "{% for i in (1..3000) %}{{ i }}{% endfor %}", "sms")
    whole = Work.of_a_decision()
    outcomes = [_outcome(renderer, "sms", whole) for _ in range(60)]
    assert outcomes[0].endswith("3000")
    assert outcomes[-1].endswith("found too much work for the messages of one decision")
    assert _outcome(renderer, "sms", Work.of_a_decision()) == outcomes[0]


@given(st.lists(st.sampled_from(["a", "A", "aa", "b", "ä", "1", "1.0", ""]), max_size=30))
def test_uniq_keeps_the_first_of_equals_in_their_order(
    render: Callable[..., str], entries: list[str]
) -> None:
    template = "{% assign u = tags | uniq %}{% for each in u %}[{{ each }}]{% endfor %}"
    expected = "".join(f"[{each}]" for each in dict.fromkeys(entries))
    assert render(template, "sms", tags=entries) == expected


@given(st.text(alphabet="ab ", max_size=20), st.text(alphabet="ab", max_size=3))
def test_the_last_place_is_the_last(render: Callable[..., str], text: str, part: str) -> None:
    before, found, after = text.rpartition(part) if part else (text, "", "")
    expected = f"{before}-{after}" if found else text
    shown = render("[{{ name | replace_last: gone, '-' }}]", "sms", name=text, gone=part)
    assert shown == f"[{expected}]"
