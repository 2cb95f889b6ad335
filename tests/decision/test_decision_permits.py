"""Permits by kind of person and after a sale: in verdicts and choices, from receipts, in the least
change, and against SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations

import duckdb
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests import builders
from tests.builders import BOOL, HERE, TEXT

from tuttu.consent import Consents
from tuttu.consent.records import ChoicesByCell, ConsentChoice
from tuttu.content import Rendered
from tuttu.counterfactual import Allowed, Change, ChangePart, ColumnSet, apply, least_change
from tuttu.decision import (
    Candidate,
    DecisionQuery,
    DecisionView,
    decide,
    explain,
    explain_again,
    pools_of,
)
from tuttu.decision.from_receipt import recalled
from tuttu.decision.groups import WideRow
from tuttu.decision.sql import permit_sql
from tuttu.decision.stages import CONSENT
from tuttu.decision.stages.consent import permit
from tuttu.policy import parse
from tuttu.vocabulary.company import (
    ANYONE,
    SOFT_OPT_IN,
    ConsentTerms,
    PersonKinds,
    Purpose,
    SoftOptIn,
)
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Condition, Schema, Value
from tuttu.vocabulary.verdicts import Receipt

KINDS = ("consumer", "company")
CHANNELS = ("web", "email")
SCHEMA = Schema(
    columns={"kind": TEXT, "sold": BOOL, "offered": BOOL, "similar": BOOL, "a_gift": BOOL}
)
CONSENTED = ConsentTerms("consent", allowed=False)
WANTED = ConsentTerms("legitimate interest", allowed=True)
Row = dict[str, Value]
ByKind = Mapping[str, Mapping[str, ConsentTerms]]
RULES = {
    "none": None,
    "is a company": "kind = 'company'",
    "has something like it": "similar",
    "was sold something": "sold",
    "gets a gift, or was sold something": "a_gift OR sold",
}

terms = st.sampled_from([CONSENTED, CONSENTED, WANTED, ConsentTerms("contract", allowed=True)])
by_kind = st.fixed_dictionaries(
    dict.fromkeys(KINDS, st.fixed_dictionaries(dict.fromkeys(CHANNELS, terms)))
)
unknown_or = st.sampled_from([None, True, True, False])
kinds_said = st.sampled_from([None, *KINDS, "association"])
PARTS_OF_A_SALE = ("sold", "offered", "similar")
rows: st.SearchStrategy[Row] = st.one_of(
    st.fixed_dictionaries({"kind": kinds_said, **dict.fromkeys(PARTS_OF_A_SALE, st.just(True))}),
    st.fixed_dictionaries({"kind": kinds_said, **dict.fromkeys(PARTS_OF_A_SALE, unknown_or)}),
)
choices: st.SearchStrategy[list[ChoicesByCell]] = st.just([]) | st.lists(
    st.dictionaries(
        st.sampled_from(["", *CHANNELS]),
        st.builds(ConsentChoice, st.booleans(), st.integers(1, 9), st.just("m1")),
    ).map(lambda cells: {"marketing": cells}),
    max_size=2,
)
rules = st.sampled_from(sorted(RULES))


def _shown(_candidate: Candidate) -> Rendered:
    return Rendered("text")


def purpose(kinds: ByKind, *, soft: bool) -> Purpose:
    strictest = {
        channel: ConsentTerms(
            min((each[channel].basis for each in kinds.values()), key=_strictness),
            all(each[channel].allowed for each in kinds.values()),
        )
        for channel in CHANNELS
    }
    resting = SoftOptIn(
        channels=frozenset({"email"}), sale=parse("sold", SCHEMA), offered=parse("offered", SCHEMA)
    )
    return Purpose(
        name="marketing",
        terms={ANYONE: strictest, **kinds},
        soft_opt_in=resting if soft else None,
        where=HERE,
    )


def _strictness(basis: str) -> int:
    return ("consent", "legitimate interest", "contract").index(basis)


@pytest.fixture
def seen(
    company: Callable[..., Project], alone: Callable[..., DecisionView]
) -> Callable[..., DecisionView]:
    """seen(kinds, said, row, soft=…, rule=…): a customer who chose so, of a company of one action
    by web and e-mail."""
    blank = alone(company(builders.action("offer", on=("front", "email"))))

    def view(
        kinds: ByKind,
        said: list[ChoicesByCell],
        row: Mapping[str, Value],
        *,
        soft: bool = True,
        rule: str = "none",
    ) -> DecisionView:
        text = RULES[rule]
        action = builders.action(
            "offer",
            on=("front", "email"),
            similar_to=parse("similar", SCHEMA),
        )
        if text is not None:
            condition = Condition(rule, parse(text, SCHEMA))
            action = msgspec.structs.replace(action, eligible=(condition,))
        project = msgspec.structs.replace(
            blank.project,
            purposes={"marketing": purpose(kinds, soft=soft)},
            kinds=PersonKinds(trait="kind", values=KINDS, read=parse("kind", SCHEMA), where=HERE),
            actions={"offer": action},
            row_schema=SCHEMA,
        )
        return msgspec.structs.replace(
            blank,
            project=project,
            consents=Consents(project, said, None),
            row=WideRow({**blank.row, **row}),
        )

    return view


Seen = Callable[..., DecisionView]
Asking = Callable[..., DecisionQuery]


def ways(view: DecisionView) -> list[Candidate]:
    action = view.project.actions["offer"]
    return [Candidate(action, each) for each in action.treatments.values()]


def as_kind(view: DecisionView, kind: Value) -> DecisionView:
    part = ColumnSet(name="kind", now=view.row.get("kind"), would_be=kind)
    return apply(view, Change((part,)))


def stored(receipt: Receipt) -> Receipt:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(receipt), type=Receipt)


@pytest.mark.laws
@given(by_kind, choices, rows, st.booleans())
@example(
    kinds={
        "consumer": dict.fromkeys(CHANNELS, CONSENTED),
        "company": dict.fromkeys(CHANNELS, WANTED),
    },
    said=[{"marketing": {"": ConsentChoice(True, 5, "m1")}}],
    row={"kind": "company"},
    soft=False,
)
def test_a_receipt_keeps_what_the_stage_read(
    seen: Seen,
    asking: Asking,
    kinds: ByKind,
    said: list[ChoicesByCell],
    row: Row,
    soft: bool,
) -> None:
    """Enough to say it again, also of another kind of person."""
    view = seen(kinds, said, row, soft=soft)
    question = asking("front", "email", seed=1)
    receipt = stored(decide(view, question, "d", lambda _: Rendered("text")))
    assert receipt.evidence is not None
    again = recalled(receipt, receipt.evidence, view.project)
    for kind in (view.row.get("kind"), None, *KINDS):
        then, now = as_kind(again, kind), as_kind(view, kind)
        for each in ways(view):
            assert CONSENT.reason(each, then) == CONSENT.reason(each, now), kind
            assert permit(each, then) == permit(each, now), kind
    told = explain(view, question, "d", lambda _: Rendered("text"))
    assert explain_again(receipt, receipt.evidence, view.project).verdicts == told.verdicts
    for choice in receipt.choices:
        found = permit(next(e for e in ways(view) if e.treatment.name == choice.treatment), view)
        assert found is not None
        assert (choice.basis, choice.kind) == (found.basis, found.kind)


@pytest.mark.laws
@given(by_kind, choices, rows, choices, rows)
def test_who_may_be_the_customer_can_refuse_and_nothing_else(
    seen: Seen,
    kinds: ByKind,
    said: list[ChoicesByCell],
    row: Row,
    others_said: list[ChoicesByCell],
    others_row: Row,
) -> None:
    """What they are or bought neither gives nor takes a permit."""
    view, shade = seen(kinds, said, row), seen(kinds, others_said, others_row)
    shaded = msgspec.structs.replace(view, shade=shade)
    for each in ways(view):
        own = CONSENT.why_not(each, view)
        choice = shade.consents.chosen("marketing", each.treatment.channel)
        refused = None if choice is None or choice.refusal is None else choice.refusal.of_others()
        assert CONSENT.why_not(each, shaded) == (refused if own is None else own)


PARTS: tuple[ChangePart, ...] = (
    Allowed(purpose="marketing", channel="email", now=False, would_be=True),
    *(ColumnSet(name="kind", now=None, would_be=kind) for kind in KINDS),
    *(
        ColumnSet(name=name, now=None, would_be=True)
        for name in ("sold", "offered", "similar", "a_gift")
    ),
)


def fewest(view: DecisionView, question: DecisionQuery) -> int | None:
    """How many of the parts turn the refusal, by trying all of them."""
    for size in range(len(PARTS) + 1):
        for parts in combinations(PARTS, size):
            named = [each.name for each in parts if isinstance(each, ColumnSet)]
            if len(set(named)) == len(named):
                after = apply(view, Change(parts))
                if decide(after, question, "d", lambda _: Rendered("text")).choices:
                    return size
    return None


@pytest.mark.laws
@given(by_kind, choices, rows, st.booleans(), rules)
def test_no_fewer_parts_turn_a_refusal_than_the_least_change_has(
    seen: Seen,
    asking: Asking,
    kinds: ByKind,
    said: list[ChoicesByCell],
    row: Row,
    soft: bool,
    rule: str,
) -> None:
    """By consent, by a sale, or as another kind of person: whichever takes the least."""
    view = seen(kinds, said, row, soft=soft, rule=rule)
    question = asking("email", seed=1)
    change = least_change(view, question, ("offer", "email", None), lambda _: _shown)
    assert change is not None
    assert len(change.parts) == fewest(view, question)
    assert decide(apply(view, change), question, "d", lambda _: Rendered("text")).choices


TWO_KINDS = {
    "consumer": dict.fromkeys(CHANNELS, CONSENTED),
    "company": dict.fromkeys(CHANNELS, WANTED),
}


def test_who_could_buy_or_consent_is_told_what_takes_less(seen: Seen, asking: Asking) -> None:
    """One purchase meets the condition and gives the permit, where consent does only the second."""
    row = {"kind": "consumer", "sold": False, "offered": True, "similar": True}
    question = asking("email", seed=1)
    view = seen(TWO_KINDS, [], row, rule="was sold something")
    change = least_change(view, question, ("offer", "email", None), lambda _: _shown)
    assert change == Change((ColumnSet(name="sold", now=False, would_be=True),))
    view = seen(TWO_KINDS, [], row)
    change = least_change(view, question, ("offer", "email", None), lambda _: _shown)
    assert change == Change(PARTS[:1])
    either = {**row, "a_gift": False}
    view = seen(TWO_KINDS, [], either, rule="gets a gift, or was sold something")
    change = least_change(view, question, ("offer", "email", None), lambda _: _shown)
    assert change == Change((ColumnSet(name="sold", now=False, would_be=True),))
    refused: list[ChoicesByCell] = [{"marketing": {"": ConsentChoice(False, 1, "m1")}}]
    view = seen(TWO_KINDS, refused, row, rule="was sold something")
    change = least_change(view, question, ("offer", "email", None), lambda _: _shown)
    assert change is not None
    assert set(map(type, change.parts)) == {Allowed, ColumnSet}


def test_a_choice_says_on_what_it_rests(seen: Seen, asking: Asking) -> None:
    row = {"kind": "consumer", "sold": True, "offered": True, "similar": True}
    receipt = decide(seen(TWO_KINDS, [], row), asking("email"), "d", lambda _: Rendered("text"))
    assert [(each.basis, each.kind) for each in receipt.choices] == [(SOFT_OPT_IN, "consumer")]
    company = decide(
        seen(TWO_KINDS, [], {"kind": "company"}), asking("email"), "d", lambda _: Rendered("text")
    )
    assert [(each.basis, each.kind) for each in company.choices] == [
        ("legitimate interest", "company")
    ]


SOLD: Row = {"kind": None, **dict.fromkeys(PARTS_OF_A_SALE, True)}


@pytest.mark.laws
@given(by_kind, choices, rows, st.booleans())
@example(kinds=TWO_KINDS, said=[], row=SOLD, soft=True)
@example(kinds=dict.fromkeys(KINDS, TWO_KINDS["consumer"]), said=[], row=SOLD, soft=True)
@example(
    kinds=dict.fromkeys(KINDS, TWO_KINDS["consumer"]),
    said=[{"marketing": {"": ConsentChoice(False, 5, "m1")}}],
    row={**SOLD, "kind": "consumer"},
    soft=True,
)
def test_sql_gives_the_same_permits(
    seen: Seen, kinds: ByKind, said: list[ChoicesByCell], row: Row, soft: bool
) -> None:
    view = seen(kinds, said, row, soft=soft)
    for each in ways(view):
        chosen = view.consents.chosen("marketing", each.treatment.channel)
        choice = "NULL" if chosen is None else str(chosen.refusal is None)
        sql = permit_sql(view.project, each.action, each.treatment, f"CAST({choice} AS BOOLEAN)")
        types = ", ".join(
            f"CAST(? AS {'VARCHAR' if name == 'kind' else 'BOOLEAN'}) AS {name}" for name in row
        )
        with duckdb.connect() as base:
            base.execute(f"CREATE TABLE customers AS SELECT {types}", [*row.values()])
            found = base.execute(f"SELECT {sql} FROM customers").fetchone()
        given_now = permit(each, view)
        assert found == (None if given_now is None else given_now.basis,)


@pytest.mark.parametrize("sold", [True, False])
@pytest.mark.parametrize("told_apart", [True, False])
def test_sql_knows_of_no_kinds_where_a_purpose_has_none(
    seen: Seen, *, sold: bool, told_apart: bool
) -> None:
    """Whether the company tells kinds of person apart elsewhere, or nowhere."""
    view = seen({"consumer": TWO_KINDS["consumer"]}, [], {**SOLD, "sold": sold})
    declared = view.project.purposes["marketing"]
    plain = msgspec.structs.replace(declared, terms={ANYONE: declared.terms[ANYONE]})
    project = msgspec.structs.replace(view.project, purposes={"marketing": plain})
    if not told_apart:
        project = msgspec.structs.replace(project, kinds=None)
    email = next(each for each in ways(view) if each.treatment.channel == "email")
    sql = permit_sql(project, email.action, email.treatment, "CAST(NULL AS BOOLEAN)")
    with duckdb.connect() as base:
        found = base.execute(
            f"SELECT {sql} FROM (SELECT NULL AS kind, {sold} AS sold, TRUE AS offered, "
            "TRUE AS similar)"
        ).fetchone()
    assert found == (SOFT_OPT_IN if sold else None,)


@pytest.mark.parametrize(("allowed", "given"), [(True, [["marketing", "email"]]), (False, None)])
def test_a_receipt_says_whose_own_choice_it_was_where_it_was_a_yes(
    seen: Seen, *, allowed: bool, given: list[list[str]] | None
) -> None:
    chosen: list[ChoicesByCell] = [{"marketing": {"email": ConsentChoice(allowed, 1, "m1")}}]
    view = seen(TWO_KINDS, chosen, {"kind": "consumer"})
    assert CONSENT.keeps is not None
    pools = pools_of(view, DecisionQuery(surfaces=("email",), fragment=b"m" * 16))
    assert CONSENT.keeps(view, pools).get("consents_given") == given
