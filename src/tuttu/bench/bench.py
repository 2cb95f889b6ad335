"""A bench as a record."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from tuttu.bench.fixtures import Fixtures
from tuttu.bench.results import Result


class Bench(NamedTuple):
    """name: by which it is asked for. about: what is compared, and the targets. run: gives a result
    for each size, as it comes; raises MissingPeerError and BenchError. postgres: it wants a
    database of PostgreSQL."""

    name: str
    about: str
    run: Callable[[Fixtures], Iterable[Result]]
    postgres: bool = False
