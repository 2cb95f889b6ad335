"""Small companies over a real store, decided about as the engine does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import pytest
from tests import builders
from tests.builders import HERE, NOON, TEXT

from tuttu import consent, identity, ledger, profile
from tuttu.content import Rendered
from tuttu.decision import Candidate, DecisionQuery, DecisionView, decide
from tuttu.policy import CompiledExpression
from tuttu.storage import Store
from tuttu.vocabulary.company import OWED_SKIPS, Company, CustomerGroup, Profile, Resource, Tracking
from tuttu.vocabulary.events import PreferenceSet
from tuttu.vocabulary.facts import Result
from tuttu.vocabulary.library import Action, Guard, Policy, Treatment
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Schema, Value
from tuttu.vocabulary.verdicts import Receipt


@pytest.fixture(scope="session")
def column() -> Callable[..., CompiledExpression]:
    return builders.column


@pytest.fixture(scope="session")
def noon() -> int:
    return NOON


@pytest.fixture(scope="session")
def treatment() -> Callable[..., Treatment]:
    return builders.treatment


@pytest.fixture(scope="session")
def action() -> Callable[..., Action]:
    return builders.action


@pytest.fixture(scope="session")
def guard() -> Callable[..., Guard]:
    return builders.guard


@pytest.fixture(scope="session")
def company() -> Callable[..., Project]:
    """company(action, …, policy=…, resources={"vouchers": 1}).

    Surfaces: front (web, one slot, a default), side (web, two slots), app (two slots, one of an
    issue group; of owed actions at most `bound`), email (outbound). Marketing by e-mail is out
    unless chosen. Notices are owed; units of resources are `kept` for them. Households.
    """

    def make(
        *actions: Action,
        policy: Policy = Policy(),  # noqa: B008 - frozen
        resources: Mapping[str, int] | None = None,
        kept: Mapping[str, int] | None = None,
        bound: int | None = None,
    ) -> Project:
        allowed = {"web": True, "app": True, "email": True}
        skips = frozenset({"contact_limits", "suppressions", "controls"})
        return builders.project(
            digest="1",
            company=Company(name="shop", zone="Europe/Helsinki"),
            namespaces=builders.namespaces(user_id={"unique": True}),
            tracking=Tracking(
                outcomes={"Seen": "viewed", "Clicked": "clicked", "Said No": "declined"}
            ),
            profile=Profile(
                traits={"home": builders.trait("home", TEXT, written=True)},
                groups={"household": CustomerGroup(name="household", key="home", where=HERE)},
            ),
            purposes=[
                builders.purpose("marketing", "consent", allowed | {"email": False}),
                builders.purpose("service", "contract", allowed, skips=skips),
                builders.purpose(
                    "notices", "legal obligation", allowed, owed=True, skips=OWED_SKIPS
                ),
            ],
            channels=builders.channels(web=False, app=False, email=True),
            surfaces=[
                builders.surface("front", "web", default="welcome"),
                builders.surface("side", "web", slots=2),
                builders.surface("app", "app", slots=2, variety=1, owed=bound),
                builders.surface("email", "email", outbound=True),
            ],
            resources=[
                Resource(name=name, amount=amount, owed=(kept or {}).get(name, 0), where=HERE)
                for name, amount in (resources or {}).items()
            ],
            policy=policy,
            actions=list(actions),
            row_schema=Schema(columns={"home": TEXT}),
            event_schema=Schema(columns={"event": TEXT}),
        )

    return make


@pytest.fixture(scope="session")
def opened() -> Callable[[Project], AbstractContextManager[Store]]:
    """opened(project): a new store with the folds that a decision reads."""
    return lambda project: builders.opened(project, identity, consent, profile, ledger)


@pytest.fixture(scope="session")
def situated() -> Callable[..., DecisionView]:
    """situated(store, project, now, who="maija", **context)."""

    def read(
        store: Store, project: Project, now: int = NOON, *, who: str = "maija", **context: Value
    ) -> DecisionView:
        with store.read() as snapshot:
            return builders.view(snapshot, project, now, who=who, **context)

    return read


@pytest.fixture
def alone(
    opened: Callable[[Project], AbstractContextManager[Store]],
    situated: Callable[..., DecisionView],
) -> Callable[..., DecisionView]:
    """alone(project, now=…, **context): Maija, of whom nothing is known but the context."""

    def read(project: Project, now: int = NOON, **context: Value) -> DecisionView:
        with opened(project) as store:
            return situated(store, project, now, **context)

    return read


@pytest.fixture(scope="session")
def asking() -> Callable[..., DecisionQuery]:
    """asking("front", …, seed=…, slots=…), with Maija's fragment unless another is given."""

    def make(*surfaces: str, fragment: bytes = b"m" * 16, **more: object) -> DecisionQuery:
        return DecisionQuery(surfaces=surfaces or ("front",), fragment=fragment, **more)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def shown() -> Callable[[Candidate], Rendered]:
    """Renders the action's name."""
    return lambda each: Rendered(f"{each.action.name} on {each.treatment.name}")


@pytest.fixture(scope="session")
def kept(
    shown: Callable[[Candidate], Rendered],
) -> Callable[..., tuple[Receipt, Result]]:
    """kept(store, project, id, now, *surfaces, who=…, **context): one decision, committed."""

    def commit(
        store: Store,
        project: Project,
        decision_id: str,
        now: int,
        *surfaces: str,
        who: str = "maija",
        **context: Value,
    ) -> tuple[Receipt, Result]:
        fragment = store.pseudonym("user_id", who)
        question = DecisionQuery(surfaces=surfaces or ("front",), fragment=fragment)
        with store.read() as snapshot:
            seen = builders.view(snapshot, project, now, who=who, **context)
            receipt = decide(seen, question, decision_id, shown)
            reads = snapshot.reads
        fact = builders.fact(store, receipt)
        return receipt, builders.try_commit(store, fact, reads=reads)[0]

    return commit


@pytest.fixture(scope="session")
def told() -> Callable[..., None]:
    """told(store, name, time, who=…, traits=…, **properties): commits one event."""

    def commit(
        store: Store,
        name: str,
        time: int,
        *,
        traits: Mapping[str, object] | None = None,
        **more: Any,
    ) -> None:
        call = "identify" if traits else "track"
        event = builders.event(name, time, call=call, traits=traits, **more)
        builders.commit(store, builders.fact(store, event))

    return commit


@pytest.fixture(scope="session")
def preferred() -> Callable[..., None]:
    """preferred(store, time, purpose, channel, allowed): Maija's own choice."""

    def commit(store: Store, time: int, purpose: str, channel: str, allowed: bool) -> None:
        choice = PreferenceSet(purpose=purpose, channel=channel, allowed=allowed, by="maija")
        builders.commit(store, builders.fact(store, choice, time, id=f"choice {time}", who="maija"))

    return commit
