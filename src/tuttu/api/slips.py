"""Traits that did not fit: what the sender of a call is told, and the list of who sent what."""

from collections.abc import Iterable

import msgspec

from tuttu.intake import SlipCount
from tuttu.vocabulary import conversion


class RefusedTrait(msgspec.Struct, kw_only=True):
    """A value that does not fit the type of its trait, of a call that was accepted.

    index: of the call in the body. trait: or ``collection.field``. source: who says it; empty of an
    item. kept: what is known stays; else it is not known any more (`slip` in traits.yaml).
    """

    index: int
    trait: str
    source: str
    message: str
    kept: bool


class ShownSlip(msgspec.Struct, kw_only=True):
    """What one sender sent to one trait and did not fit: how often, and when first and last. found:
    the kind of the newest value, which is in the event `event_id`."""

    sender: str
    event: str
    trait: str
    source: str
    found: str
    expected: str
    kept: bool
    count: int
    first: str
    last: str
    event_id: str


class SlipsQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """limit: at most so many."""

    limit: int = 1_000


class SlipsAnswer(msgspec.Struct, kw_only=True):
    """The newest first."""

    slips: list[ShownSlip]


def slips_answer(found: Iterable[SlipCount]) -> SlipsAnswer:
    return SlipsAnswer(
        slips=[
            ShownSlip(
                sender=each.sender,
                event=each.event,
                trait=each.trait,
                source=each.source,
                found=each.found,
                expected=each.expected,
                kept=each.kept,
                count=each.count,
                first=conversion.format_instant(each.first),
                last=conversion.format_instant(each.last),
                event_id=each.event_id,
            )
            for each in found
        ]
    )
