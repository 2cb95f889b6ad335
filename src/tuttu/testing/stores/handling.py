"""How the suite handles a store: a fold that does what the fact says, and short words for it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Literal, Protocol

import msgspec

from tuttu.storage import Store
from tuttu.vocabulary import facts as f
from tuttu.vocabulary.events import Event, FragmentId, Identifier
from tuttu.vocabulary.room import RoomFolds

NOBODY = bytes(16)


class Note(msgspec.Struct):
    """A record of the suite."""

    text: str


SHARED = f.Table("suite.shared", Note)
PERSONAL = f.Table("suite.personal", Note, personal=True)
FOREIGN = f.Table("elsewhere.notes", Note)
TABLES = {table.name: table for table in (SHARED, PERSONAL, FOREIGN)}


class Step(msgspec.Struct, frozen=True):
    """One thing that the fold of the suite does for a fact. key of `PERSONAL`: what follows the
    fact's own fragment. text: of the note, or of the refusal or failure."""

    what: Literal["put", "delete", "refuse", "fail"]
    key: bytes = b""
    text: str = ""
    table: str = SHARED.name


def put(key: bytes, text: str = "", table: f.Table[Note] = SHARED) -> Step:
    return Step("put", key, text, table.name)


def delete(key: bytes, table: f.Table[Note] = SHARED) -> Step:
    return Step("delete", key, table=table.name)


REFUSE = Step("refuse", text="no more")
FAIL = Step("fail", text="a mistake of ours")
_STEPS = msgspec.json.Decoder(list[Step])


def apply(transaction: f.Transaction, logged: f.Logged) -> None:
    """The fold of the suite, of the room `suite`."""
    assert isinstance(logged.fact.body, Event)  # noqa: S101 - the suite sends nothing else
    for step in _STEPS.decode(logged.fact.body.properties):
        table = TABLES[step.table]
        key = (logged.fact.fragment or NOBODY) + step.key if table.personal else step.key
        match step.what:
            case "put":
                transaction.put(table, key, Note(step.text))
            case "delete":
                transaction.delete(table, key)
            case "refuse":
                raise f.Exhausted(step.text)
            case "fail":
                raise ArithmeticError(step.text)


def room_with(
    fold: f.Fold, room: str = "suite", tables: tuple[f.Table[Note], ...] = (SHARED, PERSONAL)
) -> RoomFolds:
    """A room that folds events."""
    names = frozenset(table.name for table in tables)
    return RoomFolds(room=room, tables=names, folds={Event: fold})


SUITE = room_with(apply)


def fact_of(fragment: FragmentId | None, id: str, steps: Sequence[Step]) -> f.Fact:  # noqa: A002
    body = Event(
        id=id,
        call="track",
        name="Suite",
        identifiers=(Identifier("user_id", "maija@suite.example"),),
        time=1,
        received=2,
        properties=msgspec.json.encode(steps),
    )
    return f.Fact(id=id, fragment=fragment, time=1, received=2, body=body)


def unit_of(
    store: Store,
    *steps: Step,
    who: str | None = "maija",
    id: str = "m",  # noqa: A002
    dedupe_keys: tuple[bytes, ...] = (),
    reads: tuple[tuple[str, bytes, int], ...] = (),
) -> f.Unit:
    """One fact of a person (None: of nobody), and what it does."""
    fragment = None if who is None else store.pseudonym("user_id", who)
    return f.Unit(facts=(fact_of(fragment, id, steps),), dedupe_keys=dedupe_keys, reads=reads)


class Subject(Protocol):
    """One store under test, empty at first.

    several: whether it may be opened more than once at a time.
    """

    several: bool

    def open(self) -> Store:
        """A handle on the store, which the suite closes."""

    def raw(self) -> bytes:
        """All that is kept outside this process, as it would be stolen."""

    def exchange(self, table: str, one: bytes, other: bytes) -> None:
        """Behind the store's back, gives two records each other's stored bytes."""

    def forget(self, fragment: bytes) -> None:
        """Behind the store's back, deletes the key of a fragment."""

    def damage(self, position: int) -> None:
        """Behind the store's back, changes the stored bytes of a fact."""

    def full(self) -> AbstractContextManager[None]:
        """Meanwhile nothing that is committed can be kept."""


@contextmanager
def opened(subject: Subject, *rooms: RoomFolds) -> Iterator[Store]:
    with closing(subject.open()) as store:
        store.register(rooms or [SUITE])
        yield store


def text_of(store: Store, key: bytes, table: f.Table[Note] = SHARED) -> str | None:
    with store.read() as snapshot:
        note = snapshot.get(table, key)
    return None if note is None else note.text


def together(count: int, work: Callable[[int], object]) -> list[object]:
    """What the threads returned, started at the same moment; raises what any of them raised."""
    start = threading.Barrier(count)

    def run(number: int) -> object:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
