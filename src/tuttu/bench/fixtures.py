"""What benches share: how large, and a store of customers that is filled once."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from tuttu import access, api, decision, identity
from tuttu import engine as use
from tuttu.bench import company, customers, load, results
from tuttu.vocabulary import clock, events, values
from tuttu.vocabulary.counting import so_many

T = TypeVar("T")
TICK = values.SECOND // 1_000
"""How far time goes on from one decision to the next."""
FEW = 12
"""Actions of the smallest company, with which the store is filled."""
SMALLEST = company.GeneratedCompany(FEW)


class Scale(NamedTuple):
    """quick: as small as it runs at all, for tests of the benches themselves. seconds: of one
    repeat under load."""

    quick: bool = False

    def of(self, full: T, quick: T) -> T:
        return quick if self.quick else full

    @property
    def rounds(self) -> int:
        return self.of(3, 2)

    @property
    def repeats(self) -> int:
        return self.of(5, 1)

    @property
    def seconds(self) -> float:
        return self.of(2.0, 0.1)

    @property
    def customers(self) -> int:
        return self.of(20_000, 80)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of actions."""
        return self.of((FEW, 1_000, 2_500), (FEW, 15))


class Desk:
    """An engine in this process, asked for each customer in turn; time goes on by `TICK` each."""

    def __init__(self, runtime: use.Runtime, time: clock.ManualClock) -> None:
        self.runtime = runtime
        self._clock = time
        self._turns = count()

    def decide(
        self, who: str | None = None, *, dry_run: bool = False, refused: bool = False
    ) -> api.DecideAnswer:
        """who: the customer; else the next one. refused: with all reasons, which a caller over HTTP
        has to ask for."""
        self._clock.set(self._clock.now() + TICK)
        asked = {"user_id": who or customers.user(next(self._turns))}
        request = api.DecideRequest(
            who=asked, surfaces=[company.SURFACE], dry_run=dry_run, refused=refused
        )
        return use.decide(self.runtime, request)

    def accept(self, calls: Iterable[customers.Call]) -> None:
        """In batches, each durable."""
        customers.accept(self.runtime, calls)

    def view(self, who: str) -> decision.DecisionView:
        """What a decision for the customer sees; nothing is worked out of it yet."""
        project = self.runtime.project
        with self.runtime.view() as seen:
            named = identity.resolve(seen.snapshot, project, events.Identifier("user_id", who))
            rooms, now = seen.version.contributing, self.runtime.now()
            asked = (company.SURFACE,)
            return decision.view(seen.snapshot, project, named, now, rooms=rooms, asked=asked)

    def refused_by(
        self, *stages: str, treatment: str | None = None
    ) -> Callable[[decision.DecisionView], list[bool]]:
        """Who is refused at one of these stages, alone: for each candidate, in the order of names.
        treatment: only candidates by it."""
        query = decision.DecisionQuery(surfaces=(company.SURFACE,), fragment=b"")
        chosen = [stage for stage in decision.STAGES if stage.name in stages]

        def refused(view: decision.DecisionView) -> list[bool]:
            (pool,) = decision.pools_of(view, query)
            bits = 0
            for stage in chosen:
                bits |= stage.refused(pool, view, pool.bits)
            return [
                bool(bits >> place & 1)
                for place, way in enumerate(pool.ways.listed)
                if treatment in (None, way.treatment.name)
            ]

        return refused

    def funnel(self) -> object:
        """Everybody judged for every action."""
        return use.funnel(self.runtime, api.FunnelQuery())

    def read_by(self, decision_id: str) -> list[object]:
        """The values that a decision has read."""
        return list(use.decision_by_id(self.runtime, decision_id, "bench").read.values())


class Fixtures:
    """folder: temporary; all is made in it. postgres: URL of an empty database, if there is one.
    report: is told what is being done."""

    def __init__(
        self,
        folder: Path,
        scale: Scale,
        postgres: str | None = None,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.folder = folder
        self.scale = scale
        self.postgres = postgres
        self.report = report
        self.now = datetime.now(UTC) - timedelta(minutes=5)
        self.numbers = count()
        """Each is taken once."""

    def rounds(
        self, measurement: results.Measurement, repeat: Callable[[], results.Sample], most: int = 9
    ) -> results.Rounds:
        """most: repeats of a round, of what takes long."""
        self.report(f"{measurement.bench} {dict(measurement.size)}")
        return results.in_rounds(self.scale.rounds, min(most, self.scale.repeats), repeat)

    def measure(
        self, measurement: results.Measurement, repeat: Callable[[], results.Sample], most: int = 9
    ) -> results.Result:
        return measurement.answer(self.rounds(measurement, repeat, most))

    def project(self, actions: int) -> Path:
        """A folder of its own, of a company with so many actions and all customers."""
        folder = self.folder / f"project-{next(self.numbers)}"
        shutil.copytree(self._filled[0], folder)
        return company.write(company.GeneratedCompany(actions), folder)

    def empty(self, made: company.GeneratedCompany = SMALLEST) -> Path:
        """A folder of its own, without customers."""
        return company.write(made, self.folder / f"project-{next(self.numbers)}")

    @contextmanager
    def desk(self, folder: Path, storage: str | None = None) -> Iterator[Desk]:
        time = clock.ManualClock(customers.instant(self.now) + TICK)
        with closing(use.open_engine(folder, clock=time, storage=storage)) as runtime:
            yield Desk(runtime, time)

    @property
    def key(self) -> str:
        """Of a server key with all scopes, in the store of every project with customers."""
        return self._filled[1]

    @cached_property
    def _filled(self) -> tuple[Path, str]:
        """A project with all customers, and the key."""
        self.report(f"making {so_many(self.scale.customers, 'customer')} known")
        folder = self.empty()
        customers.seed_store(folder, self.scale.customers, FEW, self.now)
        with self.desk(folder) as desk:
            wanted = api.KeyRequest(name="bench", scopes=[*access.Scope])
            return folder, use.issue_key(desk.runtime, wanted).key

    def decisions(self, *, dry_run: bool = False) -> Iterator[bytes]:
        """A request for each customer in turn, and from the first one again. Few of them ask who
        was refused, too."""
        for number in count():
            who = {"user_id": customers.user(number % self.scale.customers)}
            body = {"who": who, "surfaces": [company.SURFACE], "dry_run": dry_run}
            if number % TELLING == TELLING - 1:
                body["refused"] = True
            yield self.request("/v1/decide", msgspec.json.encode(body))

    def request(self, path: str, body: bytes) -> bytes:
        return load.request(path, body, self.key)


TELLING = 50
"""Of so many requests one asks who was refused."""


class Bench(NamedTuple):
    """name: by which it is asked for. about: what is compared, and the targets. run: gives a result
    for each size, as it comes; raises MissingPeerError and BenchError. postgres: it wants a
    database of PostgreSQL."""

    name: str
    about: str
    run: Callable[[Fixtures], Iterable[results.Result]]
    postgres: bool = False
