"""A new version beside live traffic, in one process, on both stores."""

from __future__ import annotations

import queue
import shutil
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests import builders
from tests.builders import NOON
from tests.reload.company import Version
from tests.reload.conftest import PLAIN, Opening, order, trait, write
from tests.reload.worlds import KilledError, facts_of, tell
from tests.waiting import HANG_SECONDS

from tuttu import engine as use
from tuttu import identity
from tuttu.api import DecideRequest, ReloadAnswer, TimelineQuery, UnmergeRequest
from tuttu.engine import ROOMS, Runtime, open_engine, rehearse_opening
from tuttu.engine.reloads import Reloads
from tuttu.storage import Store, open_store
from tuttu.versions import BackfillProgress, history, read_project
from tuttu.versions.refold import SHAPES, Shape
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.errors import AlreadyReloading, ProjectError
from tuttu.vocabulary.events import HistoryFolded, Identifier
from tuttu.vocabulary.facts import Result, Unit
from tuttu.vocabulary.room import RoomFolds
from tuttu.vocabulary.verdicts import Receipt

COUNTED = Version(size=None, tickets=None, group=None)
"""`PLAIN` and a count of orders."""
NO_TV = {"actions__sales__tv__tv.yaml": None}
STAMPS = {
    "resources.yaml": "stamps: {amount: 1}\n",
    "policy.yaml": "guards: {}\nsuppressions: {}\n"
    "contact_limits:\n  one letter: {channel: letter, at_most: 1, in: 30d}\n",
}


def _stamped(folder: Path, version: Version, **more: str | None) -> None:
    """A version whose letters of tv need the one stamp there is."""
    write(folder, version, **STAMPS, **more)
    action = folder / "actions/sales/tv/tv.yaml"
    if action.exists():
        said = action.read_text()
        letter = "letter: {message: tv, answer_within: 3d"
        action.write_text(said.replace(letter, f"{letter}, uses: {{stamps: 1}}"))


def _letter(engine: Runtime, who: str = "maija") -> Any:
    return use.decide(engine, DecideRequest(who={"user_id": who}, surfaces=["letter"], create=True))


def _opened(engine: Runtime) -> ReloadAnswer:
    assert engine.reloads is not None
    return engine.reloads.opened


def _same_when_replayed(engine: Runtime) -> None:
    answer = use.replay(engine)
    assert answer.live == answer.replayed


def test_a_new_trait_knows_what_was_before_it(engine: Runtime, folder: Path) -> None:
    before = use.project(engine).project_digest
    tell(engine, [order(number) for number in range(7)])
    write(folder, COUNTED)
    answer = use.reload(engine, "anna")
    assert (answer.before, answer.changed, answer.filled > 0) == (before, True, True)
    assert trait(engine, "orders") == 7
    tell(engine, [order(7)])
    assert trait(engine, "orders") == 8
    version = use.project(engine)
    assert (version.project_digest, version.by) == (answer.project_digest, "anna")
    assert use.health(engine).project_digest == answer.project_digest
    _same_when_replayed(engine)


def test_what_was_dropped_comes_back_without_a_gap_and_without_counting_twice(
    engine: Runtime, folder: Path
) -> None:
    numbers = iter(range(100))
    for version in (COUNTED, PLAIN, COUNTED, PLAIN, COUNTED):
        write(folder, version)
        use.reload(engine, "anna")
        tell(engine, [order(next(numbers)) for _ in range(3)])
    assert trait(engine, "orders") == 15
    _same_when_replayed(engine)


def test_a_new_group_knows_its_members(engine: Runtime, folder: Path) -> None:
    """Though the trait that says who shares it was heard long ago."""
    for who in ("maija", "matti"):
        said = {"type": "identify", "messageId": who, "userId": who}
        tell(engine, [{**said, "traits": {"household_id": "H1"}}, order(1, who), order(2, who)])
    write(folder, Version(size=None, orders=None, tickets=None, group="household_id"))
    use.reload(engine, "anna")
    with engine.store.read() as snapshot:
        for customer in identity.customers(snapshot, engine.project):
            assert len(builders.other_members(snapshot, engine.project, customer)) == 1


def test_the_same_folder_changes_nothing(engine: Runtime) -> None:
    position = _position(engine)
    answer = use.reload(engine, "anna")
    assert not answer.changed
    assert _position(engine) == position


def test_opening_activates_what_the_folder_holds_now(opening: Opening, folder: Path) -> None:
    first = opening()
    tell(first, [order(number) for number in range(7)])
    write(folder, COUNTED)
    second = opening()
    assert _opened(second).changed
    assert trait(second, "orders") == 7
    third = opening()
    assert not _opened(third).changed
    assert trait(third, "orders") == 7
    _same_when_replayed(third)


def test_a_faulty_folder_leaves_the_version_that_holds(engine: Runtime, folder: Path) -> None:
    before = use.project(engine)
    tell(engine, [order(1)])
    position = _position(engine)
    (folder / "traits.yaml").write_text("traits:\n  orders: {cuont: events}\n  home: {type: txt}\n")
    with pytest.raises(ProjectError) as faulty:
        use.reload(engine, "anna")
    failed = use.project(engine).failed
    assert failed is not None
    assert [fault.line for fault in failed.faults] == [2, 3]
    assert str(faulty.value.faults[0]).startswith("traits.yaml:2: found")
    assert use.project(engine).project_digest == before.project_digest
    assert _position(engine) == position
    tell(engine, [order(2)])
    assert _letter(engine).project_digest == before.project_digest
    write(folder, COUNTED)
    use.reload(engine, "anna")
    assert use.project(engine).failed is None
    assert trait(engine, "orders") == 2


def _who(engine: Runtime) -> set[frozenset[str]]:
    """Everybody, as `namespace:value`."""
    with engine.view() as seen:
        everybody = list(identity.customers(seen.snapshot, seen.version.project))
    return {frozenset(f"{i.namespace}:{i.value}" for i in each.identifiers) for each in everybody}


def _rules(engine: Runtime, folder: Path, said: str) -> ReloadAnswer:
    (folder / "identity.yaml").write_text(f"namespaces:\n{said}")
    return use.reload(engine, "anna")


def test_a_new_spelling_is_the_same_customer_and_their_facts_stay(
    engine: Runtime, folder: Path
) -> None:
    """Also what an unmerge forbade, and what is told by the old spelling afterwards."""
    rules = "  user_id: {unique: true}\n  anonymous_id: {}\n"
    _rules(engine, folder, rules)
    devices = ({**order(n), "userId": who, "anonymousId": f"d{n}"} for n, who in enumerate(WHO))
    tell(engine, [*devices, {**order(9), "userId": "maija"}])
    parted = UnmergeRequest(one={"user_id": "Maija"}, other={"anonymous_id": "d1"})
    use.unmerge(engine, parted, "anna")
    one, two, three = "user_id:Maija", "user_id:maija", "user_id:MAIJA anonymous_id:d2"
    assert _who(engine) == {frozenset(each.split()) for each in (one, two, three)} | {
        frozenset({"user_id:matti", "anonymous_id:d0"})
    }
    write(folder, COUNTED)
    (folder / "identity.yaml").write_text(
        "namespaces:\n" + rules.replace("true", "true, normalise: [lower]")
    )
    told = use.rehearse_reload(engine)
    assert (told.customers_before, told.customers_after, told.respelled) == (4, 2, 2)
    assert (told.nobodies, told.joined, told.parted, told.changed) == (0, 1, 0, True)
    answer = use.reload(engine, "anna")
    assert (answer.filled, answer.facts) == (told.filled, told.facts)
    assert not use.rehearse_reload(engine).changed
    maija = frozenset({"user_id:maija", "anonymous_id:d2"})
    assert _who(engine) == {maija, frozenset({"user_id:matti", "anonymous_id:d0"})}
    assert trait(engine, "orders") == 3
    tell(engine, [{**order(10), "userId": "maiJA", "anonymousId": "d1"}])
    assert trait(engine, "orders") == 4
    assert maija in _who(engine)  # d1 was taken from Maija for good
    _same_when_replayed(engine)


WHO = ("matti", "Maija", "MAIJA")


def test_one_who_names_nobody_any_more_keeps_their_facts_and_joins_nobody(
    engine: Runtime, folder: Path
) -> None:
    rules = "  user_id: {unique: true}\n  email: {fields: [traits.email]}\n  anonymous_id: {}\n"
    _rules(engine, folder, rules)
    seller = {"traits": {"email": "shop@x.fi"}, "type": "identify", "minute": 1}
    tell(engine, [{**seller, "userId": "till", "anonymousId": "d1"}])
    assert _who(engine) == {frozenset({"user_id:till", "email:shop@x.fi", "anonymous_id:d1"})}
    blocked = rules.replace("unique: true", "unique: true, blocked: [till]")
    (folder / "identity.yaml").write_text(f"namespaces:\n{blocked}")
    told = use.rehearse_reload(engine)
    assert (told.customers_before, told.customers_after, told.nobodies) == (1, 1, 1)
    _rules(engine, folder, blocked)
    assert _who(engine) == {frozenset({"user_id:till"})}
    with engine.view() as seen:
        mail = Identifier("email", "shop@x.fi")
        found = identity.resolve(seen.snapshot, seen.version.project, mail)
    assert found.identifiers == (mail, Identifier("anonymous_id", "d1"))
    _rules(engine, folder, rules)
    assert _who(engine) == {frozenset({"user_id:till", "email:shop@x.fi", "anonymous_id:d1"})}
    _same_when_replayed(engine)


def test_a_store_of_before_is_read_by_the_rules_of_today_when_it_is_opened(
    folder: Path, opening: Opening
) -> None:
    """And one that is closed in the middle of it goes on where it stopped."""
    write(folder, COUNTED)
    tell(opening(), [{**order(n), "userId": "mAiJa" if n % 2 else "MAIJA"} for n in range(600)])
    (folder / "identity.yaml").write_text(
        "namespaces:\n  user_id: {unique: true, normalise: [lower]}\n"
    )

    def killed(progress: BackfillProgress) -> None:
        if progress.done:
            raise KilledError

    with pytest.raises(KilledError):
        opening(killed)
    engine = opening()
    assert _who(engine) == {frozenset({"user_id:maija"})}
    assert trait(engine, "orders") == 600
    assert 0 < _opened(engine).facts < 600
    _same_when_replayed(engine)


def test_a_store_of_an_earlier_shape_is_read_by_the_rules_of_today(
    folder: Path, opening: Opening, storage_url: str
) -> None:
    """All that such a store has is its log."""
    write(folder, COUNTED)
    tell(opening(), [{**order(n), "userId": who} for n, who in enumerate(WHO)])
    opening.close()
    earlier = (
        frozenset({SHAPES.name}),
        lambda transaction, _: transaction.put(SHAPES, history.HERE, Shape(3)),
    )
    with closing(open_store(storage_url, folder)) as store:
        assert store.refold([], due=lambda _: True, then=earlier) == 0
    (folder / "identity.yaml").write_text("namespaces: {user_id: {normalise: [lower]}}\n")
    engine = opening()
    assert _who(engine) == {frozenset({"user_id:matti"}), frozenset({"user_id:maija"})}
    assert trait(engine, "orders") == 2
    _same_when_replayed(engine)


def test_what_opening_would_do_is_told_of_a_closed_store_and_changes_nothing(
    folder: Path, opening: Opening, storage_url: str
) -> None:
    engine = opening()
    tell(engine, [{**order(n), "userId": who} for n, who in enumerate(WHO)])
    before, position = use.project(engine).project_digest, len(facts_of(engine.store))
    opening.close()
    (folder / "identity.yaml").write_text("namespaces: {user_id: {normalise: [lower]}}\n")
    told = rehearse_opening(folder, clock=ManualClock(NOON), storage=storage_url)
    assert (told.before, told.customers_before, told.customers_after) == (before, 3, 2)
    assert (told.joined, told.respelled, told.nobodies) == (1, 2, 0)
    assert told.changed
    with closing(open_store(storage_url, folder)) as store, store.read() as snapshot:
        assert len(facts_of(store)) == position
        active = snapshot.get(history.ACTIVE, history.HERE)
    assert active is not None
    assert active.digest == before


def test_a_resource_keeps_its_period_and_a_server_its_store(engine: Runtime, folder: Path) -> None:
    write(folder, PLAIN, **{"resources.yaml": "stamps: {amount: 1, per: week}\n"})
    use.reload(engine, "anna")
    tell(engine, [order(1)])
    write(folder, PLAIN, **{"resources.yaml": "stamps: {amount: 1, per: month}\n"})
    with pytest.raises(ProjectError, match="week as before"):
        use.reload(engine, "anna")
    elsewhere = "name: changing\nlanguages: [en]\nstorage: sqlite:elsewhere.db\n"
    write(folder, PLAIN, **{"tuttu.yaml": elsewhere})
    with pytest.raises(ProjectError, match="the store that is open"):
        use.reload(engine, "anna")


def test_events_during_a_fill_count_once_and_are_decided_by_the_version_that_holds(
    engine: Runtime, folder: Path
) -> None:
    tell(engine, [order(number) for number in range(600)])
    before = use.project(engine).project_digest
    write(folder, COUNTED)
    stands, go_on = queue.SimpleQueue[bool](), threading.Semaphore(0)

    def held(_: BackfillProgress) -> None:
        stands.put(True)
        go_on.acquire()

    answers: list[Any] = []

    def reload() -> None:
        try:
            answers.append(use.reload(engine, "anna", held))
        finally:
            stands.put(False)

    reloading = threading.Thread(target=reload, daemon=True)
    reloading.start()
    steps = 0
    while stands.get(timeout=HANG_SECONDS):
        filling = use.project(engine).filling
        assert filling is not None
        assert filling.project_digest != before
        tell(engine, [order(1_000 + steps)])
        assert _letter(engine).project_digest == before
        with pytest.raises(AlreadyReloading):
            use.reload(engine, "pekka")
        steps += 1
        go_on.release()
    reloading.join()
    assert steps >= 3
    assert answers[0].changed
    assert use.project(engine).filling is None
    assert trait(engine, "orders") == 600 + steps
    assert _letter(engine).project_digest == answers[0].project_digest
    _same_when_replayed(engine)


def test_a_queued_contact_whose_action_is_gone_is_withdrawn(engine: Runtime, folder: Path) -> None:
    _stamped(folder, PLAIN)
    use.reload(engine, "anna")
    decision = _letter(engine)
    [choice] = decision.choices
    assert (choice.action, use.resource(engine, "stamps").used) == ("tv", 1)
    assert not _letter(engine).choices
    _stamped(folder, PLAIN, **NO_TV)
    answer = use.reload(engine, "anna")
    assert [each.contact_id for each in answer.withdrawn] == [choice.contact_id]
    [contact] = use.customer(engine, {"user_id": "maija"}, "test").contacts
    gone = f"the action tv is gone since version {answer.project_digest[:12]}"
    assert (contact.state, contact.withdrawn) == ("released", gone)
    assert use.resource(engine, "stamps").used == 0
    [outcome] = use.decision_by_id(engine, decision.decision_id or "", "test").outcomes
    assert (outcome.outcome, outcome.why) == ("withdrawn", gone)
    entries = use.timeline(engine, {"user_id": "maija"}, "test", TimelineQuery()).entries
    assert [each.why for each in entries if each.kind == "ContactWithdrawn"] == [gone]
    # The contact limit is free again, too.
    assert [each.action for each in _letter(engine).choices] == ["radio"]
    _same_when_replayed(engine)


@pytest.mark.parametrize(
    ("was", "now", "why"),
    [
        ("status: live", "status: retired", "the action tv is retired"),
        ("  letter: {message: tv, answer_within: 3d}\n", "", "the treatment letter of tv is gone"),
    ],
)
def test_what_else_takes_a_queued_contact_away(
    engine: Runtime, folder: Path, was: str, now: str, why: str
) -> None:
    write(folder, PLAIN, **{"actions__sales__radio__radio.yaml": None})
    use.reload(engine, "anna")
    [choice] = _letter(engine).choices
    action = folder / "actions/sales/tv/tv.yaml"
    assert was in action.read_text()
    action.write_text(action.read_text().replace(was, now))
    assert [each.contact_id for each in use.reload(engine, "anna").withdrawn] == [choice.contact_id]
    [contact] = use.customer(engine, {"user_id": "maija"}, "test").contacts
    assert (contact.withdrawn or "").startswith(why)


def test_a_contact_whose_action_stays_is_not_withdrawn(engine: Runtime, folder: Path) -> None:
    _letter(engine)
    write(folder, COUNTED)
    assert not use.reload(engine, "anna").withdrawn
    [contact] = use.customer(engine, {"user_id": "maija"}, "test").contacts
    assert (contact.state, contact.withdrawn) == ("queued", None)


class Interrupted:
    """A store in which something happens just before the next commit."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.before: Callable[[], object] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(
        self, units: Sequence[Unit], *, folds: Sequence[RoomFolds] | None = None
    ) -> list[Result]:
        before, self.before = self.before, None
        if before is not None:
            before()
        return self._store.commit(units, folds=folds)


@pytest.fixture
def interrupted(folder: Path, storage_url: str) -> Any:
    store, clock = Interrupted(open_store(storage_url, folder)), ManualClock(NOON)
    reloads = Reloads(folder, read_project(folder, ROOMS), ROOMS, store, clock)
    engine = Runtime(store, clock, reloads.versions, reloads)
    yield engine, store
    engine.close()


def test_a_decision_in_flight_keeps_the_version_it_began_with(
    interrupted: tuple[Runtime, Interrupted], folder: Path
) -> None:
    engine, store = interrupted
    tell(engine, [order(1)])
    old = use.project(engine).project_digest
    write(folder, COUNTED, **NO_TV, **{"actions__sales__radio__radio.yaml": None})
    store.before = lambda: use.reload(engine, "anna")
    decision = _letter(engine)
    new = use.project(engine).project_digest
    assert old != new
    assert decision.project_digest == old
    [receipt] = [fact.body for fact in facts_of(store) if isinstance(fact.body, Receipt)]
    assert receipt.project_digest == old
    # Its action was gone when it was kept: the contact is withdrawn as it is made.
    [contact] = use.customer(engine, {"user_id": "maija"}, "test").contacts
    assert (contact.action, contact.state) == (decision.choices[0].action, "released")
    assert contact.withdrawn == f"the action {contact.action} is gone since version {new[:12]}"
    assert not _letter(engine).choices
    _same_when_replayed(engine)


def test_events_in_flight_are_folded_by_the_version_that_holds_when_they_are_kept(
    interrupted: tuple[Runtime, Interrupted], folder: Path
) -> None:
    engine, store = interrupted
    write(folder, COUNTED)
    store.before = lambda: use.reload(engine, "anna")
    tell(engine, [order(number) for number in range(5)])
    assert trait(engine, "orders") == 5
    _same_when_replayed(engine)


def test_an_old_version_can_be_read_from_the_store(engine: Runtime, folder: Path) -> None:
    old = use.project(engine).project_digest
    write(folder, COUNTED)
    use.reload(engine, "anna")
    history._LOADED.clear()
    with engine.store.read() as snapshot:
        project = history.project_of(snapshot, old, ROOMS)
        assert project is not None
        assert (project.digest, "orders" in project.profile.traits) == (old, False)
        assert history.project_of(snapshot, "0" * 64, ROOMS) is None


def test_a_fill_that_was_killed_goes_on_where_it_stopped(opening: Opening, folder: Path) -> None:
    engine = opening()
    tell(engine, [order(number) for number in range(900)])
    write(folder, COUNTED)

    def twice(progress: BackfillProgress) -> None:
        if progress.done > 400:
            raise KilledError

    with pytest.raises(KilledError):
        use.reload(engine, "anna", twice)
    tell(engine, [order(1_000)])
    again = opening()
    assert trait(again, "orders") == 901
    with again.store.read() as snapshot:
        told = [logged.fact.body for logged in snapshot.facts(limit=10_000)]
    through = [body.through for body in told if isinstance(body, HistoryFolded)]
    assert through == sorted(set(through))
    assert len(through) > 2
    _same_when_replayed(again)


def test_two_engines_on_one_store_follow_an_activation(
    folder: Path, tmp_path: Path, postgres_url: str
) -> None:
    (tmp_path / "other").mkdir()
    other_folder = write(tmp_path / "other", PLAIN)
    first = _engine(folder, postgres_url)
    (other_folder / ".tuttu").mkdir()
    shutil.copy(folder / ".tuttu/secret", other_folder / ".tuttu/secret")
    second = _engine(other_folder, postgres_url)
    try:
        tell(first, [order(number) for number in range(5)])
        write(folder, COUNTED)
        new = use.reload(first, "anna").project_digest
        # The other one is asked, then told, without ever having been touched.
        assert trait(second, "orders") == 5
        tell(second, [order(5)])
        assert trait(first, "orders") == 6
        assert _letter(second).project_digest == new
        assert use.project(second).project_digest == new
        _same_when_replayed(second)
    finally:
        first.close()
        second.close()


def _engine(folder: Path, url: str) -> Runtime:
    return open_engine(folder, clock=ManualClock(NOON), storage=url)


def _position(engine: Runtime) -> int:
    with engine.store.read() as snapshot:
        return snapshot.position
