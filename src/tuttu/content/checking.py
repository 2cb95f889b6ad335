"""Every template of a project, parsed, and its names looked up."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError

from tuttu.content.templates import environment
from tuttu.content.values import NOW
from tuttu.vocabulary.errors import Fault, Where
from tuttu.vocabulary.library import Message
from tuttu.vocabulary.project import Project


def check(project: Project) -> list[Fault]:
    """All faults of all templates: what does not parse, unknown filters, and names that no trait
    has, each in every place where it stands."""
    columns = project.row_schema.columns.keys()
    known = {NOW, *columns, *project.row_schema.collections.keys()}
    return sorted(
        fault
        for message in project.messages.values()
        for fault in _faults(message, environment(message.channel, project.company.zone), known)
    )


def _faults(message: Message, liquid: Environment, known: set[str]) -> Iterator[Fault]:
    try:
        parsed = liquid.from_string(message.template)
    except LiquidError as error:
        index = error.token.start_index if error.token else 0
        found = f"a template that does not parse: {error.message}"
        yield Fault(_where(message, index), found, "Liquid")
        return
    yield from _unknown_names(message, parsed, known)
    yield from _unknown_filters(message, parsed, liquid.filters)


def _unknown_names(message: Message, parsed: BoundTemplate, known: set[str]) -> Iterator[Fault]:
    """``told.shoe_size`` is one name; of anything else the first part is."""
    sources = {name.partition(".")[0] for name in known if "." in name}
    for places in parsed.analyze().globals.values():
        for place in places:
            name = str(place.segments[0])
            if name not in known and name in sources and len(place.segments) > 1:
                name = f"{name}.{place.segments[1]}"
            if name not in known:
                where = _where(message, place.span.index)
                yield Fault(where, f"the name {name!r}", "a declared trait", _near(name, known))


def _unknown_filters(
    message: Message, parsed: BoundTemplate, known: Collection[str]
) -> Iterator[Fault]:
    for name, places in parsed.analyze().filters.items():
        if name not in known:
            for place in places:
                where = _where(message, place.index)
                yield Fault(where, f"the filter {name!r}", "a filter", _near(name, known))


def _near(name: str, known: Collection[str]) -> str | None:
    return next(iter(get_close_matches(name, sorted(known), 1)), None)


def _where(message: Message, index: int) -> Where:
    line = message.where.line + message.template.count("\n", 0, index)
    return Where(message.where.file, line)
