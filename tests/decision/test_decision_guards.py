"""What stands in where a guard blocked, when guards have cooled down, and what receipts keep of a
group."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from tests import builders
from tests.builders import HERE, INTEGER, TEXT

from tuttu.decision import Candidate, DecisionQuery, DecisionView, pools_of
from tuttu.decision.groups import GroupView, WideRow
from tuttu.decision.stages import GUARDS
from tuttu.decision.stages.guards import Substitute, cooled, substitutes
from tuttu.policy import parse_condition
from tuttu.vocabulary.company import Collection, Profile
from tuttu.vocabulary.library import Guard, Policy
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import HOUR, Schema

FIELDS = {"id": TEXT, "kwh": INTEGER, "product": TEXT}
ROW = Schema(columns={"home": TEXT, "segment": TEXT}, collections={"contracts": FIELDS})
CONTRACTS = Collection(name="contracts", key="id", events=frozenset(), fields=FIELDS, where=HERE)

Alone = Callable[..., DecisionView]
Company = Callable[..., Project]


def _item(view: DecisionView, name: str, item: str | None = None) -> Candidate:
    action = view.project.actions[name]
    (treatment,) = action.treatments.values()
    return Candidate(action, treatment, item)


@pytest.mark.parametrize(
    ("guarded", "about", "expected"),
    [
        ("contracts", "contracts", "c1"),
        ("contracts", None, None),
        (None, "contracts", None),
        (None, None, None),
    ],
)
def test_a_substitute_is_for_the_item_where_both_are_about_such(
    company: Company, alone: Alone, guarded: str | None, about: str | None, expected: str | None
) -> None:
    """guarded: what the guard is about; about: the substitute."""
    held = builders.guard("disputed", when="blocked", about=guarded, instead="help")
    project = msgspec.structs.replace(
        company(
            builders.action("offer", about="contracts"),
            builders.action("help", about=about, purpose="service"),
            policy=Policy(guards=(held,)),
        ),
        profile=Profile(collections={"contracts": CONTRACTS}),
    )
    view = alone(project, blocked=True, contracts=[{"id": "c1"}])
    found = substitutes([_item(view, "offer", "c1")], view)
    assert found == {"front": [Substitute("help", expected)]}


def test_guards_that_never_began_to_cool_have_not_cooled_down(
    company: Company, alone: Alone, noon: int
) -> None:
    guards = (
        builders.guard("case", when="blocked", after="solved", cooling=HOUR),
        builders.guard("visit", when="blocked", after="visited", cooling=HOUR, inclusive=True),
        builders.guard("call", when="blocked", after="called", cooling=HOUR),
        builders.guard("ban", when="blocked"),
        builders.guard("others", when="blocked", after="solved", blocks="service"),
    )
    project = company(builders.action("tv"), policy=Policy(guards=guards))
    view = alone(project, blocked=False, solved=noon, visited=noon)
    assert list(cooled(_item(view, "tv"), view)) == [noon + HOUR, noon + HOUR + 1]


def test_of_a_group_the_receipt_keeps_what_guards_read_and_no_more(
    company: Company, alone: Alone
) -> None:
    """Of the items of a collection the fields that are read, of all else the value; nothing of a
    group in which the customer is alone."""

    def guard(name: str, text: str, group: str) -> Guard:
        when = parse_condition(text, ROW)
        return msgspec.structs.replace(builders.guard(name), group=group, when=when)

    guards = (
        guard("much", "any(contracts, kwh > 3) AND segment = 'a'", "household"),
        guard("alone", "home = 'x'", "street"),
    )
    items = [{"id": "c1", "kwh": 5, "product": "sun"}, {"id": "c2"}]
    row = WideRow({"contracts": items, "segment": "a", "home": "x"})
    groups = {"household": GroupView(members=2, row=row), "street": GroupView(members=1)}
    project = company(builders.action("tv"), policy=Policy(guards=guards))
    view = msgspec.structs.replace(alone(company(builders.action("tv"))), groups=groups)
    view = msgspec.structs.replace(view, project=project)
    assert GUARDS.keeps is not None
    question = DecisionQuery(surfaces=("front",), fragment=b"m" * 16)
    ((_, kept),) = GUARDS.keeps(view, pools_of(view, question)).items()
    read = {"contracts": [{"kwh": 5}, {"kwh": None}], "segment": "a"}
    assert kept == {"household": {"members": 2, "row": read}}
