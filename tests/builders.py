"""Projects, customers, views, actions, events, facts and stores for all tests.

A conftest says only what is particular to it. Records that the tests of several rooms need are made
here and nowhere else, so that a new field of such a record is one line of the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import msgspec

from tuttu import decision, identity, profile
from tuttu.api import ENGLISH, words_in
from tuttu.decision import DecisionQuery, DecisionView
from tuttu.policy import CompiledExpression, is_fulfilled, parse, quoted_name
from tuttu.storage import Store, open_store
from tuttu.vocabulary.company import (
    ANYONE,
    Channel,
    Company,
    ConsentTerms,
    Namespace,
    Profile,
    Purpose,
    Surface,
    Tracking,
    Trait,
)
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.events import Event, FragmentId, Identifier
from tuttu.vocabulary.facts import Body, Committed, Fact, Reader, Result, Unit
from tuttu.vocabulary.library import (
    USUAL_ARMS,
    Action,
    ContactLimit,
    ControlArm,
    Controls,
    Guard,
    Policy,
    Treatment,
)
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import (
    DAY,
    MINUTE,
    Condition,
    Instant,
    Kind,
    Row,
    Schema,
    Type,
    Value,
    fulfilled_column,
)
from tuttu.vocabulary.verdicts import Contact, Receipt, Refusal

HERE = Where("test.yaml", 1)
NOON: Instant = 1_772_704_800_000_000
"""2026-03-05T10:00:00Z, twelve o'clock in Helsinki."""
BOOL, INTEGER, MONEY, REAL, TEXT, TIMESTAMP = (
    Type(kind)
    for kind in (Kind.BOOL, Kind.INTEGER, Kind.MONEY, Kind.REAL, Kind.TEXT, Kind.TIMESTAMP)
)
EMPTY = Project(
    digest="test",
    company=Company(name="test"),
    namespaces={},
    tracking=Tracking(),
    profile=Profile(),
    purposes={},
    channels={},
    surfaces={},
    resources={},
    policy=Policy(),
    actions={},
    messages={},
    row_schema=Schema(),
    event_schema=Schema(),
)


class Pseudonyms(Protocol):
    """A store, or a snapshot of one."""

    def pseudonym(self, namespace: str, value: str) -> FragmentId: ...


# What a company declares


def project(**declared: Any) -> Project:
    """A company that declares this and nothing else; a list of records stands for them by name."""
    by_name = {
        name: {each.name: each for each in given} if isinstance(given, list) else given
        for name, given in declared.items()
    }
    return msgspec.structs.replace(EMPTY, **by_name)


def namespaces(**settings: Mapping[str, Any]) -> dict[str, Namespace]:
    """Namespaces in the order of their priority."""
    return {
        name: Namespace(name=name, rank=rank, where=HERE, **given)
        for rank, (name, given) in enumerate(settings.items())
    }


def channels(**outbound: bool) -> list[Channel]:
    return [Channel(name=name, outbound=out, where=HERE) for name, out in outbound.items()]


def surface(name: str, channel: str, **more: Any) -> Surface:
    return Surface(name=name, channel=channel, where=HERE, **more)


def purpose(name: str, basis: str, default: Mapping[str, bool], **more: Any) -> Purpose:
    """The same for every kind of person."""
    terms = {channel: ConsentTerms(basis, allowed) for channel, allowed in default.items()}
    return Purpose(name=name, terms={ANYONE: terms}, where=HERE, **more)


def trait(name: str, declared: Type, **more: Any) -> Trait:
    return Trait(name=name, type=declared, where=HERE, **more)


# Rules: expressions, actions, guards


@dataclass(frozen=True)
class HandWritten:
    """An expression whose function is written by hand, for rooms that know no parser."""

    text: str
    type: Type
    function: Callable[[Row], Value] = field(repr=False)
    columns: frozenset[str] = frozenset()

    def __call__(self, row: Row) -> Value:
        return self.function(row)


def column(name: str, kind: Kind = Kind.BOOL) -> CompiledExpression:
    """The expression that yields a column."""
    return parse(quoted_name(name), Schema(columns={name: Type(kind)}))


def constant(value: float) -> CompiledExpression:
    return parse(repr(value), Schema())


def treatment(on: str, name: str | None = None, **more: Any) -> Treatment:
    """On a surface, named like it. The surfaces front and side are of the channel web."""
    channel = {"front": "web", "side": "web"}.get(on, on)
    fields = {"name": name or on, "surface": on, "channel": channel, "message": "hello"}
    return Treatment(**{**fields, "where": HERE, **more})


def action(name: str, *, on: tuple[str | Treatment, ...] = ("front",), **more: Any) -> Action:
    """action("tv", value=10.0, on=("front",), …): live marketing, propensity one half.

    Numbers stand for formulas; eligible, applicable and suitable are names of columns.
    """
    treatments = [each if isinstance(each, Treatment) else treatment(each) for each in on]
    fields: dict[str, Any] = {
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
    fields |= more
    for block in ("eligible", "applicable", "suitable"):
        columns = fields.get(block, ())
        assert isinstance(columns, tuple)
        fields[block] = tuple(Condition(f"{each} holds", column(each)) for each in columns)
    for formula in ("value", "relevance", "effort", "propensity"):
        given = fields.get(formula)
        fields[formula] = constant(given) if isinstance(given, int | float) else given
    return Action(**fields)


def owed(name: str, due: str | None = "due", **more: Any) -> Action:
    """An action of the purpose notices. due: the column that says by when; None: nothing does."""
    until = column(due, Kind.TIMESTAMP) if due else None
    told = is_fulfilled(fulfilled_column(name), until)
    return action(name, **{"purpose": "notices", "due": until, "fulfilled": told, **more})


def guard(name: str, when: str = "blocked", after: str | None = None, **more: Any) -> Guard:
    """guard("open case", when="has_case", after="solved_at", cooling=…): columns by name."""
    ended = column(after, Kind.TIMESTAMP) if after else None
    fields = {"name": name, "when": column(when), "after": ended, "blocks": "marketing"}
    return Guard(**{**fields, "where": HERE, **more})


def contact_limit(name: str, at_most: int, **more: Any) -> ContactLimit:
    """In a week, whatever it is for."""
    fields = {"name": name, "at_most": at_most, "window": 7 * DAY, "where": HERE}
    return ContactLimit(**{**fields, **more})


# What happens, as facts in a store


def controls(exploration: float = 0.0, **shares: float) -> Controls:
    """Arms of these shares, where they usually begin."""
    arms = {
        name: ControlArm(Fraction(repr(float(share))), USUAL_ARMS[name].start)
        for name, share in shares.items()
    }
    return Controls(arms={**USUAL_ARMS, **arms}, exploration=exploration)


def identifier(text: str) -> Identifier:
    """``email:m@x.fi``; without a namespace it is a user id."""
    namespace, colon, value = text.partition(":")
    return Identifier(namespace, value) if colon else Identifier("user_id", text)


def event(
    name: str,
    time: Instant,
    /,
    *,
    who: str = "maija",
    id: str | None = None,  # noqa: A002
    call: str = "track",
    received: Instant | None = None,
    identifiers: tuple[Identifier, ...] = (),
    traits: Mapping[str, object] | None = None,
    context: Mapping[str, object] | None = None,
    fields: Mapping[str, Any] | None = None,
    **properties: Any,
) -> Event:
    """One call about `who`, or about these identifiers; fields: others of the record."""
    said = msgspec.json.encode(properties, order="sorted")
    return Event(
        id=id or f"{name} {time} {who} {said.decode()}",
        call=call,
        name=name,
        identifiers=identifiers or (identifier(who),),
        time=time,
        received=time if received is None else received,
        properties=said,
        traits=msgspec.json.encode(traits or {}),
        context=msgspec.json.encode(context or {}),
        **(fields or {}),
    )


def contact(
    store: Pseudonyms,
    project: Project,
    id: str,  # noqa: A002
    now: Instant,
    action: str = "tv",
    treatment: str = "web",
    who: str = "maija",
    **more: Any,
) -> Contact:
    """As a decision makes it: held, or queued if the channel is outbound."""
    chosen = project.actions[action]
    how = chosen.treatments[treatment]
    outbound = project.channels[how.channel].outbound
    return Contact(
        id=id,
        fragment=store.pseudonym("user_id", who),
        action=action,
        treatment=treatment,
        issue_group=chosen.issue_group,
        owner=chosen.owner,
        purpose=chosen.purpose,
        channel=how.channel,
        surface=how.surface,
        state="queued" if outbound else "held",
        time=now,
        held_until=None if outbound else now + 30 * MINUTE,
        answer_within=how.answer_within,
        decision_id=id.partition(".")[0],
        **more,
    )


def receipt(*contacts: Contact) -> Receipt:
    """Of a decision that made these contacts."""
    first = contacts[0]
    return Receipt(
        id=first.id.partition(".")[0],
        now=first.time,
        customer=first.fragment,
        position=0,
        surfaces=(),
        choices=(),
        verdicts=(),
        arm="policy",
        seed=0,
        contacts=contacts,
    )


def fact(
    store: Pseudonyms,
    body: Body,
    time: Instant = 0,
    *,
    id: str = "",  # noqa: A002
    who: str | None = None,
) -> Fact:
    """An event and a receipt say themselves when it was, of whom and by which id; of other bodies
    `who` is an identifier's text, None: the fact is about no customer."""
    received, about = time, identifier(who) if who else None
    if isinstance(body, Event):
        id, time, received, about = body.id, body.time, body.received, body.identifiers[0]  # noqa: A001
    fragment = store.pseudonym(about.namespace, about.value) if about else None
    if isinstance(body, Receipt):
        id, time, received, fragment = body.id, body.now, body.now, body.customer  # noqa: A001
    return Fact(id=id, fragment=fragment, time=time, received=received, body=body)


def try_commit(store: Store, *facts: Fact, reads: Any = (), **more: Any) -> list[Result]:
    """In one commit, each fact a unit of its own."""
    return store.commit([Unit(facts=(each,), reads=reads) for each in facts], **more)


def commit(store: Store, *facts: Fact, **more: Any) -> None:
    """In one commit, in which all of them stand."""
    results = try_commit(store, *facts, **more)
    assert all(isinstance(each, Committed) for each in results), results


# What is read


@contextmanager
def opened(project: Project, *rooms: ModuleType) -> Iterator[Store]:
    """A new store in memory that runs the folds of these rooms."""
    with closing(open_store("sqlite::memory:", Path())) as store:
        store.register([room.ROOM.live_folds(project) for room in rooms])
        yield store


def customer(store: Pseudonyms, *users: str, joined_at: Instant | None = None) -> Customer:
    """The customer of these user ids, one fragment for each."""
    return Customer(
        fragments=tuple(store.pseudonym("user_id", each) for each in users),
        identifiers=tuple(Identifier("user_id", each) for each in users),
        joined_at=joined_at,
    )


def view(
    reader: Reader, project: Project, now: Instant = NOON, *, who: str = "maija", **context: Value
) -> DecisionView:
    """What a decision about this user reads."""
    asked = identity.resolve(reader, project, Identifier("user_id", who))
    return decision.view(reader, project, asked, now, context=context)


def bits_unlike_reasons(
    view: DecisionView, question: DecisionQuery, stages: decision.Stages = decision.STAGES
) -> list[str]:
    """Stages that refuse other candidates by their bits than by their reasons."""
    found = []
    for pool in decision.pools_of(view, question):
        for stage in stages:
            bits = stage.refused(pool, view, pool.bits)
            asked = pool.candidates(pool.bits)
            reasons = sum(bit for bit, each in asked if stage.why_not(each, view) is not None)
            if bits != reasons:
                found.append(f"{stage.name} of {pool.item}: {bits:b}, expected {reasons:b}")
    return found


def other_members(
    reader: Reader, project: Project, one: Customer, group: str = "household"
) -> tuple[Customer, ...]:
    """Who shares the customer's group, without themselves; all may be profiled."""
    written = profile.written_of(reader, one, project)
    value = profile.group_key(project, group, written, profiling=True)
    found = decision.other_members(reader, project, one, group, value)
    return tuple(other for other, _ in found)


# What people read


def in_words(refusal: Refusal | None) -> str:
    """A refusal's reason in English; nothing of one that there is not."""
    return "" if refusal is None else words_in(ENGLISH).reason(refusal.why)
