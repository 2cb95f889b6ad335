"""Holds of resources: as if they were one list, each in its place until it runs out."""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random

import pytest
from msgspec.structs import replace
from tests import builders
from tests.builders import HERE, NOON
from tests.laws.memory import Memory

from tuttu.ledger import resource_state, state
from tuttu.ledger.canonical import whole
from tuttu.ledger.reservations import GIVEN_BACK, LOST, USED, Reservations
from tuttu.ledger.resources import period_key
from tuttu.vocabulary.company import Resource
from tuttu.vocabulary.facts import Exhausted
from tuttu.vocabulary.values import MINUTE, Instant
from tuttu.vocabulary.verdicts import Contact

Scale = Callable[[int, int], int]
AMOUNT, KEPT = 12, 3
VOUCHERS = Resource(name="vouchers", amount=AMOUNT, owed=KEPT, where=HERE)
PROJECT = builders.project(
    purposes=[
        builders.purpose("marketing", "consent", {"web": True}),
        builders.purpose("notices", "contract", {"web": True}, owed=True),
    ],
    resources=[VOUCHERS, Resource(name="vouchers of another kind", amount=1, where=HERE)],
)
KEY = period_key(VOUCHERS, NOON, PROJECT.company.zone)


def _contact(number: int, until: Instant | None, units: int = 1, *, owed: bool = False) -> Contact:
    return Contact(
        id=f"d{number}.1",
        fragment=b"f" * 16,
        action="tv",
        treatment=None,
        issue_group=None,
        owner=None,
        purpose="notices" if owed else "marketing",
        channel="web",
        surface=None,
        state=state.QUEUED if until is None else state.HELD,
        time=NOON,
        held_until=until,
        uses={"vouchers": units},
    )


class _Listed:
    """The oracle: all holds in one list, walked each time."""

    def __init__(self) -> None:
        self.used = self.owed = 0
        self.holds: dict[str, Contact] = {}

    def held(self, now: Instant, *, owed: bool = False) -> int:
        return sum(
            each.uses["vouchers"]
            for each in self.holds.values()
            if each.held_until is not None
            and now < each.held_until
            and (not owed or each.purpose == "notices")
        )

    def closed(self, now: Instant) -> int:
        return max(0, KEPT - self.owed - self.held(now, owed=True))

    def claim(self, contact: Contact, now: Instant) -> str | None:
        if not self._fits(contact, now):
            return None
        self._forget(now)
        if contact.held_until is None:
            self._take(contact, 1)
            return USED
        self.holds[contact.id] = contact
        return state.HELD

    def use(self, contact: Contact, now: Instant) -> str:
        self._forget(now)
        if self.holds.pop(contact.id, None) is None and not self._fits(contact, now):
            return LOST
        self._take(contact, 1)
        return USED

    def give_back(self, contact: Contact, before: str) -> str:
        self.holds.pop(contact.id, None)
        if before == USED:
            self._take(contact, -1)
        return GIVEN_BACK

    def _take(self, contact: Contact, sign: int) -> None:
        self.used += sign * contact.uses["vouchers"]
        if contact.purpose == "notices":
            self.owed = max(0, self.owed + sign * contact.uses["vouchers"])

    def _fits(self, contact: Contact, now: Instant) -> bool:
        closed = 0 if contact.purpose == "notices" else self.closed(now)
        return self.used + self.held(now) + contact.uses["vouchers"] <= AMOUNT - closed

    def _forget(self, now: Instant) -> None:
        self.holds = {
            each.id: each
            for each in self.holds.values()
            if each.held_until is not None and now < each.held_until
        }


def _as_kept_before(memory: Memory) -> None:
    """All holds in the record of the resource, as a store of an older version has them."""
    use = memory.get(state.USES, KEY)
    if use is not None:
        found = [*memory.scan(state.HOLDS)]
        holds = {hold.contact_id: replace(hold, contact_id="") for _, hold in found}
        for place, _ in found:
            memory.delete(state.HOLDS, place)
        memory.put(state.USES, KEY, state.Use(use.used, {**use.holds, **holds}, use.owed))


def _walked(random: Random) -> None:
    memory, listed, now = Memory(), _Listed(), NOON
    standing: dict[str, tuple[Contact, str]] = {}
    for number in range(random.randint(5, 40)):
        now += random.choice((0, 0, MINUTE, 10 * MINUTE, -5 * MINUTE))
        ours = Reservations(memory, PROJECT, now)
        if random.random() < 1 / 8:
            _as_kept_before(memory)
        what = random.choice(("claim", "claim", "use", "give back"))
        if what == "claim" or not standing:
            until = random.choice((None, *(now + each * MINUTE for each in (1, 7, 30, 60))))
            owed, units = random.random() < 1 / 3, random.randint(1, 3)
            contact = _contact(number, until, units, owed=owed)
            before_it = copy.deepcopy(memory.tables)
            try:
                found = ours.claim(contact)
            except Exhausted:
                memory.tables = before_it
                assert listed.claim(contact, now) is None
            else:
                assert found == listed.claim(contact, now)
                standing[contact.id] = contact, found
        else:
            contact, before = standing[random.choice(sorted(standing))]
            if what == "use" and before in (state.HELD, GIVEN_BACK):
                standing[contact.id] = contact, ours.use(contact)
                assert standing[contact.id][1] == listed.use(contact, now)
            elif what == "give back" and before in (state.HELD, USED):
                standing[contact.id] = contact, ours.give_back(contact, before)
                assert standing[contact.id][1] == listed.give_back(contact, before)
        for at in (now, now + MINUTE, now + 12 * MINUTE):
            seen = resource_state(memory, PROJECT, "vouchers", at)
            assert (seen.used, seen.held) == (listed.used, listed.held(at))
            assert seen.closed == listed.closed(at)
        kept = [[KEY.decode(), listed.used, sorted(_units(listed))]]
        assert whole(memory, PROJECT)["uses"] in ([], kept)


def _units(listed: _Listed) -> list[list[object]]:
    return [[each.id, each.uses["vouchers"]] for each in listed.holds.values()]


@pytest.mark.laws
def test_holds_count_as_if_they_were_one_list(seed: int, scale: Scale) -> None:
    for each in range(scale(300, 10_000)):
        _walked(Random(f"{seed} {each}"))


def test_a_claim_reads_no_hold_but_those_that_have_run_out() -> None:
    """Thousands of people look at the same offer within its half hour."""
    roomy = replace(
        PROJECT, resources={"vouchers": Resource(name="vouchers", amount=10**6, where=HERE)}
    )
    memory = Memory()
    for number in range(1_000):
        Reservations(memory, roomy, NOON).claim(_contact(number, NOON + (number + 1) * MINUTE))
    memory.read.clear()
    Reservations(memory, roomy, NOON).claim(_contact(1_000, NOON + 2_000 * MINUTE))
    assert resource_state(memory, roomy, "vouchers", NOON).held == 1_001
    assert len(memory.read) < 6
    Reservations(memory, roomy, NOON + 3 * MINUTE).claim(_contact(1_001, NOON + 2_000 * MINUTE))
    assert resource_state(memory, roomy, "vouchers", NOON + 3 * MINUTE).held == 999
    assert len(memory.read) < 24
    assert len(memory.tables["ledger.holds"]) == 999
