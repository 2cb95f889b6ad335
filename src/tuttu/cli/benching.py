"""bench: how fast tuttu is on this machine."""

import click
import msgspec

from tuttu import bench
from tuttu.cli import terminal

COLUMNS = ("bench", "size", "ours", "beside", "unit", "ratio", "target", "ok", "note")
VERDICTS = {True: "yes", False: "NO", None: "-"}


@click.command("bench")
@click.argument("names", nargs=-1, metavar="NAME…")
@click.option("--all", "all_of_them", is_flag=True, help="Run every bench.")
@click.option("--list", "only_list", is_flag=True, help="Only name the benches.")
@click.option("--quick", is_flag=True, help="As small as it runs at all: its numbers say nothing.")
@click.option(
    "--postgres",
    metavar="URL",
    envvar="TUTTU_BENCH_POSTGRES",
    show_envvar=True,
    help="An empty PostgreSQL database, for the benches that need one.",
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
    if only_list:
        terminal.table((each.name, each.about) for each in bench.BENCHES)
        return
    wanted = [each.name for each in bench.BENCHES] if all_of_them else names
    for name in wanted:
        if not bench.chosen([name]):
            raise click.BadParameter(f"no bench is called {name!r}; see --list", param_hint="NAME")
    if not wanted:
        raise click.UsageError("name a bench, or give --all; --list names them")
    results = bench.run(
        wanted, bench.Scale(quick), postgres, lambda text: terminal.say(text, err=True)
    )
    if as_json:
        for result in results:
            terminal.say_json(msgspec.json.encode(result.line()).decode())
        return
    terminal.table([COLUMNS, *map(_cells, results)])


def _cells(result: bench.Result) -> tuple[object, ...]:
    size = ", ".join(f"{name} {value}" for name, value in result.size.items())
    numbers = (result.ours, result.beside, result.unit, result.ratio, result.target)
    shown = ("-" if each is None else each for each in numbers)
    return (result.bench, size, *shown, VERDICTS[result.ok], result.note)
