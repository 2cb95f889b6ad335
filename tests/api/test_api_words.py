"""Every reason in every language; a code without words is still shown."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import tuttu
from tuttu.api import ENGLISH, LANGUAGES, language_of, words_in
from tuttu.decision import STAGES
from tuttu.vocabulary.values import Figures
from tuttu.vocabulary.verdicts import AS_WORDED, Reason, Refusal, Score, unpacked

SOURCE = Path(tuttu.__file__).parent
RIVALS: Figures = {"action": "net", "winner": "tv"}
CELL: Figures = {"purpose": "marketing", "channel": "email"}
VERSION: Figures = {"action": "tv", "version": "0123456789ab"}
ADDRESS: Figures = {"channel": "email", "namespace": "email"}
VALUES: dict[str, Figures] = {
    "reason_not_kept": {},
    AS_WORDED: {"words": "has fibre"},
    "draft": {},
    "not_live": {"status": "paused"},
    "not_valid_yet": {"valid_from": "2026-03-06"},
    "not_valid_any_more": {"valid_until": "2026-03-06 12:00"},
    "no_item": {"about": "contracts"},
    "not_met": {"condition": "fibre comes to the house"},
    "not_known": {"condition": "fibre comes to the house", "unknown": ("has_fibre",)},
    "guard": {"guard": "open case stops marketing"},
    "guard_of_too_many": {"guard": "fault at home", "group": "household", "at_most": 50},
    "undeclared_purpose": CELL,
    "undeclared_channel": CELL,
    "not_consented": {**CELL, "kind": "consumer"},
    "kind_not_known": {**CELL, "trait": "customer_type"},
    "no_sale": {**CELL, "unknown": ("bought_at",)},
    "refusal_not_offered": {**CELL, "unknown": ("told_at",)},
    "not_similar": {**CELL, "unknown": ("has_tv",)},
    "refused_by_customer": {**CELL, "on": "2026-03-01"},
    "not_asked": CELL,
    "unsettled": {"namespace": "phone"},
    "address_none": ADDRESS,
    "address_shared": ADDRESS,
    "address_dead": ADDRESS,
    "address_unverified": ADDRESS,
    "address_not_known": {"channel": "letter", "unknown": ("street", "postal_code")},
    "suppressed": {"suppression": "said no"},
    "contact_limit": {"limit": "three a week"},
    "none_left": {"resource": "vouchers"},
    "too_few_left": {"resource": "minutes", "free": 1, "needed": 8},
    "figure_unknown": {"figure": "value"},
    "no_propensity": {},
    "no_score_yet": {"model": "churn"},
    "propensity_out_of_range": {"propensity": 1.5},
    "worth_out_of_range": {},
    "worth_not_positive": {},
    "no_slot_left": {},
    "fulfilled": {"action": "price-change"},
    "underway": {"action": "price-change", "treatment": "letter"},
    "owed_beyond": {"at_most": 2, "surface": "app"},
    "placed_elsewhere": {"action": "tv", "surface": "app"},
    "variety": {"at_most": 1, "issue_group": "growth", "surface": "app"},
    "limit_with_slots_before": {"limit": "three a week"},
    "resource_with_slots_before": {"resource": "minutes", "free": 1, "needed": 8},
    "content": {"error": "no text of hello"},
    "lost": {**RIVALS, "by": 1.2, "currency": "EUR"},
    "lost_by_propensity": {**RIVALS, "by": 0.25},
    "lost_to_kept_offer": RIVALS,
    "lost_to_substitute": RIVALS,
    "lost_in_draw": RIVALS,
    "tied": RIVALS,
    "control_group": {},
    "action_gone": VERSION,
    "action_retired": VERSION,
    "treatment_gone": {**VERSION, "treatment": "letter"},
    "surface_changed": {**VERSION, "surface": "front"},
    "unmerged": {},
    "change_not_made": {},
    "link_of_crowd": {"namespace": "phone", "at_most": 500},
    "link_of_several": {"namespace": "phone"},
    "link_of_others": {"namespace": "email"},
    "link_to_one_more": {"namespace": "user_id"},
    "link_beyond_alias_limit": {"namespace": "user_id", "at_most": 2},
}
ENGLISH_WORDS = {
    "reason_not_kept": "refused here; why cannot be worked out any more",
    AS_WORDED: "has fibre",
    "draft": "is a draft",
    "not_live": "is paused",
    "not_valid_yet": "is valid from 2026-03-06",
    "not_valid_any_more": "was valid until 2026-03-06 12:00",
    "no_item": "there are no contracts",
    "not_met": "not met: fibre comes to the house",
    "not_known": "not known: fibre comes to the house (has_fibre)",
    "guard": "stopped by: open case stops marketing",
    "guard_of_too_many": "stopped by: fault at home (more than 50 members of household, so nothing "
    "is known of them)",
    "undeclared_purpose": "marketing by email: no purpose 'marketing' is declared",
    "undeclared_channel": "marketing by email: no channel 'email' is declared",
    "not_consented": "marketing by email: not consented (default out for a consumer)",
    "kind_not_known": "marketing by email: not consented, and the kind of person is not known "
    "(customer_type)",
    "no_sale": "marketing by email: not consented, and no sale that would do instead "
    "(not known: bought_at)",
    "refusal_not_offered": "marketing by email: not consented, and a sale does not do: refusal was "
    "not offered (not known: told_at)",
    "not_similar": "marketing by email: not consented, and this is not like what the customer "
    "bought (not known: has_tv)",
    "refused_by_customer": "marketing by email: refused by the customer on 2026-03-01",
    "not_asked": "marketing by email: was not asked then",
    "unsettled": "settle who uses the phone: too many share it",
    "address_none": "email: no address is known (email)",
    "address_shared": "email: several people share the address (email)",
    "address_dead": "email: the address is dead (email)",
    "address_unverified": "email: the address is not confirmed (email)",
    "address_not_known": "letter: of the address, street, postal_code not known",
    "suppressed": "left alone after: said no",
    "contact_limit": "limit reached: three a week",
    "none_left": "no vouchers left",
    "too_few_left": "minutes: 1 free, 8 needed",
    "figure_unknown": "value is unknown",
    "no_propensity": "no propensity",
    "no_score_yet": "model churn has no score yet",
    "propensity_out_of_range": "propensity 1.5 is not between 0 and 1",
    "worth_out_of_range": "worth is out of range",
    "worth_not_positive": "worth is not positive",
    "no_slot_left": "no slot left",
    "fulfilled": "price-change was told already",
    "underway": "price-change is under way by letter",
    "owed_beyond": "2 owed on app are enough",
    "placed_elsewhere": "tv has its place on app",
    "variety": "variety: 1 of growth on app is enough",
    "limit_with_slots_before": "limit reached: three a week, counting the slots before",
    "resource_with_slots_before": "not enough minutes left, counting the slots before",
    "content": "content: no text of hello",
    "lost": "net lost to tv by 1.20 EUR",
    "lost_by_propensity": "net lost to tv by a propensity of 0.25",
    "lost_to_kept_offer": "net lost to tv, an offer that was shown before and is kept",
    "lost_to_substitute": "net lost to tv, which stands in for what a guard blocked",
    "lost_in_draw": "net lost to tv in a random draw",
    "tied": "net tied with tv",
    "control_group": "is in the control group without marketing",
    "action_gone": "the action tv is gone since version 0123456789ab",
    "action_retired": "the action tv is retired since version 0123456789ab",
    "treatment_gone": "the treatment letter of tv is gone since version 0123456789ab",
    "surface_changed": "tv is no more for the surface front since version 0123456789ab",
    "unmerged": "unmerged",
    "change_not_made": "the change to this run is not made yet",
    "link_of_crowd": "phone has more than 500 partners",
    "link_of_several": "phone is shared by several people",
    "link_of_others": "they differ in email",
    "link_to_one_more": "user_id is at most one per customer",
    "link_beyond_alias_limit": "user_id is at most 2 per customer, even by alias",
}
NOT_KEPT = "reason_not_kept"
"""Of a receipt, not of a stage."""
OF_LINKS = {code for code in VALUES if code.startswith("link_")} | {"unmerged", "change_not_made"}
"""Codes of evidence that joined nobody."""
FIGURES = frozenset({"by", "free", "needed", "propensity", "on", "version", "at_most"})
"""Values that some languages may leave out of what they say."""


def shipped_codes() -> set[str]:
    """The codes that the source makes reasons of; each is written where the reason is made."""
    found = {AS_WORDED}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Reason":
                code = node.args[0]
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    found.add(code.value)
                elif path.parts[-2:] == ("decision", "stage.py"):
                    raise AssertionError(f"{path}:{node.lineno}: a code that is not written out")
    return found


def test_the_tables_know_every_code() -> None:
    assert set(VALUES) == set(ENGLISH_WORDS) == shipped_codes()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_its_translation(language: str) -> None:
    assert set(words_in(language).translation.reasons) == shipped_codes()


@pytest.mark.parametrize("code", VALUES)
def test_in_english(code: str) -> None:
    assert words_in(ENGLISH).reason(Reason(code, VALUES[code])) == ENGLISH_WORDS[code]


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != ENGLISH])
@pytest.mark.parametrize("code", VALUES)
def test_a_name_of_the_project_is_the_same_in_every_language(code: str, language: str) -> None:
    said = words_in(language).reason(Reason(code, VALUES[code]))
    assert "…" not in said
    assert not re.search(r"[\[\]{}]|\?\w", said)
    assert code == AS_WORDED or said != ENGLISH_WORDS[code]
    for name, value in VALUES[code].items():
        if name not in FIGURES and f"{{{name}}}" in words_in(ENGLISH).translation.reasons[code]:
            assert (value if isinstance(value, str) else ", ".join(value)) in said  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_say_the_same_things(language: str) -> None:
    mine, english = words_in(language).translation, words_in(ENGLISH).translation
    for kind in ("reasons", "changes", "notes", "worth"):
        ours, theirs = getattr(mine, kind), getattr(english, kind)
        assert ours.keys() == theirs.keys()
        for key, template in ours.items():
            assert set(re.findall(r"\{(\w+)\}", template)) == set(
                re.findall(r"\{(\w+)\}", theirs[key])
            ), (kind, key)


def test_every_stage_names_the_codes_that_it_may_give() -> None:
    named = {code for stage in STAGES for code in stage.codes}
    of_withdrawals = {code for code in VALUES if "version" in VALUES[code]}
    assert named == shipped_codes() - of_withdrawals - OF_LINKS - {AS_WORDED, NOT_KEPT}
    for stage in STAGES:
        for code, identifying in stage.codes.items():
            optional = {"treatment", "winner_treatment", "other_item"}
            assert set(identifying) - optional <= VALUES[code].keys(), (stage.name, code)


def test_what_is_not_the_customers_own_is_told_apart() -> None:
    guard = Reason("guard", {"guard": "open case"}).of_others()
    said = "stopped by: open case (under an identifier that several people share)"
    assert words_in("en").reason(guard) == said
    assert (
        words_in("fi").reason(guard) == "pysäytti: open case (tunnisteella, jota useampi käyttää)"
    )


def test_both_ways_of_one_action_are_named() -> None:
    values: Figures = {
        "action": "tv",
        "treatment": "letter",
        "winner": "tv",
        "winner_treatment": "call",
    }
    assert words_in("en").reason(Reason("tied", values)) == "tv (letter) tied with tv (call)"
    other: Figures = {"action": "tv", "winner": "tv", "other_item": True}
    assert words_in("en").reason(Reason("tied", other)) == "tv tied with tv (about another item)"
    assert "toisesta kohteesta" in words_in("fi").reason(Reason("tied", other))


def test_what_is_left_out_reads_as_left_out() -> None:
    lost = Reason("lost", {**RIVALS, "currency": "EUR"})
    assert words_in("en").reason(lost) == "net lost to tv by … EUR"
    unknown = Reason("not_known", {"condition": "fibre comes to the house"})
    assert words_in("en").reason(unknown) == "not known: fibre comes to the house"


@pytest.mark.parametrize(
    ("by", "shown"), [(1.2, "1.20"), (0.005, "0.0050"), (6.8664, "6.8664"), (30.0, "30.00")]
)
def test_a_difference_has_as_many_decimals_as_show_it(by: float, shown: str) -> None:
    lost = Reason("lost", {**RIVALS, "by": by, "currency": "EUR"})
    assert words_in("en").reason(lost) == f"net lost to tv by {shown} EUR"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_without_words_shows_itself_and_its_values(language: str) -> None:
    reason = Reason("wrong_moon", {"phase": "full", "nights": 2, "seen": ("a", "b")})
    assert words_in(language).reason(reason) == "wrong_moon (phase full, nights 2, seen a, b)"
    assert words_in(language).reason(Reason("wrong_moon")) == "wrong_moon"


def test_the_formula_of_worth() -> None:
    score = Score(
        propensity=0.5, value=100_000, relevance=1, lever=1.5, effort=2_000, cost=0, rounded=73_000
    )
    assert words_in("en").worth(score) == "worth 7.3 = 0.5 × 10 × 1.5 - 0.2 effort"
    assert words_in("fi").worth(score) == "arvo 7.3 = 0.5 × 10 × 1.5 - 0.2 vaivaa"


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"),
        ("fi", "fi"),
        ("fi-FI,fi;q=0.9,en;q=0.8", "fi"),
        ("de, sv;q=0.5", "sv"),
        ("de", "en"),
        ("en;q=0.5, sv;q=0.7", "sv"),
        ("sv;q=0.7, fi;q=0.7", "sv"),
        ("SV-se", "sv"),
        ("fi;q=0", "en"),
        ("fi;q=0, *", "en"),
        ("en;q=0, *;q=0.1", "fi"),
        ("fi;q=0.2, *;q=0.9", "en"),
        ("fi;q=1.0000", "en"),
        ("fi;q=often, sv;q=0.1", "sv"),
        ("fi ; q=0.3 , sv ; q=0.4", "sv"),
        (";;, ,q=1", "en"),
        ("*", "en"),
    ],
)
def test_the_language_that_is_wanted_most(accept: str, language: str) -> None:
    assert language_of(accept) == language


def test_a_reason_in_one_line_of_text_comes_back() -> None:
    reason = Reason("treatment_gone", VALUES["treatment_gone"])
    assert unpacked(reason.packed()) == reason
    assert unpacked("the action tv is gone") == Reason(
        AS_WORDED, {"words": "the action tv is gone"}
    )


def test_a_refusal_from_before_is_the_same_again_by_its_stage_alone() -> None:
    worded = Refusal("guards", "open case")
    again = Refusal("guards", code="guard", values={"guard": "another"})
    assert worded.same_as(again)
    assert not worded.same_as(Refusal("consent", code="guard", values={"guard": "open case"}))
    assert not worded.same_as(None)
    assert again.same_as(Refusal("guards", code="guard", values={"guard": "another"}))
    assert not again.same_as(Refusal("guards", code="guard", values={"guard": "open case"}))


def test_a_refusal_by_the_customer_is_of_any_day_without_one() -> None:
    """As the funnel counts it: all days together."""
    refused = Reason("refused_by_customer", CELL)
    assert words_in("en").reason(refused) == "marketing by email: refused by the customer"
    assert words_in("fi").reason(refused).endswith("asiakas kielsi")
    assert words_in("sv").reason(refused).endswith("kunden sade nej")
