"""Small companies over a real store, decided about as the engine does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import msgspec
import pytest

from tuttu import consent, identity, ledger, profile
from tuttu.decision import Candidate, Question, Situation, decide, situation
from tuttu.policy import CompiledExpression, parse, quoted_name
from tuttu.storage import Store, open_store
from tuttu.vocabulary.company import (
    Channel,
    Company,
    Group,
    Namespace,
    Profile,
    Purpose,
    Resource,
    Surface,
    Tracking,
    Trait,
)
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.events import Event, Identifier, PreferenceSet
from tuttu.vocabulary.facts import Committed, Fact, Result, Unit
from tuttu.vocabulary.library import Action, Guard, Policy, Treatment
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Condition, Kind, Schema, Type, Value
from tuttu.vocabulary.verdicts import Receipt

HERE = Where("actions/sales/offers.yaml", 1)
TEXT = Type(Kind.TEXT)
NOON = 1_772_704_800_000_000
"""2026-03-05T10:00:00Z, twelve o'clock in Helsinki."""


def _column(name: str, kind: Kind) -> CompiledExpression:
    return parse(quoted_name(name), Schema(columns={name: Type(kind)}))


def _constant(value: float) -> CompiledExpression:
    return parse(repr(value), Schema())


@pytest.fixture(scope="session")
def column() -> Callable[..., CompiledExpression]:
    """column("has_tv") is the expression that yields that column; Kind.BOOL unless told."""
    return lambda name, kind=Kind.BOOL: _column(name, kind)


@pytest.fixture(scope="session")
def noon() -> int:
    return NOON


@pytest.fixture(scope="session")
def treatment() -> Callable[..., Treatment]:
    """treatment("front", …): on a declared surface, named like it."""

    def make(surface: str, name: str | None = None, **more: object) -> Treatment:
        channel = {"front": "web", "side": "web"}.get(surface, surface)
        parts = {
            "name": name or surface,
            "surface": surface,
            "channel": channel,
            "message": "hello",
            "where": HERE,
        }
        return Treatment(**(parts | more))  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def action(treatment: Callable[..., Treatment]) -> Callable[..., Action]:
    """action("tv", value=10.0, on=("front",), …): live marketing, propensity one half.

    Numbers stand for formulas; eligible, applicable and suitable are names of columns.
    """

    def make(name: str, *, on: tuple[str | Treatment, ...] = ("front",), **more: object) -> Action:
        treatments = [each if isinstance(each, Treatment) else treatment(each) for each in on]
        parts: dict[str, object] = {
            "name": name,
            "owner": "sales",
            "issue_group": "growth",
            "status": "live",
            "purpose": "marketing",
            "value": 10.0,
            "propensity": 0.5,
            "treatments": {each.name: each for each in treatments},
            "where": HERE,
        }
        parts |= more
        for block in ("eligible", "applicable", "suitable"):
            names = parts.get(block, ())
            assert isinstance(names, tuple)
            parts[block] = tuple(Condition(f"{n} holds", _column(n, Kind.BOOL)) for n in names)
        for formula in ("value", "relevance", "effort", "propensity"):
            given = parts.get(formula)
            parts[formula] = _constant(given) if isinstance(given, int | float) else given
        return Action(**parts)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def guard() -> Callable[..., Guard]:
    """guard("open case", when="has_case", after="solved_at", cooling=…): columns by name."""

    def make(name: str, when: str = "blocked", after: str | None = None, **more: object) -> Guard:
        parts = {
            "name": name,
            "when": _column(when, Kind.BOOL),
            "after": _column(after, Kind.TIMESTAMP) if after else None,
            "blocks": "marketing",
            "where": HERE,
        }
        return Guard(**(parts | more))  # type: ignore[arg-type]

    return make


def _surface(name: str, channel: str, slots: int = 1, *, outbound: bool = False) -> Surface:
    default = "welcome" if name == "front" else None
    variety = 1 if name == "app" else None
    return Surface(
        name=name,
        channel=channel,
        slots=slots,
        default=default,
        outbound=outbound,
        variety=variety,
        where=HERE,
    )


def _purposes(channels: Mapping[str, Channel]) -> dict[str, Purpose]:
    allowed = dict.fromkeys(channels, True)
    return {
        "marketing": Purpose(
            name="marketing", basis="consent", default=allowed | {"email": False}, where=HERE
        ),
        "service": Purpose(
            name="service",
            basis="contract",
            default=allowed,
            skips=frozenset({"contact_limits", "suppressions", "controls"}),
            where=HERE,
        ),
    }


@pytest.fixture(scope="session")
def company() -> Callable[..., Project]:
    """company(action, …, policy=…, resources={"vouchers": 1}).

    Surfaces: front (web, one slot, a default), side (web, two slots), app (two slots, one of an
    issue group), email (outbound). Marketing by e-mail is out unless chosen. Households.
    """

    def make(
        *actions: Action,
        policy: Policy = Policy(),  # noqa: B008 - frozen
        resources: Mapping[str, int] | None = None,
    ) -> Project:
        outbound = {"web": False, "app": False, "email": True}
        channels = {n: Channel(name=n, outbound=o, where=HERE) for n, o in outbound.items()}
        surfaces = [
            _surface("front", "web"),
            _surface("side", "web", 2),
            _surface("app", "app", 2),
            _surface("email", "email", outbound=True),
        ]
        home = Trait(name="home", type=TEXT, written=True, where=HERE)
        declared = {n: Resource(name=n, amount=a, where=HERE) for n, a in (resources or {}).items()}
        return Project(
            digest="1",
            company=Company(name="shop", zone="Europe/Helsinki"),
            namespaces={"user_id": Namespace(name="user_id", rank=0, unique=True, where=HERE)},
            tracking=Tracking(
                outcomes={"Seen": "viewed", "Clicked": "clicked", "Said No": "declined"}
            ),
            profile=Profile(
                traits={"home": home},
                groups={"household": Group(name="household", key="home", where=HERE)},
            ),
            purposes=_purposes(channels),
            channels=channels,
            surfaces={each.name: each for each in surfaces},
            resources=declared,
            policy=policy,
            actions={each.name: each for each in actions},
            messages={},
            row_schema=Schema(columns={"home": TEXT}),
            event_schema=Schema(columns={"event": TEXT}),
        )

    return make


@pytest.fixture(scope="session")
def opened(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Project], AbstractContextManager[Store]]:
    """opened(project): a new store with the folds that a decision reads."""
    base = tmp_path_factory.getbasetemp()

    @contextmanager
    def opening(project: Project) -> Iterator[Store]:
        store = open_store("sqlite::memory:", base)
        try:
            rooms = (identity, consent, profile, ledger)
            store.register([each.ROOM.hearing(project) for each in rooms])
            yield store
        finally:
            store.close()

    return opening


@pytest.fixture(scope="session")
def situated() -> Callable[..., Situation]:
    """situated(store, project, now, who="maija", **context)."""

    def read(
        store: Store, project: Project, now: int = NOON, *, who: str = "maija", **context: Value
    ) -> Situation:
        with store.read() as snapshot:
            customer = identity.resolve(snapshot, project, Identifier("user_id", who))
            return situation(snapshot, project, customer, now, context=context)

    return read


@pytest.fixture
def alone(
    opened: Callable[[Project], AbstractContextManager[Store]], situated: Callable[..., Situation]
) -> Callable[..., Situation]:
    """alone(project, now=…, **context): Maija, of whom nothing is known but the context."""

    def read(project: Project, now: int = NOON, **context: Value) -> Situation:
        with opened(project) as store:
            return situated(store, project, now, **context)

    return read


@pytest.fixture(scope="session")
def asking() -> Callable[..., Question]:
    """asking("front", …, seed=…, slots=…), with Maija's fragment unless another is given."""

    def make(*surfaces: str, fragment: bytes = b"m" * 16, **more: object) -> Question:
        return Question(surfaces=surfaces or ("front",), fragment=fragment, **more)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def shown() -> Callable[[Candidate], str]:
    """Renders the action's name."""
    return lambda each: f"{each.action.name} on {each.treatment.name}"


@pytest.fixture(scope="session")
def kept(
    shown: Callable[[Candidate], str],
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
        question = Question(surfaces=surfaces or ("front",), fragment=fragment)
        with store.read() as snapshot:
            customer = identity.resolve(snapshot, project, Identifier("user_id", who))
            seen = situation(snapshot, project, customer, now, context=context)
            receipt = decide(seen, question, decision_id, shown)
            reads = snapshot.reads
        fact = Fact(id=decision_id, fragment=fragment, time=now, received=now, body=receipt)
        return receipt, store.commit([Unit(facts=(fact,), reads=reads)])[0]

    return commit


@pytest.fixture(scope="session")
def told() -> Callable[..., None]:
    """told(store, name, time, who=…, traits=…, **properties): commits one event."""

    def commit(
        store: Store,
        name: str,
        time: int,
        *,
        who: str = "maija",
        traits: Mapping[str, object] | None = None,
        **properties: object,
    ) -> None:
        event = Event(
            id=f"{name} {time} {who} {properties}",
            call="identify" if traits else "track",
            name=name,
            identifiers=(Identifier("user_id", who),),
            time=time,
            received=time,
            properties=msgspec.json.encode(properties),
            traits=msgspec.json.encode(traits or {}),
        )
        fragment = store.pseudonym("user_id", who)
        fact = Fact(id=event.id, fragment=fragment, time=time, received=time, body=event)
        assert isinstance(store.commit([Unit(facts=(fact,))])[0], Committed)

    return commit


@pytest.fixture(scope="session")
def preferred() -> Callable[..., None]:
    """preferred(store, time, purpose, channel, allowed): Maija's own choice."""

    def commit(store: Store, time: int, purpose: str, channel: str, allowed: bool) -> None:
        choice = PreferenceSet(purpose=purpose, channel=channel, allowed=allowed, by="maija")
        fragment = store.pseudonym("user_id", "maija")
        fact = Fact(id=f"choice {time}", fragment=fragment, time=time, received=time, body=choice)
        assert isinstance(store.commit([Unit(facts=(fact,))])[0], Committed)

    return commit
