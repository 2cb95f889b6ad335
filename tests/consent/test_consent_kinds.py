"""Kinds of person and the soft opt-in: laws over choices, terms and rows, of whom anything may be
unknown."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import builders
from tests.builders import HERE

from tuttu.consent import Circumstances, Consents
from tuttu.consent.records import ChoicesByCell, ConsentChoice
from tuttu.vocabulary import values
from tuttu.vocabulary.company import (
    ANYONE,
    SOFT_OPT_IN,
    Company,
    ConsentTerms,
    PersonKinds,
    Purpose,
    SoftOptIn,
)
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import Permit

pytestmark = pytest.mark.laws

KINDS = ("consumer", "company")
CHANNELS = ("web", "email")
SIMILAR = builders.column("similar")
READ = PersonKinds(
    trait="kind", values=KINDS, read=builders.column("kind", values.Kind.TEXT), where=HERE
)
ByKind = Mapping[str, Mapping[str, ConsentTerms]]

terms = st.one_of(
    st.just(ConsentTerms("consent", allowed=False)),
    st.builds(
        ConsentTerms, st.sampled_from(["consent", "legitimate interest", "contract"]), st.booleans()
    ),
)
"""Mostly such that something may be missing, as are rows and choices."""
by_channel = st.fixed_dictionaries(dict.fromkeys(CHANNELS, terms))
by_kind = st.fixed_dictionaries(dict.fromkeys(KINDS, by_channel))
unknown_or = st.sampled_from([None, True, True, False])
kinds_said = st.sampled_from([None, *KINDS, "association"])
PARTS_OF_A_SALE = ("sold", "offered", "similar")
rows: st.SearchStrategy[dict[str, values.Value]] = st.one_of(
    st.fixed_dictionaries({"kind": kinds_said, **dict.fromkeys(PARTS_OF_A_SALE, st.just(True))}),
    st.fixed_dictionaries({"kind": kinds_said, **dict.fromkeys(PARTS_OF_A_SALE, unknown_or)}),
)
soft_channels = st.sampled_from([frozenset(CHANNELS), frozenset({"email"}), frozenset()])
choices: st.SearchStrategy[list[ChoicesByCell]] = st.just([]) | st.lists(
    st.dictionaries(
        st.sampled_from(["", *CHANNELS]),
        st.builds(ConsentChoice, st.booleans(), st.integers(1, 9), st.just("m1")),
    ).map(lambda cells: {"marketing": cells}),
    max_size=3,
)


class Case(NamedTuple):
    """A company, and what is known of one customer."""

    project: Project
    said: list[ChoicesByCell]
    joined_at: int | None
    channel: str

    @property
    def consents(self) -> Consents:
        return Consents(self.project, self.said, self.joined_at)

    def permit(self, row: values.Row) -> Permit | None:
        return self.consents.permit("marketing", self.channel, Circumstances(row, SIMILAR))


def strictest(kinds: ByKind) -> dict[str, ConsentTerms]:
    """For these laws any basis of a kind does, but consent goes first."""
    return {
        channel: ConsentTerms(
            min((each[channel].basis for each in kinds.values()), key=lambda one: one != "consent"),
            all(each[channel].allowed for each in kinds.values()),
        )
        for channel in CHANNELS
    }


def company(kinds: ByKind, soft: frozenset[str], *, told_apart: bool = True) -> Project:
    conditions = {"sale": builders.column("sold"), "offered": builders.column("offered")}
    marketing = Purpose(
        name="marketing",
        terms={ANYONE: strictest(kinds), **(kinds if told_apart else {})},
        soft_opt_in=SoftOptIn(channels=soft, **conditions) if soft else None,
        where=HERE,
    )
    return builders.project(
        company=Company(name="test"),
        purposes=[marketing],
        channels=builders.channels(web=False, email=True),
        kinds=READ if told_apart else None,
    )


cases = st.builds(
    Case,
    project=st.builds(company, by_kind, soft_channels),
    said=choices,
    joined_at=st.one_of(st.none(), st.integers(0, 10)),
    channel=st.sampled_from(CHANNELS),
)


def expected(case: Case, row: values.Row) -> str | None:
    """The basis by the words of the design: what is certain whatever kind the customer may be."""
    chosen = case.consents.chosen("marketing", case.channel)
    if chosen is not None and chosen.refusal is not None:
        return None
    purpose = case.project.purposes["marketing"]
    kinds = [row["kind"]] if row["kind"] in KINDS else list(KINDS)
    possible = {purpose.terms[str(kind)][case.channel] for kind in kinds}
    if chosen is not None or all(each.allowed for each in possible):
        bases = {each.basis for each in possible}
        return "consent" if "consent" in bases else min(bases, key=lambda one: one == "contract")
    soft = purpose.soft_opt_in is not None and case.channel in purpose.soft_opt_in.channels
    parts = row["sold"], row["offered"], row["similar"]
    if soft and parts == (True, True, True) and possible == {ConsentTerms("consent", False)}:
        return SOFT_OPT_IN
    return None


@given(cases, rows)
def test_the_permit_is_what_the_rules_say(case: Case, row: dict[str, values.Value]) -> None:
    permit = case.permit(row)
    wanted = expected(case, row)
    assert (permit is None) == (wanted is None)
    if permit is not None and (row["kind"] in KINDS or wanted in {"consent", SOFT_OPT_IN}):
        assert permit.basis == wanted
    if permit is not None:
        assert permit.kind == (row["kind"] if row["kind"] in KINDS else ANYONE)


@given(cases, rows)
def test_a_refusal_by_the_customer_is_never_overridden(
    case: Case, row: dict[str, values.Value]
) -> None:
    """Neither by a sale nor by a kind, in any company; and a consent always wins."""
    chosen = case.consents.chosen("marketing", case.channel)
    if chosen is not None:
        assert (case.permit(row) is None) == (chosen.refusal is not None)
    refused = case.consents.assuming("marketing", case.channel, allowed=False)
    assert refused.permit("marketing", case.channel, Circumstances(row, SIMILAR)) is None
    given_anew = refused.assuming("marketing", case.channel, allowed=True)
    permit = given_anew.permit("marketing", case.channel, Circumstances(row, SIMILAR))
    assert permit is not None
    assert permit.basis != SOFT_OPT_IN


@given(
    st.builds(Case, st.just(builders.EMPTY), choices, st.none(), st.sampled_from(CHANNELS)),
    by_channel,
    soft_channels,
    rows,
)
def test_kinds_that_are_all_alike_change_nothing(
    case: Case,
    alike: dict[str, ConsentTerms],
    soft: frozenset[str],
    row: dict[str, values.Value],
) -> None:
    kinds = dict.fromkeys(KINDS, alike)
    apart = case._replace(project=company(kinds, soft))
    as_one = case._replace(project=company(kinds, soft, told_apart=False))
    known = Circumstances(row, SIMILAR)
    answers = [each.consents.why_not("marketing", case.channel, known) for each in (apart, as_one)]
    assert answers[0] == answers[1]
    one, other = (each.permit(row) for each in (apart, as_one))
    assert (one and one.basis) == (other and other.basis)


@given(cases, rows)
def test_what_is_not_known_makes_no_permit(case: Case, row: dict[str, values.Value]) -> None:
    """A permit given in doubt is one that is given however the doubt is settled."""
    if case.permit(row) is None:
        return
    settled = {
        name: [value] if value is not None else [*KINDS] if name == "kind" else [True, False]
        for name, value in row.items()
    }
    for each in product(*settled.values()):
        assert case.permit(dict(zip(settled, each, strict=True))) is not None


@given(cases, rows)
def test_an_action_that_is_like_nothing_sold_rests_on_no_sale(
    case: Case, row: dict[str, values.Value]
) -> None:
    permit = case.consents.permit("marketing", case.channel, Circumstances(row))
    assert permit is None or permit.basis != SOFT_OPT_IN


@pytest.mark.parametrize(
    ("row", "code", "unknown"),
    [
        ({"kind": None}, "kind_not_known", None),
        ({"kind": "association"}, "kind_not_known", None),
        ({"kind": "consumer"}, "no_sale", ("sold",)),
        ({"kind": "consumer", "sold": False}, "no_sale", None),
        ({"kind": "consumer", "sold": True, "offered": False}, "refusal_not_offered", None),
        ({"kind": "consumer", "sold": True, "offered": True}, "not_similar", ("similar",)),
        ({"kind": "consumer", "sold": True, "offered": True, "similar": True}, None, None),
        ({"kind": "company"}, None, None),
    ],
)
def test_the_reason_says_what_was_missing(
    row: dict[str, values.Value], code: str | None, unknown: tuple[str, ...] | None
) -> None:
    kinds = {
        "consumer": dict.fromkeys(CHANNELS, ConsentTerms("consent", False)),
        "company": dict.fromkeys(CHANNELS, ConsentTerms("legitimate interest", True)),
    }
    consents = Consents(company(kinds, frozenset({"email"})), [], None)
    reason = consents.why_not("marketing", "email", Circumstances(row, SIMILAR))
    assert (reason and reason.code) == code
    assert (reason.values.get("unknown") if reason else None) == unknown
    plain = consents.why_not("marketing", "web", Circumstances(row, SIMILAR))
    if row["kind"] == "consumer":
        assert plain is not None
        assert (plain.code, plain.values["kind"]) == ("not_consented", "consumer")


def test_preferences_tell_what_holds_and_why() -> None:
    kinds = {
        "consumer": dict.fromkeys(CHANNELS, ConsentTerms("consent", False)),
        "company": dict.fromkeys(CHANNELS, ConsentTerms("legitimate interest", True)),
    }
    consents = Consents(company(kinds, frozenset({"email"})), [], None)
    row: dict[str, values.Value] = {"kind": "consumer", "sold": True, "offered": True}
    web, email = consents.preferences(Circumstances(row))
    assert (web.allowed, web.basis, web.after_sale) == (False, "consent", False)
    assert (email.allowed, email.basis, email.after_sale) == (False, "consent", True)
    refused = consents.assuming("marketing", "email", allowed=False).preferences(Circumstances(row))
    assert (refused[1].chosen, refused[1].after_sale) == (True, False)
    firm = consents.preferences(Circumstances({"kind": "company"}))
    assert [(each.allowed, each.basis) for each in firm] == [(True, "legitimate interest")] * 2


@pytest.mark.parametrize("kind", [None, *KINDS, "association"])
@pytest.mark.parametrize(("sold", "offered"), list(product([None, True, False], repeat=2)))
def test_preferences_tell_of_a_sale_where_it_would_be_the_basis(
    kind: str | None, sold: bool | None, offered: bool | None
) -> None:
    """What the customer is shown, and what may be sent to them, rest on the same."""
    kinds = {
        "consumer": dict.fromkeys(CHANNELS, ConsentTerms("consent", False)),
        "company": dict.fromkeys(CHANNELS, ConsentTerms("legitimate interest", True)),
    }
    consents = Consents(company(kinds, frozenset({"email"})), [], None)
    row: dict[str, values.Value] = {"kind": kind, "sold": sold, "offered": offered}
    for cell in consents.preferences(Circumstances(row)):
        known = Circumstances({**row, "similar": True}, SIMILAR)
        permit = consents.permit("marketing", cell.channel, known)
        assert cell.after_sale == (permit is not None and permit.basis == SOFT_OPT_IN)


def test_a_permit_says_its_kind_and_basis() -> None:
    kinds = {
        "consumer": dict.fromkeys(CHANNELS, ConsentTerms("consent", False)),
        "company": dict.fromkeys(CHANNELS, ConsentTerms("legitimate interest", True)),
    }
    consents = Consents(company(kinds, frozenset({"email"})), [], None)
    known = Circumstances(
        {"kind": "consumer", "sold": True, "offered": True, "similar": True}, SIMILAR
    )
    permit = consents.permit("marketing", "email", known)
    assert msgspec.to_builtins(permit) == {
        "purpose": "marketing",
        "channel": "email",
        "basis": SOFT_OPT_IN,
        "kind": "consumer",
    }
