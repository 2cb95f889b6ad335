"""Runs benches by name, one after the other, in a folder that is deleted afterwards."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tuttu.bench import fixtures, peers, results
from tuttu.bench.benches import BENCHES

QUICK = "a quick run measures nothing"


def run(
    names: Sequence[str],
    scale: fixtures.Scale,
    postgres: str | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Iterator[results.Result]:
    """Results as they come. names: of benches, or how such names begin, as ``decide``. postgres:
    URL of an empty database. report: is told what is being done. Raises BenchError."""
    with tempfile.TemporaryDirectory(prefix="tuttu-bench-") as folder:
        ground = fixtures.Fixtures(Path(folder), scale, postgres, report)
        for bench in chosen(names):
            try:
                for result in bench.run(ground):
                    yield result.unjudged(QUICK) if scale.quick else result
            except peers.MissingPeerError as missing:
                yield results.Measurement(bench=bench.name, size={}, unit="").skipped(str(missing))


def chosen(names: Sequence[str]) -> list[fixtures.Bench]:
    """Those of these names, in the order of the list; a name that none has names all that begin
    with it and a point."""
    known = {bench.name for bench in BENCHES}
    exact = known.intersection(names)
    begins = tuple(f"{name}." for name in names if name not in known)
    return [each for each in BENCHES if each.name in exact or each.name.startswith(begins)]
