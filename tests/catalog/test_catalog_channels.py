"""channels.yaml."""

from __future__ import annotations

import pytest
from tests.catalog.conftest import Edit, Slip, Write, assert_one_fault

from tuttu import catalog


def test_channels_and_surfaces(write: Write) -> None:
    project = catalog.load(write())
    assert {name: one.outbound for name, one in project.channels.items()} == {
        "web": False,
        "email": True,
        "call": True,
    }
    hero, call = project.surfaces["front.hero"], project.surfaces["call"]
    assert (hero.slots, hero.default, hero.counts, hero.outbound) == (2, "welcome", "viewed", False)
    assert (call.slots, call.channel, call.counts, call.outbound) == (1, "call", "sent", True)
    assert set(project.surfaces) == {"front.hero", "email", "call"}


def test_a_channel_declares_what_its_content_is(edit: Edit) -> None:
    said = "email: {direction: out, content: html, segments: 2}"
    email = catalog.load(edit("channels.yaml", "email: out", said)).channels["email"]
    assert (email.content, email.segments) == ("html", 2)
    plain = catalog.load(edit("channels.yaml", "slots: 2", "slots: 3")).channels["email"]
    assert (plain.content, plain.segments) == (None, None)


SLIPS: list[Slip] = [
    ("channels.yaml", "slots: 2", "slots: 0", 3, "`0`", "a number of slots, at least 1", None),
    ("channels.yaml", "slots: 2", "slots: two", 3, "`two`", "a number of slots", None),
    ("channels.yaml", "web: in,", "web: inn,", 1, "`inn`", "one of in, out", "in"),
    ("channels.yaml", "channel: web", "channel: wep", 3, "`wep`", "a channel of", "web"),
    ("channels.yaml", "default: welcome", "default: welcom", 3, "`welcom` without content",
     "content/welcom.web.en.liquid", "content/welcome.web.en.liquid"),
    ("channels.yaml", "channel: web", "channel: email", 3, "`email`, which is outbound",
     "an inbound channel: web", None),
    ("channels.yaml", "email: out", "email: {direction: out, content: htm}", 1, "a mapping",
     "one of in, out, or a channel with what it needs", None),
    ("channels.yaml", "email: out", "email: {direction: out, segments: 0}", 1, "a mapping",
     "one of in, out, or a channel with what it needs", None),
]  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_one_slip_gives_one_fault(edit: Edit, slip: Slip) -> None:
    assert_one_fault(edit, slip)
