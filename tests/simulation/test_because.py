"""`because` of a scenario: what refused by its name, or the reason in English."""

from __future__ import annotations

import pytest
from tests.builders import HERE

from tuttu.api import ShownRefusal, words_in
from tuttu.catalog import Expectation
from tuttu.simulation.expectations import is_as_expected
from tuttu.vocabulary.values import Figures
from tuttu.vocabulary.verdicts import Reason

BY_NAME: list[tuple[str, Figures, str]] = [
    ("not_met", {"condition": "fibre comes"}, "fibre comes"),
    ("not_known", {"condition": "fibre comes", "unknown": ("has_fibre",)}, "fibre comes"),
    ("guard", {"guard": "open case"}, "open case"),
    ("suppressed", {"suppression": "said no"}, "said no"),
    ("contact_limit", {"limit": "three a week"}, "three a week"),
    ("limit_with_slots_before", {"limit": "three a week"}, "three a week"),
    ("none_left", {"resource": "vouchers"}, "vouchers"),
    ("not_met", {"condition": "fibre comes"}, "not met: fibre comes"),
    ("none_left", {"resource": "vouchers"}, "no vouchers left"),
    ("worth_not_positive", {}, "worth is not positive"),
    ("as_worded", {"words": "open case"}, "open case"),
]


def _holds(because: str | None, code: str, values: Figures) -> bool:
    reason = words_in("en").reason(Reason(code, values))
    refusal = ShownRefusal(
        action="tv",
        treatment="web",
        surface="front",
        stage="guards",
        reason=reason,
        code=code,
        values=values,
    )
    expectation = Expectation(at=0, who={}, kind="refused", because=because, where=HERE)
    return is_as_expected(expectation, refusal)


@pytest.mark.parametrize(("code", "values", "because"), BY_NAME)
def test_the_name_or_the_words_will_do(code: str, values: Figures, because: str) -> None:
    assert _holds(because, code, values)
    assert _holds(None, code, values)
    assert not _holds(f"{because} not", code, values)


def test_a_figure_is_no_reason() -> None:
    lost: Figures = {"action": "tv", "winner": "net", "by": 1.0, "currency": "EUR"}
    assert not _holds("net", "lost", lost)
    assert _holds("tv lost to net by 1.00 EUR", "lost", lost)
