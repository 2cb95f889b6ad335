"""What each stage says that it reads, on which the funnel and receipts rest; whom a channel
reaches, and what is free."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests import builders
from tests.builders import BOOL, HERE, TEXT
from tests.laws.memory import Memory

from tuttu.content import Rendered
from tuttu.decision import Candidate, DecisionQuery, DecisionView, Stage, decide
from tuttu.decision.groups import GroupView
from tuttu.decision.stage import ALWAYS, CHOICES, CONTACTS, StageReads
from tuttu.decision.stages import CONSENT, CONTACT_LIMITS, REACHABLE, RESOURCES
from tuttu.decision.stages.eligibility import ELIGIBILITY
from tuttu.decision.view import ViewMemo
from tuttu.policy import parse
from tuttu.vocabulary.company import (
    ANYONE,
    Channel,
    ConsentTerms,
    Needs,
    PersonKinds,
    Purpose,
    SoftOptIn,
)
from tuttu.vocabulary.library import Action, ContactLimit, Policy
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import DAY, Expression, Schema

SCHEMA = Schema(
    columns={
        "kind": TEXT,
        "street": TEXT,
        "city": TEXT,
        "sold": BOOL,
        "offered": BOOL,
        "alike": BOOL,
    }
)
ASKED = ConsentTerms("consent", allowed=False)
GIVEN = ConsentTerms("legitimate interest", allowed=True)


def _reads(stage: Stage, project: Project, action: Action) -> StageReads:
    (treatment,) = action.treatments.values()
    return stage.reads(action, treatment, project)


@pytest.mark.parametrize(("uses", "roots"), [({"vouchers": 1}, (ALWAYS,)), ({}, ())])
def test_of_resources_only_what_uses_some_is_asked(
    company: Callable[..., Project], uses: dict[str, int], roots: tuple[str, ...]
) -> None:
    action = builders.action("tv", on=(builders.treatment("front", uses=uses),))
    project = company(action, resources={"vouchers": 1})
    assert _reads(RESOURCES, project, action) == StageReads(roots=roots)


@pytest.mark.parametrize(
    ("limited", "purpose", "roots"),
    [
        (True, "marketing", (CONTACTS,)),
        (True, "service", ()),
        (False, "marketing", ()),
        (False, "service", ()),
    ],
)
def test_of_limits_contacts_are_asked_where_there_are_some_that_hold(
    company: Callable[..., Project], purpose: str, roots: tuple[str, ...], *, limited: bool
) -> None:
    action = builders.action("tv", purpose=purpose)
    limits = (ContactLimit(name="one", at_most=1, window=DAY, where=HERE),) if limited else ()
    project = company(action, policy=Policy(contact_limits=limits))
    assert _reads(CONTACT_LIMITS, project, action) == StageReads(roots=roots)


@pytest.mark.parametrize(
    ("more", "roots"),
    [
        ({}, ()),
        ({"valid_from": 1}, (ALWAYS,)),
        ({"valid_until": 1}, (ALWAYS,)),
        ({"valid_until": 1, "about": "contracts"}, (ALWAYS,)),
        ({"about": "contracts"}, ("contracts",)),
    ],
)
def test_of_eligibility_time_is_asked_or_the_items_that_it_is_about(
    company: Callable[..., Project], more: dict[str, Any], roots: tuple[str, ...]
) -> None:
    action = builders.action("tv", **more)
    assert _reads(ELIGIBILITY, company(action), action) == StageReads(roots=roots)


def _by_kind(company: ConsentTerms, soft: frozenset[str]) -> Purpose:
    sale = SoftOptIn(channels=soft, sale=parse("sold", SCHEMA), offered=parse("offered", SCHEMA))
    terms = {ANYONE: {"web": ASKED}, "consumer": {"web": ASKED}, "company": {"web": company}}
    return Purpose(name="marketing", terms=terms, soft_opt_in=sale if soft else None, where=HERE)


KIND = ("kind of person", "kind")
SALE = (
    ("marketing, soft opt-in: sale", "sold"),
    ("marketing, soft opt-in: offered", "offered"),
    ("tv, similar to a sale", "alike"),
)


@pytest.mark.parametrize(
    ("company_terms", "soft", "similar", "kinds", "expected"),
    [
        (GIVEN, (), None, True, (KIND,)),
        (ASKED, (), None, True, ()),
        (GIVEN, (), None, False, ()),
        (ASKED, ("web",), "alike", True, SALE),
        (ASKED, ("web",), None, True, ()),
        (ASKED, ("email",), "alike", True, ()),
        (GIVEN, ("web",), "alike", True, (KIND, *SALE)),
    ],
)
def test_of_consent_the_kind_is_asked_where_terms_differ_and_the_sale_where_one_is_enough(
    company: Callable[..., Project],
    company_terms: ConsentTerms,
    soft: tuple[str, ...],
    similar: str | None,
    expected: tuple[tuple[str, str], ...],
    *,
    kinds: bool,
) -> None:
    action = builders.action("tv", similar_to=None if similar is None else parse(similar, SCHEMA))
    values, read = ("consumer", "company"), parse("kind", SCHEMA)
    project = msgspec.structs.replace(
        company(action),
        purposes={"marketing": _by_kind(company_terms, frozenset(soft))},
        kinds=PersonKinds(trait="kind", values=values, read=read, where=HERE) if kinds else None,
    )
    found = _reads(CONSENT, project, action)
    assert found.roots == (CHOICES + "marketing",)
    assert tuple((each.name, each.expression.text) for each in found.expressions) == expected


def test_of_a_purpose_that_nobody_declares_only_choices_are_asked(
    company: Callable[..., Project],
) -> None:
    action = builders.action("tv", purpose="other")
    found = _reads(CONSENT, company(action), action)
    assert found == StageReads(roots=(CHOICES + "other",))


@pytest.fixture
def by_letter(company: Callable[..., Project]) -> Callable[[Expression | None], Project]:
    """by_letter(reachable): a company of one action, by a channel that needs an address if so."""

    def make(reachable: Expression | None) -> Project:
        needs = None if reachable is None else Needs(traits=("street", "city"))
        channel = Channel(name="email", outbound=True, needs=needs, reachable=reachable, where=HERE)
        project = company(builders.action("tv", on=("email",)))
        return msgspec.structs.replace(project, channels={**project.channels, "email": channel})

    return make


ADDRESS = parse("street IS NOT NULL AND city IS NOT NULL", SCHEMA)


def test_a_channel_reaches_those_who_have_what_it_needs(
    by_letter: Callable[[Expression | None], Project], alone: Callable[..., DecisionView]
) -> None:
    def told(project: Project, **row: str) -> object:
        action = project.actions["tv"]
        (treatment,) = action.treatments.values()
        found = REACHABLE.why_not(Candidate(action, treatment), alone(project, **row))
        return None if found is None else (found.code, found.values["unknown"])

    assert told(by_letter(ADDRESS), street="Kuja 1", city="Oulu") is None
    assert told(by_letter(ADDRESS), city="Oulu") == ("address_not_known", ("street",))
    assert told(by_letter(ADDRESS), street=" ") == ("address_not_known", ("street", "city"))
    assert told(by_letter(None)) is None


def test_of_reach_only_what_the_channel_needs_is_asked(
    by_letter: Callable[[Expression | None], Project],
) -> None:
    (action,) = by_letter(ADDRESS).actions.values()
    (found,) = _reads(REACHABLE, by_letter(ADDRESS), action).expressions
    assert (found.name, found.expression) == ("reachable by email", ADDRESS)
    assert _reads(REACHABLE, by_letter(None), action) == StageReads()


@pytest.mark.parametrize(
    ("free", "closed", "code", "shown"),
    [
        ({}, {}, "none_left", {}),
        ({"vouchers": 0}, {"vouchers": 2}, "none_left", {}),
        ({"vouchers": 2}, {"vouchers": 2}, "none_left", {}),
        ({"vouchers": 3}, {"vouchers": 2}, "too_few_left", {"free": 1, "needed": 2}),
        ({"vouchers": 4}, {"vouchers": 2}, None, {}),
    ],
)
def test_an_offer_finds_what_is_free_and_not_closed_to_it(
    company: Callable[..., Project],
    alone: Callable[..., DecisionView],
    free: dict[str, int],
    closed: dict[str, int],
    code: str | None,
    shown: dict[str, int],
) -> None:
    way = builders.treatment("front", uses={"vouchers": 2})
    project = company(builders.action("tv", on=(way,)), resources={"vouchers": 4})
    view = msgspec.structs.replace(alone(project), free=free, closed=closed)
    found = RESOURCES.why_not(Candidate(project.actions["tv"], way), view)
    assert (None if found is None else found.code) == code
    assert found is None or found.values == {"resource": "vouchers", **shown}


@pytest.mark.parametrize(("cost", "kept"), [(0.0, 0), (0.25, 2500)])
def test_a_contact_keeps_what_it_costs(
    company: Callable[..., Project], alone: Callable[..., DecisionView], cost: float, kept: int
) -> None:
    way = builders.treatment("front", cost=cost)
    view = alone(company(builders.action("tv", on=(way,))))
    question = DecisionQuery(surfaces=("front",), fragment=b"m" * 16)
    (contact,) = decide(view, question, "d1", lambda _: Rendered("text")).contacts
    assert contact.cost == kept


@pytest.mark.parametrize(
    ("purpose", "closed"), [("marketing", 3), ("notices", 1), ("notices", 0)], ids=str
)
def test_what_is_owed_takes_of_what_is_closed_to_offers_and_an_offer_does_not(
    company: Callable[..., Project],
    alone: Callable[..., DecisionView],
    purpose: str,
    closed: int,
) -> None:
    way = builders.treatment("front", uses={"vouchers": 2 if closed else 5})
    action = builders.action("tv", on=(way,), purpose=purpose)
    view = alone(company(action, resources={"vouchers": 9}, kept={"vouchers": 3}))
    assert (view.free, view.closed) == ({"vouchers": 9}, {"vouchers": 3})
    contact = builders.contact(
        Memory(), view.project, "d1.1", view.now, "tv", way.name, uses=way.uses
    )
    after = view.after(contact)
    assert after.free == {"vouchers": 9 - way.uses["vouchers"]}
    assert after.closed == {"vouchers": closed}


def test_groups_of_more_members_than_are_read_are_named(
    company: Callable[..., Project], alone: Callable[..., DecisionView]
) -> None:
    sizes = {"a": None, "b": 2, "c": None}
    groups = {name: GroupView(members=members) for name, members in sizes.items()}
    view = msgspec.structs.replace(
        alone(company(builders.action("tv"))), groups=groups, memo=ViewMemo()
    )
    assert view.too_many == ("a", "c")
    assert view.too_many == ("a", "c")
