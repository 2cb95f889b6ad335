"""A comparison as text, for people at a terminal."""

from __future__ import annotations

from tuttu.api import Difference, Verification


def verification_text(found: Verification) -> str:
    title = f"{found.customers:,} customers and {found.events:,} events at {found.now}"
    rows = [("", "definitions", "compared", "different")]
    rows += [
        (each.part, f"{each.definitions:,}", f"{each.compared:,}", f"{each.different:,}")
        for each in found.parts
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join([name.ljust(widths[0]), *(map(str.rjust, cells, widths[1:]))])
        for name, *cells in rows
    ]
    end = "one meaning: no difference" if found.agree else "two meanings:"
    return "\n".join([title, *lines, end, *map(_line, found.differences)])


def _line(each: Difference) -> str:
    item = f", item {each.item}" if each.item else ""
    live, batch = (("NULL" if value is None else value) for value in (each.live, each.batch))
    return f"{each.part}: {each.name}: customer {each.customer}{item}: live {live}, batch {batch}"
