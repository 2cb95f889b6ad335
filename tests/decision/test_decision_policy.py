"""Decisions on conditions as people write them, over the ledger's columns."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec
from tests.builders import in_words

from tuttu.policy import parse, parse_condition
from tuttu.storage import Store
from tuttu.vocabulary.facts import Result
from tuttu.vocabulary.library import Action
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, MINUTE, Condition, Kind, Schema, Type
from tuttu.vocabulary.verdicts import Receipt

SCHEMA = Schema(
    columns={"has_tv": Type(Kind.BOOL), "churn_risk": Type(Kind.REAL), "margin": Type(Kind.MONEY)},
    actions=frozenset({"tv"}),
    channels=frozenset({"web", "app", "email"}),
    outcomes=frozenset({"viewed", "clicked", "accepted", "declined", "ignored"}),
    zone="Europe/Helsinki",
)


def _conditions(*texts: str) -> tuple[Condition, ...]:
    return tuple(Condition(text, parse_condition(text, SCHEMA, subject="tv")) for text in texts)


def test_conditions_read_what_the_ledger_knows(
    company: Callable[..., Project],
    action: Callable[..., Action],
    opened: Callable[[Project], AbstractContextManager[Store]],
    told: Callable[..., None],
    kept: Callable[..., tuple[Receipt, Result]],
    noon: int,
) -> None:
    rules = {
        "eligible": _conditions("NOT has_tv"),
        "applicable": _conditions(
            "COALESCE(NOT contacted(action, '7d'), TRUE)",
            "COALESCE(NOT answered(action, declined, '90d'), TRUE)",
        ),
        "suitable": _conditions("churn_risk < 0.6"),
        "value": parse("margin * 12", SCHEMA),
        "propensity": parse("CASE WHEN churn_risk < 0.3 THEN 0.1 ELSE 0.01 END", SCHEMA),
    }
    project = company(msgspec.structs.replace(action("tv"), **rules))
    facts = {"has_tv": False, "churn_risk": 0.1, "margin": 99_000}
    with opened(project) as store:

        def asked(number: int, now: int, **change: object) -> tuple[str, str] | int:
            """The worth, or stage and reason."""
            receipt, _ = kept(store, project, f"d{number}", now, **(facts | change))
            (verdict,) = receipt.verdicts
            if verdict.refusal is not None:
                return verdict.refusal.stage, in_words(verdict.refusal)
            return receipt.choices[0].score.rounded

        assert asked(1, noon) == 118_800
        assert asked(2, noon + MINUTE, churn_risk=0.5) == 11_880
        assert asked(3, noon, has_tv=None) == ("eligibility", "not known: NOT has_tv (has_tv)")
        assert asked(4, noon, churn_risk=None) == (
            "suitability",
            "not known: churn_risk < 0.6 (churn_risk)",
        )
        assert asked(5, noon, margin=None) == ("scoring", "value is unknown")
        told(store, "Seen", noon + MINUTE, contact_id="d1.1")
        seen = ("applicability", "not met: COALESCE(NOT contacted(action, '7d'), TRUE)")
        assert asked(6, noon + 7 * DAY) == seen
        assert asked(7, noon + 7 * DAY + 2 * MINUTE) == 118_800
        told(store, "Said No", noon + 7 * DAY + 3 * MINUTE, contact_id="d7.1")
        no = ("applicability", "not met: COALESCE(NOT answered(action, declined, '90d'), TRUE)")
        assert asked(8, noon + 60 * DAY) == no
        assert asked(9, noon + 98 * DAY) == 118_800
