"""Laws of vetoes: no evidence takes one away, and no limit decides over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.laws.saying import COMPANY
from tests.sharing.company import Company, changed

from tuttu import engine as use
from tuttu import identity
from tuttu.api import ExplainRequest
from tuttu.engine import load_project
from tuttu.vocabulary.events import Identifier
from tuttu.vocabulary.project import Project

pytestmark = pytest.mark.laws

Emptied = Callable[[Project], AbstractContextManager[Company]]
Vetoes = Mapping[Identifier, frozenset[tuple[str, str, str]]]

VETO_STAGES = ("guards", "consent", "suppressions", "contact_limits")
SURFACES = ["front", "desk", "email", "call"]
VALUES = {
    "user_id": ["u1", "u2", "u3"],
    "email": ["m@x.fi", "k@x.fi"],
    "phone": ["+358401234567"],
    "anonymous_id": ["b1", "b2", "b3"],
}
NAMES = [Identifier(kind, value) for kind, values in VALUES.items() for value in values]


def company(folder: Path, limit: int, partners: int = 500) -> Project:
    """Identifiers of some people: crowds beyond the limit."""
    shared = {"limit": limit, "partners": partners}
    namespaces: dict[str, Any] = {
        "crm_id": {"unique": True},
        "user_id": {"unique": True},
        "email": {"apart": True, **shared},
        "phone": {**shared},
        "anonymous_id": {**shared},
    }
    changes: dict[str, dict[str, Any]] = {
        "identity": {"namespaces": namespaces},
        "policy": {
            "contact_limits": {"one a week": {"purpose": "marketing", "at_most": 1, "in": "7d"}}
        },
    }
    return load_project(changed(folder, changes, of=COMPANY))


@pytest.fixture(scope="module")
def limits(tmp_path_factory: pytest.TempPathFactory) -> list[Project]:
    """The same company, in which all that people share is a crowd, and in which nothing is."""
    root = tmp_path_factory.mktemp("limits")
    return [company(root / str(limit), limit) for limit in (1, 5)]


@pytest.fixture(scope="module")
def small_crowds(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return company(tmp_path_factory.mktemp("crowds") / "company", limit=2, partners=3)


class Fact(msgspec.Struct, frozen=True):
    """What is said, and of whom."""

    who: tuple[Identifier, ...]
    event: str = "Report Viewed"
    properties: Mapping[str, Any] = {}


WITHDRAWN = ("Consent Withdrawn", {"purpose": "marketing"})
GIVEN = ("Consent Given", {"purpose": "marketing"})
NO_CALLS = ("Consent Withdrawn", {"purpose": "marketing", "channel": "call"})
DECLINED = ("Sales Call Made", {"offer": "shoes", "result": "no thanks"})


@st.composite
def facts(draw: st.DrawFn) -> list[Fact]:
    """Evidence, and what vetoes are made of. What somebody else says does not undo it: nobody's
    case is closed, and no call ends well."""
    evidence = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)
    said = st.sampled_from([WITHDRAWN, GIVEN, NO_CALLS, DECLINED, ("Ticket Opened", {})])
    found = []
    for number in range(draw(st.integers(2, 9))):
        who = tuple(sorted(draw(evidence), key=NAMES.index))
        event, properties = draw(st.just(("Report Viewed", {})) | said)
        if event == "Ticket Opened":
            properties = {"ticket_id": f"T{number}", "status": "open"}
        found.append(Fact(who, event, properties))
    return found


def tell(shop: Company, said: Sequence[Fact]) -> None:
    for each in said:
        who = {name.namespace: name.value for name in reversed(each.who)}
        shop.say(each.event, dict(each.properties), **who)


def named(said: Sequence[Fact]) -> set[Identifier]:
    return {name for each in said for name in each.who}


def vetoes(shop: Company, names: set[Identifier]) -> Vetoes:
    """Of each identifier: which action by which treatment is refused at which stage, whoever it
    comes from."""
    return {name: vetoes_with(shop, [name])[1] for name in names}


def vetoes_with(
    shop: Company, names: Iterable[Identifier]
) -> tuple[str, frozenset[tuple[str, str, str]]]:
    """Whom the question is decided for, and what it refuses; asked with all of the names."""
    who = {name.namespace: name.value for name in names}
    request = ExplainRequest(who=who, surfaces=SURFACES, changes=False)
    answer = use.explain(shop.engine, request, "law")
    refused: set[tuple[str, str, str]] = set()
    for each in answer.refused:
        stages = [each.stage, *(why.stage for why in each.also)]
        way = (each.action, each.treatment)
        refused.update((*way, stage) for stage in stages if stage in VETO_STAGES)
    return answer.customer, frozenset(refused)


def people(shop: Company, names: set[Identifier]) -> dict[Identifier, frozenset[Identifier]]:
    project = shop.engine.project
    with shop.engine.store.read() as snapshot:
        return {
            name: frozenset(identity.resolve(snapshot, project, name).identifiers) for name in names
        }


@given(facts())
def test_no_limit_decides_over_vetoes(
    emptied: Emptied, limits: list[Project], said: list[Fact]
) -> None:
    found = []
    for project in limits:
        with emptied(project) as shop:
            tell(shop, said)
            found.append(vetoes(shop, named(said)))
    assert found[0] == found[1]


@settings(suppress_health_check=[*settings().suppress_health_check, HealthCheck.filter_too_much])
@given(facts(), st.data())
def test_what_only_parts_people_takes_away_no_veto(
    emptied: Emptied, small_crowds: Project, said: list[Fact], data: st.DataObject
) -> None:
    """An event that makes an identifier that somebody has shared, or a crowd, and joins nobody to
    anybody, not to somebody new either: who gets a login of another is told apart by it."""
    names = named(said)
    has = sorted(names - {name for name in NAMES if name.namespace == "user_id"})
    assume(has)
    one_more = data.draw(st.sampled_from([name for name in NAMES if name.namespace != "phone"]))
    more = Fact(tuple(sorted({one_more, data.draw(st.sampled_from(has))}, key=NAMES.index)))
    with emptied(small_crowds) as shop:
        tell(shop, said)
        before, one = vetoes(shop, names), people(shop, names)
        tell(shop, [more])
        after = people(shop, names)
        parted = [name for name in names if after[name] < one[name]]
        assume(all(after[name] <= one[name] for name in names) and parted)
        left = vetoes(shop, names)
    for name in sorted(names):
        assert before[name] <= left[name], (
            name,
            more.who,
            [(*each.who, each.event) for each in said],
        )


@given(facts(), st.data())
def test_one_more_identifier_in_the_question_takes_away_no_veto(
    emptied: Emptied, small_crowds: Project, said: list[Fact], data: st.DataObject
) -> None:
    """One that nobody knows never does, and any other only if it names somebody else: then it is
    their question."""
    known = sorted(named(said), key=NAMES.index)
    asked = data.draw(
        st.lists(st.sampled_from(known), min_size=1, unique_by=lambda each: each.namespace)
    )
    free = [each for each in NAMES if each.namespace not in {name.namespace for name in asked}]
    more = data.draw(st.sampled_from([Identifier("crm_id", "new"), *free]))
    with emptied(small_crowds) as shop:
        tell(shop, said)
        before, after = vetoes_with(shop, asked), vetoes_with(shop, [*asked, more])
    if more not in known or before[0] == after[0]:
        assert before[1] <= after[1], (asked, more, [(*each.who, each.event) for each in said])
