"""A funnel as text, for people at a terminal."""

from collections.abc import Iterator, Sequence

from tuttu.batch.funnel.tally import Funnel, FunnelLine, StageCount
from tuttu.vocabulary.counting import so_many

NO_DATA = "no data"
HEADER = ("entered", "refused", "passed")


def funnel_text(funnel: Funnel, *, treatments: bool = False) -> str:
    """The overview, then each action stage by stage with the reasons; with `treatments`, each of
    its treatments too."""
    lines = [line for line in funnel.lines if treatments or line.treatment is None]
    parts = [overview(funnel), *(_stages(line) for line in lines)]
    return "\n\n".join(parts)


def overview(funnel: Funnel) -> str:
    """One row for each action: how many each stage refused, and how many were left."""
    title = f"{so_many(funnel.customers, 'customer')} at {funnel.now}, refused by stage"
    stages = [each.stage for each in funnel.actions[0].stages] if funnel.actions else []
    rows = [
        (_named(line), *(_refused(each) for each in line.stages), f"{line.chosen:,}")
        for line in funnel.actions
    ]
    return "\n".join([title, *_table([("", *stages, "chosen"), *rows])])


def _stages(line: FunnelLine) -> str:
    title = _named(line) if line.treatment is None else f"{_named(line)} by {line.treatment}"
    rows: list[tuple[str, ...]] = [(title, *HEADER)]
    for count in line.stages:
        figures = (f"{count.entered:,}", _refused(count), f"{count.passed:,}")
        rows.append((f"  {count.stage}", *figures))
        rows += [(f"    {reason}", "", f"{many:,}", "") for reason, many in count.reasons.items()]
    rows.append(("  chosen", "", "", f"{line.chosen:,}"))
    return "\n".join(_table(rows))


def _named(line: FunnelLine) -> str:
    return line.action if line.about is None else f"{line.action}, each of {line.about}"


def _refused(count: StageCount) -> str:
    return NO_DATA if count.no_data else f"{count.refused:,}"


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Names to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *cells in rows:
        figures = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        yield "  ".join([name.ljust(widths[0]), *figures]).rstrip()
