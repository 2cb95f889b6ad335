"""The worth is a real, computed in one order and never rounded before candidates are ranked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing

import duckdb
import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from tests.builders import HERE, NOON, in_words
from tests.decision import by_definition

from tuttu.content import Rendered
from tuttu.decision import Candidate, DecisionQuery, DecisionView, decide, pools_of
from tuttu.decision.ranking import Ranking
from tuttu.decision.sql import worth_sql
from tuttu.decision.worths import score_of, worths_of
from tuttu.policy import parse, quoted_name
from tuttu.vocabulary.library import Action, Lever, Policy, Treatment
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import INTEGER_MAX, INTEGER_MIN, Kind, Schema, Type, Value
from tuttu.vocabulary.verdicts import Reason, Score

pytestmark = pytest.mark.laws

Make = Callable[..., Action]
Companies = Callable[..., Project]
Treat = Callable[..., Treatment]
Alone = Callable[..., DecisionView]
Asking = Callable[..., DecisionQuery]
Render = Callable[[Candidate], Rendered]

LEAST_DIFFERENCE = 1e-12
"""Of the larger term: what a factor that is no power of two may move."""

_amounts = st.floats(min_value=1e-9, max_value=1e9)
# Products of the least numbers there are lose digits, and no law of scaling holds of them.
_figures = st.fixed_dictionaries(
    {
        "propensity": st.just(0.0) | st.floats(min_value=1e-200, max_value=1),
        "value": _amounts | st.just(0.0),
        "relevance": st.sampled_from([1.0, 0.7, 1e-3, 3.0]),
        "effort": _amounts | st.just(0.0),
        "cost": _amounts | st.just(0.0) | st.sampled_from([0.005, 0.00025, 4.0]),
    }
)
_several = st.lists(_figures, min_size=2, max_size=6)
Figures = Mapping[str, float]


def _lever(name: str, times: float, **more: object) -> Lever:
    return Lever(name=name, times=times, by="anna", why="?", where=HERE, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def offering(company: Companies, action: Make, treatment: Treat) -> Callable[..., Project]:
    """offering(figures of each action, levers): actions a0, a1, … on the surface front."""

    def make(figures: Sequence[Figures], levers: tuple[Lever, ...] = ()) -> Project:
        actions = []
        for number, each in enumerate(figures):
            parts = {name: value for name, value in each.items() if name != "cost"}
            way = treatment("front", cost=each["cost"])
            actions.append(action(f"a{number}", on=(way,), **parts))
        return company(*actions, policy=Policy(levers=levers))

    return make


@pytest.fixture(scope="module")
def seen(company: Companies, request: pytest.FixtureRequest) -> Callable[..., DecisionView]:
    """seen(project): one customer's view, of whichever project."""
    opened = request.getfixturevalue("opened")
    situated = request.getfixturevalue("situated")
    project = company()
    with opened(project) as store:
        view: DecisionView = situated(store, project)
    return lambda project, **row: msgspec.structs.replace(
        view, project=project, row={**view.row, **row}, memo=type(view.memo)()
    )


def _candidates(project: Project) -> list[Candidate]:
    return [Candidate(each, each.treatments["front"]) for each in project.actions.values()]


def _order(project: Project, view: DecisionView) -> list[str]:
    question = DecisionQuery(surfaces=("front",), fragment=b"")
    by_definition.check_rankings(view, question)
    pool, *_ = pools_of(view, question)
    return [each.action.name for each in Ranking({pool: pool.bits}, view, ())]


def _worth(candidate: Candidate, view: DecisionView) -> float:
    score = score_of(candidate, view)
    assert isinstance(score, Score)
    return score.worth


def _times(factor: float, figures: Sequence[Figures]) -> list[dict[str, float]]:
    """All amounts in another currency."""
    scaled = ("value", "effort", "cost")
    return [
        {name: each * factor if name in scaled else each for name, each in one.items()}
        for one in figures
    ]


@given(figures=_several, power=st.integers(min_value=-8, max_value=8))
def test_a_power_of_two_on_all_amounts_changes_no_order_and_no_choice(
    offering: Callable[..., Project],
    seen: Callable[..., DecisionView],
    asking: Asking,
    shown: Render,
    figures: Sequence[Figures],
    power: int,
) -> None:
    one, other = offering(figures), offering(_times(2.0**power, figures))
    assert _order(one, seen(one)) == _order(other, seen(other))
    chosen, again = (decide(seen(each), asking(), "d1", shown) for each in (one, other))
    assert [each.action for each in chosen.choices] == [each.action for each in again.choices]
    for was, now in zip(_candidates(one), _candidates(other), strict=True):
        assert _worth(was, seen(one)) * 2.0**power == _worth(now, seen(other))


@given(figures=_several, factor=st.floats(min_value=1e-3, max_value=1e3))
def test_any_other_factor_changes_the_order_only_of_what_is_all_but_equal(
    offering: Callable[..., Project],
    seen: Callable[..., DecisionView],
    figures: Sequence[Figures],
    factor: float,
) -> None:
    project, scaled = offering(figures), offering(_times(factor, figures))
    order, again = _order(project, seen(project)), _order(scaled, seen(scaled))
    view, by_name = seen(project), {each.action.name: each for each in _candidates(project)}
    terms = [
        max(each["propensity"] * each["value"] * each["relevance"], each["effort"], each["cost"])
        for each in figures
    ]
    for better in range(len(order)):
        for worse in order[better + 1 :]:
            if again.index(worse) < again.index(order[better]):
                names = (order[better], worse)
                first, second = (_worth(by_name[name], view) for name in names)
                largest = max(terms[int(name[1:])] for name in names)
                assert abs(first - second) < LEAST_DIFFERENCE * largest


@given(
    values=st.lists(st.floats(min_value=1.0, max_value=1.0001), min_size=2, max_size=8),
    twin=st.booleans(),
)
def test_only_equal_reals_are_tied_and_then_the_name_decides(
    offering: Callable[..., Project],
    seen: Callable[..., DecisionView],
    asking: Asking,
    shown: Render,
    values: list[float],
    twin: bool,
) -> None:
    values = [*values, max(values)] if twin else values
    figures = [_figures_of(value) for value in values]
    receipt = decide(seen(offering(figures)), asking(), "d1", shown)
    (choice,) = receipt.choices
    best = min(range(len(values)), key=lambda n: (-0.5 * values[n], n))
    assert choice.action == f"a{best}"
    assert choice.score.exact == 0.5 * values[best]
    for number, verdict in enumerate(receipt.verdicts):
        if verdict.refusal is not None:
            tied = 0.5 * values[number] == 0.5 * values[best]
            assert verdict.refusal.code == ("tied" if tied else "lost")


def _figures_of(value: float, **more: float) -> Figures:
    return {"propensity": 0.5, "value": value, "relevance": 1.0, "effort": 0, "cost": 0, **more}


@pytest.mark.parametrize(
    ("figures", "worth"),
    [
        ({"value": 0.00004}, 0.00002),  # it would be nothing in 1/10,000
        ({"value": 5e-324, "propensity": 1}, 5e-324),
        ({"value": 1e9, "effort": 0.00001}, 5e8 - 0.00001),
        ({"value": 0.0002, "cost": 0.00009}, 0.5 * 0.0002 - 0.00009),
        ({"value": 0.6, "effort": 0.01, "cost": 0.289}, 0.5 * 0.6 - 0.01 - 0.289),
        ({"value": 1, "propensity": 1, "effort": 1}, None),
        ({"value": -0.0}, None),
    ],
)
def test_what_is_worth_anything_at_all_is_shown(
    offering: Callable[..., Project],
    seen: Callable[..., DecisionView],
    asking: Asking,
    shown: Render,
    figures: Mapping[str, float],
    worth: float | None,
) -> None:
    project = offering([{**_figures_of(0.0), **figures}])
    receipt = decide(seen(project), asking(), "d1", shown)
    assert [each.score.exact for each in receipt.choices] == ([] if worth is None else [worth])
    if worth is None:
        assert in_words(receipt.verdicts[0].refusal) == "worth is not positive"


def test_levers_are_multiplied_first_in_the_order_of_the_file(
    offering: Callable[..., Project], seen: Callable[..., DecisionView]
) -> None:
    times = (0.1, 1.1, 1.3, 0.7, 9.9)
    levers = tuple(_lever(f"l{n}", each, issue_group="growth") for n, each in enumerate(times))
    project = offering([_figures_of(0.3)], levers)
    lever = (((0.1 * 1.1) * 1.3) * 0.7) * 9.9
    (candidate,) = _candidates(project)
    assert _worth(candidate, seen(project)) == (0.5 * 0.3) * lever
    assert (0.5 * 0.3) * lever != ((((0.5 * 0.3 * 0.1) * 1.1) * 1.3) * 0.7) * 9.9


def test_how_little_it_lost_by_is_said(
    offering: Callable[..., Project], seen: Callable[..., DecisionView], asking: Asking
) -> None:
    for more, words in ((2.0, "1.00"), (0.0024, "0.0012"), (0.00006, "0.00003")):
        project = offering([_figures_of(1.0), _figures_of(1.0 + more)])
        receipt = decide(seen(project), asking(), "d1", lambda each: Rendered(each.action.name))
        assert in_words(receipt.verdicts[0].refusal) == f"a0 lost to a1 by {words} EUR"


# In SQL

COLUMNS = {
    "p": Type(Kind.REAL),
    "margin": Type(Kind.MONEY),
    "points": Type(Kind.INTEGER),
    "weight": Type(Kind.REAL),
    "trouble": Type(Kind.MONEY),
}
SCHEMA = Schema(columns=COLUMNS)
_integers = st.integers(min_value=INTEGER_MIN, max_value=INTEGER_MAX) | st.integers(-(10**6), 10**6)
_reals = st.floats(allow_nan=False, allow_infinity=False)
_rows = st.fixed_dictionaries(
    {
        "p": st.none() | st.floats(min_value=0, max_value=1) | _reals,
        "margin": st.none() | _integers,
        "points": st.none() | _integers,
        "weight": st.none() | _reals | st.floats(min_value=-2, max_value=2),
        "trouble": st.none() | _integers,
    }
)


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect()) as connection:
        yield connection


def _in_sql(
    database: duckdb.DuckDBPyConnection, sql: str, row: Mapping[str, Value]
) -> float | None:
    types = {"p": "DOUBLE", "weight": "DOUBLE"}
    columns = ", ".join(
        f"CAST(? AS {types.get(name, 'BIGINT')}) AS {quoted_name(name)}" for name in row
    )
    now = "make_timestamp(CAST(? AS BIGINT)) AS now"
    found = database.execute(f"SELECT {sql} FROM (SELECT {columns}, {now})", [*row.values(), NOON])
    answer = found.fetchone()
    assert answer is not None
    worth: float | None = answer[0]
    return worth


@given(
    row=_rows,
    value=st.sampled_from(["margin", "points", "margin * 12", "weight * 1e300"]),
    cost=st.sampled_from([0.0, 0.00025, 4.0]),
    times=st.lists(st.sampled_from([1.3, 0.7, 0.0, 1e6]), max_size=4),
    past=st.booleans(),
)
@example(
    row={"p": 0.1, "margin": 30_000, "points": 0, "weight": 1.1, "trouble": 1_000},
    value="margin",
    cost=4.0,
    times=[],
    past=False,
)
def test_sql_computes_the_same_bits(
    company: Companies,
    action: Make,
    treatment: Treat,
    seen: Callable[..., DecisionView],
    database: duckdb.DuckDBPyConnection,
    row: Mapping[str, Value],
    value: str,
    cost: float,
    times: list[float],
    past: bool,
) -> None:
    levers = [_lever(f"l{n}", each, action="tv") for n, each in enumerate(times)]
    levers.append(_lever("ends", 3.0, owner="sales", valid_until=NOON if past else NOON + 1))
    offer = action(
        "tv",
        on=(treatment("front", cost=cost),),
        propensity=parse("p", SCHEMA),
        value=parse(value, SCHEMA),
        relevance=parse("weight", SCHEMA),
        effort=parse("trouble", SCHEMA),
    )
    project = company(offer, policy=Policy(levers=tuple(levers)))
    (candidate,) = _candidates(project)
    score = score_of(candidate, seen(project, **row))
    live = None if isinstance(score, Reason) else score.worth
    sql = worth_sql(candidate.action, candidate.treatment, levers)
    batch = _in_sql(database, sql, row)
    assert (live is None, live) == (batch is None, batch)
    if live is not None and live:
        assert math.copysign(1, live) == math.copysign(1, batch or 0.0)


@given(row=_rows)
def test_what_is_too_large_for_money_is_refused_and_never_raises(
    company: Companies, action: Make, seen: Callable[..., DecisionView], row: Mapping[str, Value]
) -> None:
    assume(all(row[name] is not None for name in ("p", "weight")))
    offer = action("tv", propensity=1.0, value=parse("weight * p", SCHEMA), relevance=1e300)
    project = company(offer)
    score = score_of(_candidates(project)[0], seen(project, **row))
    if isinstance(score, Reason):
        assert score.code in ("worth_out_of_range", "figure_unknown")
    else:
        assert math.isfinite(score.worth)


# In receipts

BEFORE = {
    "propensity": 0.5,
    "value": 200_000,
    "relevance": 1.0,
    "lever": 1.0,
    "effort": 0,
    "cost": 5_000,
    "worth": 95_000,
}
"""A score of a receipt from before the real was kept."""


def test_an_old_receipt_is_read_and_written_as_it_was() -> None:
    old = msgspec.msgpack.decode(msgspec.msgpack.encode(BEFORE), type=Score)
    assert (old.worth, old.rounded, old.exact) == (9.5, 95_000, None)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(old)) == {**BEFORE, "exact": None}


@given(worth=_reals)
def test_a_receipt_keeps_every_bit(worth: float) -> None:
    score = Score(**{**{n: BEFORE[n] for n in BEFORE if n != "worth"}, "rounded": 0}, exact=worth)  # type: ignore[arg-type]
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(score), type=Score)
    assert again.worth == worth


def test_a_worth_that_is_given_stands_for_one_that_is_not_known(
    company: Companies, action: Make, seen: Callable[..., DecisionView]
) -> None:
    project = company(action("tv", value=parse("weight", SCHEMA)), action("net", value=1.0))
    view = seen(project)
    pool, *_ = pools_of(view, DecisionQuery(surfaces=("front",), fragment=b""))
    unknown = worths_of(pool, view, pool.bits).refused
    assert [each.action.name for _, each in pool.candidates(unknown)] == ["tv"]
    score = Score(propensity=0.0, value=0, relevance=1.0, lever=1.0, effort=0, cost=0, rounded=9)
    given = msgspec.structs.replace(view, worths={("tv", "front", None): score})
    assert worths_of(pool, given, pool.bits).refused == 0
    assert _order(project, given) == ["net", "tv"]
