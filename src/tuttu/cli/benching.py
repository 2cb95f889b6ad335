"""bench: how fast tuttu is on this machine."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec

import click
import msgspec

from tuttu import bench
from tuttu.cli import terminal
from tuttu.testing import postgres_programs, private_postgres

COLUMNS = ("bench", "size", "ours", "beside", "unit", "ratio", "target", "ok", "note")
POSTGRES = 18
"""Major version of the private server."""
VERDICTS = {True: "yes", False: "NO", None: "-"}


@click.command("bench")
@click.argument("names", nargs=-1, metavar="NAME…")
@click.option("--all", "all_of_them", is_flag=True, help="Run every bench.")
@click.option(
    "--list", "only_list", is_flag=True, help="Only name the benches: all, or those of NAME."
)
@click.option(
    "--quick",
    is_flag=True,
    help="As small as it runs at all, without a verdict: its numbers say nothing.",
)
@click.option(
    "--postgres",
    metavar="URL",
    envvar="TUTTU_BENCH_POSTGRES",
    show_envvar=True,
    help="An empty PostgreSQL database, for `store.pg`.  [default: of a private server, if its"
    " programs are installed]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def run_benches(
    names: tuple[str, ...],
    all_of_them: bool,
    only_list: bool,
    quick: bool,
    postgres: str | None,
    as_json: bool,
) -> None:
    """Measure how fast tuttu is on this machine, beside limits measured in the same run.

    NAME is a bench, or how names of several begin, as `decide`. A ratio is ours ÷ the limit or the
    peer, the target the most that it may be. Run it on a quiet machine: a bench that is disturbed
    gives no verdict.
    """
    wanted = _wanted(names, everything=all_of_them or (only_list and not names))
    if only_list:
        terminal.table((each.name, each.about) for each in bench.chosen(wanted))
        return
    if not wanted:
        raise click.UsageError("name a bench, or give --all; --list names them")
    scale = bench.Scale(quick)
    with _database(postgres, wanted) as url:
        _show(bench.run(wanted, scale, url, lambda text: terminal.say(text, err=True)), as_json)


def _wanted(names: Sequence[str], *, everything: bool) -> Sequence[str]:
    known = [each.name for each in bench.BENCHES]
    for name in names:
        if not bench.chosen([name]):
            expected = f"one of these, or how some begin: {', '.join(known)}"
            raise click.BadParameter(f"found {name!r}; expected {expected}", param_hint="NAME")
    return known if everything else names


def _show(results: Iterable[bench.Result], as_json: bool) -> None:
    if not as_json:
        terminal.table([COLUMNS, *map(_cells, results)])
        return
    for result in results:
        terminal.say_json(msgspec.json.encode(result.line()).decode())


@contextmanager
def _database(url: str | None, wanted: Sequence[str]) -> Iterator[str | None]:
    """The URL that was given, or that of a private server, if a bench wants one and it can be."""
    needed = any(each.postgres for each in bench.chosen(wanted))
    programs = postgres_programs(POSTGRES) if find_spec("psycopg") else None
    if url or not needed or programs is None:
        yield url
        return
    with private_postgres(programs=programs) as server:
        yield server.create()


def _cells(result: bench.Result) -> tuple[object, ...]:
    size = ", ".join(f"{name} {value}" for name, value in result.size.items())
    numbers = (result.ours, result.beside, result.unit, result.ratio, result.target)
    shown = ("-" if each is None else each for each in numbers)
    return (result.bench, size, *shown, VERDICTS[result.ok], result.note)
