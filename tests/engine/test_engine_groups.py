"""Groups through the engine, on each kind of store: all members as one customer."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import NOON
from tests.folders import write

from tuttu import decision, identity
from tuttu import engine as use
from tuttu.api import (
    DecideRequest,
    ExplainRequest,
    PreferenceRequest,
    PreferencesRequest,
    ShownRefusal,
    UnmergeRequest,
    Who,
)
from tuttu.cli.render import verification_text
from tuttu.engine import Runtime, open_engine, scratch_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.events import Identifier, PersonLookedAt
from tuttu.vocabulary.facts import Committed, Conflict, Unit
from tuttu.vocabulary.values import HOUR, MINUTE

ORDERED = "event = 'Ordered'"
OPEN = "COALESCE(state, 'open') <> 'resolved'"
WAYS: Mapping[str, dict[str, Any]] = {
    "note": {"type": "text"},
    "orders": {"count": "events", "where": ORDERED},
    "orders_2h": {"count": "events", "where": ORDERED, "in": "2h"},
    "spent": {"sum": "amount", "of": "events", "where": ORDERED},
    "first_amount": {"first": "amount", "of": "events"},
    "last_amount": {"last": "amount", "of": "events"},
    "dearest": {"max": "amount", "of": "events"},
    "open_tickets": {"count": "tickets", "where": OPEN},
    "last_state": {"last": "state", "of": "tickets"},
    "came_back": {"sequence": ["Visited", "Ordered"], "within": "1h"},
    "known_note": {"first_known": ["crm.note", "told.note"]},
    "busy": {"expression": "orders > 1 OR open_tickets > 0"},
    "watched": {"count": "events", "where": ORDERED, "use": ["profiling"]},
    "keen": {"expression": "watched > 1", "use": ["profiling"]},
}
"""Every way in which a trait comes about; `at_home_…` is the same of the household."""
AT_HOME = {
    f"at_home_{name}": {**trait, "group": "household"}
    for name, trait in WAYS.items()
    if name != "note"
}
FILES: Mapping[str, Any] = {
    "tuttu.yaml": {"name": "home", "zone": "Europe/Helsinki", "currency": "EUR"},
    "identity.yaml": {"namespaces": {"user_id": {"unique": True}, "anonymous_id": {}}},
    "channels.yaml": {
        "channels": {"web": "in", "call": "out"},
        "surfaces": {"front": {"channel": "web", "default": "hello"}},
    },
    "consent.yaml": {
        "purposes": {
            "marketing": {"basis": "contract", "default": "in"},
            "profiling": {"basis": "legitimate interest", "default": "in"},
        }
    },
    "events.yaml": {
        "sources": {"Imported": "crm"},
        "events": {
            "Visited": {},
            "Ordered": {"properties": {"amount": "integer"}},
            "Ticket": {"properties": {"ticket_id": "text", "state": "text", "secret": "text"}},
            "Imported": {"properties": {"home": "text", "note": "text"}},
            "Called": {},
        },
        "writes": [{"event": "Imported", "traits": {"household_id": "home", "note": "note"}}],
        "contacts": [
            {"event": "Called", "channel": "call", "purpose": "marketing", "action": "offer"}
        ],
    },
    "traits.yaml": {
        "collections": {
            "tickets": {
                "key": "ticket_id",
                "events": ["Ticket"],
                "keep": {"state": "text", "secret": "text"},
            }
        },
        "groups": {"household": {"key": "home"}},
        "traits": {
            "household_id": {"type": "text"},
            "home": {"first_known": ["told.household_id", "crm.household_id"]},
            **WAYS,
            **AT_HOME,
        },
    },
    "policy.yaml": {
        "suppressions": {},
        "guards": {
            "case at home": {
                "when": f"any(tickets, {OPEN})",
                "blocks": "marketing",
                "of": "household",
            }
        },
        "contact_limits": {
            "two calls a home": {"channel": "call", "at_most": 2, "in": "7d", "of": "household"}
        },
    },
    "content/hello.web.en.liquid": "Hello",
    "content/hello.call.en.liquid": "Hello",
    "actions/a/b/offer.yaml": {
        "action": "offer",
        "status": "live",
        "purpose": "marketing",
        "value": 2,
        "propensity": 0.5,
        "treatments": {
            "web": {"surface": "front", "message": "hello"},
            "call": {"message": "hello"},
        },
    },
    "actions/a/b/quiet.yaml": {
        "action": "quiet",
        "status": "live",
        "purpose": "marketing",
        "value": 1,
        "propensity": 0.5,
        "eligible": {"nobody at home orders": "at_home_orders = 0"},
        "treatments": {"web": {"surface": "front", "message": "hello"}},
    },
}


class World:
    """One engine, and who tells it what. Times are minutes before now."""

    def __init__(self, engine: Runtime) -> None:
        self.engine = engine
        self._numbers = itertools.count()

    def tell(self, who: str, event: str, before: int = 0, **properties: Any) -> None:
        self.call("track", who, before, event=event, properties=properties)

    def describe(self, who: str, before: int = 0, **traits: Any) -> None:
        self.call("identify", who, before, traits=traits)

    def call(
        self, kind: str, who: str, before: int = 0, name: str | None = None, **more: Any
    ) -> None:
        """who: a user, or ``anon-…``; both, with a plus between them."""
        ids = {("anonymousId" if each.startswith("anon") else "userId"): each
               for each in who.split("+")}  # fmt: skip
        time = format_instant(self.engine.now() - before * MINUTE)
        said = {"messageId": name or f"m{next(self._numbers)}", "timestamp": time, **ids, **more}
        use.accept(self.engine, kind, json.dumps(said).encode(), None, "test")

    def refuse_profiling(self, who: str) -> None:
        choice = PreferenceRequest(purpose="profiling", allowed=False)
        use.set_preferences(
            self.engine, _who(who), PreferencesRequest(preferences=[choice]), "test"
        )

    def traits(self, who: str) -> dict[str, Any]:
        return use.customer(self.engine, _who(who), "test").traits

    def refused(self, who: str, surface: str = "front") -> dict[str, ShownRefusal]:
        asked = DecideRequest(who=_who(who), surfaces=[surface], dry_run=True)
        return {each.action: each for each in use.decide(self.engine, asked).refused}


def _who(name: str) -> Who:
    return {"anonymous_id" if name.startswith("anon") else "user_id": name}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(FILES, tmp_path / "home")


@pytest.fixture
def world(folder: Path, storage_url: str) -> Iterator[World]:
    """Over each kind of store."""
    with closing(open_engine(folder, clock=ManualClock(NOON), storage=storage_url)) as engine:
        yield World(engine)


@pytest.fixture
def home(world: World) -> World:
    """Maija and Matti of one home, Ville of another."""
    for who, where in (("maija", "H1"), ("matti", "H1"), ("ville", "H2")):
        world.describe(who, 600, household_id=where)
    return world


class Deed(NamedTuple):
    """before: minutes. what: of `_DOING`."""

    before: int
    who: str
    what: str
    value: Any


def _imported(world: World, deed: Deed, who: str, name: str) -> None:
    said = {"note": f"crm {deed.before}", **({} if deed.value is None else {"home": deed.value})}
    world.call("track", who, deed.before, name, event="Imported", properties=said)


def _moved(world: World, deed: Deed, who: str, name: str) -> None:
    said = {"note": f"told {deed.before}", "household_id": deed.value}
    world.call("identify", who, deed.before, name, traits=said)


def _happened(world: World, deed: Deed, who: str, name: str) -> None:
    properties = deed.value if isinstance(deed.value, dict) else {}
    world.call("track", who, deed.before, name, event=deed.what, properties=properties)


_DOING: Mapping[str, Callable[[World, Deed, str, str], None]] = {
    "moved": _moved,
    "imported": _imported,
    "Visited": _happened,
    "Ordered": _happened,
    "Ticket": _happened,
}
USERS = ("maija", "matti", "ville")
DEVICE = "anon-1"
"""Of Maija."""
_homes = st.sampled_from([None, "H1", "H1", "H2"])
_values = {
    "moved": _homes,
    "imported": _homes,
    "Visited": st.none(),
    "Ordered": st.integers(1, 9).map(lambda amount: {"amount": amount}),
    "Ticket": st.fixed_dictionaries(
        {"ticket_id": st.sampled_from("ABC"), "state": st.sampled_from(["open", "resolved"])}
    ),
}
_deeds = st.sampled_from(sorted(_values)).flatmap(
    lambda what: st.builds(
        Deed, st.integers(0, 180), st.sampled_from((*USERS, DEVICE)), st.just(what), _values[what]
    )
)


def _customer_of(who: str) -> str:
    return "maija" if who == DEVICE else who


def _home_of(user: str, deeds: Sequence[tuple[str, Deed]]) -> str | None:
    """The newest that was told; where nothing was, or that it is unknown, the newest imported."""
    said: dict[str, str | None] = {}
    for _, deed in sorted(deeds, key=lambda each: (-each[1].before, each[0])):
        says = deed.what == "moved" or (deed.what == "imported" and deed.value is not None)
        if says and _customer_of(deed.who) == user:
            said[deed.what] = deed.value
    return said.get("moved") or said.get("imported")


_numbered = itertools.count()


@pytest.mark.laws
@given(drawn=st.lists(_deeds, min_size=4, max_size=16), refused=st.sets(st.sampled_from(USERS)))
def test_a_trait_of_a_group_is_that_of_one_customer_with_all_members_events(
    world: World, drawn: list[Deed], refused: set[str]
) -> None:
    """In whatever order they come; of what is for profiling, of those who allow it."""
    prefix = f"{next(_numbered)}-"

    def named(text: str) -> str:
        return text.replace("anon-", f"anon-{prefix}") if "anon" in text else prefix + text

    deeds = [(f"{prefix}{number:02}", deed) for number, deed in enumerate(drawn)]
    world.call("track", f"{named('maija')}+{named(DEVICE)}", 500, f"{prefix}link", event="Visited")
    for name, deed in deeds:
        of_home = isinstance(deed.value, str)
        there = deed._replace(value=prefix + deed.value) if of_home else deed
        _DOING[deed.what](world, there, named(deed.who), name)
    for user in refused:
        world.refuse_profiling(named(user))
    homes = {user: _home_of(user, deeds) for user in USERS}
    with closing(scratch_engine(world.engine.project, clock=world.engine.clock)) as engine:
        imagined = World(engine)
        for user in USERS:
            members = {user} | {n for n in USERS if homes[user] and homes[n] == homes[user]}
            for who, some in (("whole", members), ("allowing", members - refused)):
                for name, deed in sorted(deeds, key=lambda each: each[0], reverse=True):
                    if _customer_of(deed.who) in some:
                        _DOING[deed.what](imagined, deed, f"{who}-{user}", f"{who} {user} {name}")
            whole, allowing = (imagined.traits(f"{who}-{user}") for who in ("whole", "allowing"))
            found = world.traits(named(user))
            for trait in AT_HOME:
                own = trait.removeprefix("at_home_")
                if "profiling" not in WAYS[own].get("use", ()):
                    assert found[trait] == whole[own], (trait, user, homes)
                else:
                    assert found[trait] == (None if user in refused else allowing[own])


def test_both_ways_of_working_groups_out_agree(home: World) -> None:
    home.tell("maija", "Ticket", 5, ticket_id="A", state="open")
    home.tell("matti", "Ordered", 4, amount=3)
    home.refuse_profiling("matti")
    for number in range(52):
        home.describe(f"of-many-{number}", 3, household_id="H3")
    found = use.verify(home.engine)
    assert found.agree, verification_text(found)
    of_groups = {each.part: each.compared for each in found.parts}
    assert of_groups["groups over the log"] == 2 * found.customers


def test_a_case_at_home_stops_selling_to_the_spouse_too(home: World) -> None:
    home.tell("maija", "Ticket", 5, ticket_id="A", state="open")
    for who in ("maija", "matti"):
        assert home.refused(who)["offer"].reason == "stopped by: case at home"
        assert home.traits(who)["at_home_open_tickets"] == 1
    assert home.traits("matti")["open_tickets"] == 0
    assert "offer" not in home.refused("ville")
    home.tell("maija", "Ticket", 1, ticket_id="A", state="resolved")
    assert "offer" not in home.refused("matti")


def test_who_leaves_takes_their_facts_along(home: World) -> None:
    home.tell("maija", "Ticket", 5, ticket_id="A", state="open")
    home.describe("maija", 4, household_id="H2")
    assert "offer" not in home.refused("matti")
    assert home.refused("ville")["offer"].code == "guard"
    assert home.traits("matti")["at_home_open_tickets"] == 0


def test_who_is_unmerged_takes_their_facts_along(home: World) -> None:
    home.call("track", "maija+anon-1", 300, event="Visited")
    home.tell("anon-1", "Ticket", 5, ticket_id="A", state="open")
    assert home.refused("matti")["offer"].code == "guard"
    use.unmerge(home.engine, UnmergeRequest(one=_who("anon-1"), other=_who("maija")), "test")
    assert "offer" not in home.refused("matti")


def test_a_merged_customer_is_a_member_by_the_newest_value_of_all(home: World) -> None:
    """What an older fragment names says nothing, though the index lists it."""
    home.describe("anon-1", 700, household_id="H2")
    home.tell("anon-1", "Ordered", 650, amount=1)
    assert home.traits("ville")["at_home_orders"] == 1
    home.call("track", "maija+anon-1", 5, event="Visited")
    assert home.traits("ville")["at_home_orders"] == 0
    assert home.traits("matti")["at_home_orders"] == 1


def test_of_more_than_fifty_members_nothing_is_known_and_it_is_told(home: World) -> None:
    for number in range(48):
        home.describe(f"more-{number}", 9, household_id="H1")
    assert use.customer(home.engine, _who("matti"), "test").groups == {"household": 50}
    assert home.traits("matti")["at_home_orders"] == 0
    home.describe("one-more", 8, household_id="H1")
    assert use.customer(home.engine, _who("matti"), "test").groups == {"household": None}
    assert home.traits("matti")["at_home_orders"] is None
    refused = home.refused("matti")
    assert refused["offer"].code == "guard_of_too_many"
    assert refused["offer"].values == {
        "guard": "case at home",
        "group": "household",
        "at_most": 50,
    }
    assert refused["quiet"].values["too_many"] == ("household",)
    assert "household has too many members" in refused["quiet"].reason
    asked = ExplainRequest(who=_who("matti"), surfaces=["front"])
    told = {each.action: each for each in use.explain(home.engine, asked, "test").refused}
    assert not told["offer"].would_pass_if
    home.describe("one-more", 7, household_id="H9")
    assert "offer" not in home.refused("matti")


def test_who_refused_profiling_takes_no_part_and_reads_nothing(home: World) -> None:
    home.tell("maija", "Ordered", 5, amount=1)
    home.tell("matti", "Ordered", 4, amount=1)
    assert home.traits("matti")["at_home_watched"] == 2
    home.refuse_profiling("maija")
    assert home.traits("matti")["at_home_watched"] == 1
    assert home.traits("matti")["at_home_orders"] == 2
    assert home.traits("maija")["at_home_watched"] is None
    assert home.traits("maija")["at_home_orders"] == 2
    home.refuse_profiling("matti")
    assert home.traits("matti")["at_home_watched"] is None


CHANGES: Mapping[str, tuple[bool, Callable[[World], None]]] = {
    "an event of a member": (True, lambda w: w.tell("maija", "Ordered", 1, amount=1)),
    "an item of a member": (True, lambda w: w.tell("maija", "Ticket", 1, ticket_id="B")),
    "a member leaves": (True, lambda w: w.describe("maija", 1, household_id="H2")),
    "a joiner": (True, lambda w: w.describe("ville", 1, household_id="H1")),
    "a choice of a member": (True, lambda w: w.refuse_profiling("maija")),
    "a contact of a member": (True, lambda w: w.tell("maija", "Called", 1)),
    "a link of a member": (True, lambda w: w.call("track", "maija+anon-7", 1, event="Visited")),
    "an event of a stranger": (False, lambda w: w.tell("ville", "Ordered", 1, amount=1)),
    "a stranger moves": (False, lambda w: w.describe("ville", 1, household_id="H3")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_member_is_watched_at_commit(home: World, change: str) -> None:
    """A decision about Matti rests on what was read of Maija."""
    loses, happens = CHANGES[change]
    engine = home.engine
    home.tell("maija", "Ordered", 90, amount=1)
    with engine.view() as seen:
        customer = identity.resolve(seen.snapshot, engine.project, Identifier("user_id", "matti"))
        decision.view(seen.snapshot, engine.project, customer, engine.now())
        reads = seen.snapshot.reads
    happens(home)
    fact = engine.fact(PersonLookedAt(by="test", what="nothing"), customer.oldest)
    result = engine.commit([Unit(facts=(fact,), reads=reads)])[0]
    assert isinstance(result, Conflict if loses else Committed)


def test_a_receipt_says_later_why_though_the_case_is_closed(home: World) -> None:
    home.tell("maija", "Ticket", 5, ticket_id="A", state="open", secret="of Maija alone")
    answer = use.decide(home.engine, DecideRequest(who=_who("matti"), surfaces=["front"]))
    home.tell("maija", "Ticket", 1, ticket_id="A", state="resolved")
    assert "offer" not in home.refused("matti")
    asked = ExplainRequest(decision=answer.decision_id)
    again = use.explain(home.engine, asked, "test")
    offer = next(each for each in again.refused if each.action == "offer")
    assert offer.reason == "stopped by: case at home"
    assert not again.note
    part = offer.would_pass_if[0]
    assert len(offer.would_pass_if) == 1
    assert (part.name, part.about) == ("tickets", {"group": "household"})
    with home.engine.view() as seen:
        receipt = decision.receipt_of(seen.snapshot, answer.decision_id or "")
    assert receipt is not None
    assert receipt.evidence is not None
    kept = receipt.evidence.others["groups"]["household"]
    assert kept == {"members": 2, "row": {"tickets": [{"state": "open"}]}}


def test_what_would_change_it_is_said_of_the_group(home: World) -> None:
    home.tell("maija", "Ticket", 5, ticket_id="A", state="open")
    asked = ExplainRequest(who=_who("matti"), surfaces=["front"])
    told = {each.action: each for each in use.explain(home.engine, asked, "test").refused}
    assert len(told["offer"].would_pass_if) == 1
    assert told["offer"].would_pass_if[0].words.startswith("household: tickets")
    asked = ExplainRequest(who=_who("ville"), surfaces=["front"])
    home.tell("ville", "Ticket", 5, ticket_id="V", state="open")
    told = {each.action: each for each in use.explain(home.engine, asked, "test").refused}
    assert len(told["offer"].would_pass_if) == 1
    alone = told["offer"].would_pass_if[0]
    assert (alone.name, alone.about) == ("tickets", None)


def test_a_limit_of_a_group_counts_people(home: World) -> None:
    """A member who is known under two identifiers is one; both of their calls count."""
    home.call("track", "maija+anon-1", 300, event="Visited")
    home.tell("maija", "Called", 60)
    assert "offer" not in home.refused("matti", "call")
    home.tell("anon-1", "Called", 50)
    assert home.refused("matti", "call")["offer"].reason == "limit reached: two calls a home"
    assert "offer" not in home.refused("ville", "call")


def test_what_one_member_sees_twice_in_a_day_is_one_contact(home: World) -> None:
    """Under two identifiers, before anybody knew that they are one customer's."""
    engine = home.engine
    with engine.view() as seen:
        ask = identity.resolve(seen.snapshot, engine.project, Identifier("user_id", "matti"))
        before = decision.view(seen.snapshot, engine.project, ask, engine.now()).history
    for who in ("maija", "anon-1"):
        use.decide(engine, DecideRequest(who=_who(who), surfaces=["front"]))
    home.call("track", "maija+anon-1", 300, event="Visited")
    with engine.view() as seen:
        after = decision.view(seen.snapshot, engine.project, ask, engine.now() + HOUR // 4).history
    limit = next(iter(engine.project.policy.contact_limits))
    everywhere = msgspec.structs.replace(limit, channel=None)
    assert len(before.keys(everywhere)) == 0
    assert len(after.keys(everywhere)) == 1
