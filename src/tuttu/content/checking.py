"""Every template of a project, parsed, and its names looked up."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches

import msgspec
from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError

from tuttu.content.templates import NOW, environment, locale_of
from tuttu.content.work import counted
from tuttu.vocabulary import errors, library, values
from tuttu.vocabulary.project import Project


def check(project: Project) -> list[errors.Fault]:
    """All faults of all templates: what does not parse, unknown filters, and names that no trait
    has, each in every place where it stands."""
    columns = project.row_schema.columns.keys()
    known = {NOW, *columns, *project.row_schema.collections.keys()}
    subjects = _subjects(project)
    return sorted(
        fault
        for message in project.messages.values()
        for part in parts_of(message)
        for fault in _faults(
            part,
            environment_of(message, project),
            known | of_items(project, subjects.get((message.name, message.channel), frozenset())),
        )
    )


def environment_of(message: library.Message, project: Project) -> Environment:
    """What its templates may use; how they escape changes no fault."""
    return environment("text", locale_of(message.channel, message.language, project))


def parts_of(message: library.Message) -> Iterator[library.Message]:
    """Its text, and its subject as if it were one."""
    yield message
    if message.subject is not None and message.subject_where is not None:
        yield msgspec.structs.replace(
            message, template=message.subject, where=message.subject_where
        )


def _subjects(project: Project) -> dict[tuple[str, str], set[str | None]]:
    """Message and channel to the collections that the actions which show it are about."""
    found: dict[tuple[str, str], set[str | None]] = {}
    for action in project.actions.values():
        for treatment in action.treatments.values():
            found.setdefault((treatment.message, treatment.channel), set()).add(action.about)
    return found


def of_items(project: Project, subjects: Collection[str | None]) -> set[str]:
    """The fields of the item that every action which shows the message has."""
    fields = [
        set()
        if about is None
        else {*map(values.item_column, project.row_schema.collections[about])}
        for about in subjects
    ]
    return set.intersection(*fields) if fields else set()


def _faults(
    message: library.Message, liquid: Environment, known: set[str]
) -> Iterator[errors.Fault]:
    try:
        parsed = liquid.from_string(message.template)
        counted(liquid.from_string(message.template))
    except LiquidError as error:
        index = error.token.start_index if error.token else 0
        found = f"a template that does not parse: {error.message}"
        yield errors.Fault(where_of(message, index), found, "Liquid")
        return
    yield from _unknown_names(message, parsed, known)
    yield from _unknown_filters(message, parsed, liquid.filters)


def _unknown_names(
    message: library.Message, parsed: BoundTemplate, known: set[str]
) -> Iterator[errors.Fault]:
    """``told.shoe_size``, ``address.city`` and ``item.product`` are one name; of anything else the
    first part is."""
    sources = {name.partition(".")[0] for name in known if "." in name}
    for places in parsed.analyze().globals.values():
        for place in places:
            name = str(place.segments[0])
            if name not in known and name in sources and len(place.segments) > 1:
                parts = [str(each) for each in place.segments]
                paths = [".".join(parts[:count]) for count in range(2, len(parts) + 1)]
                name = next((path for path in paths if path in known), paths[0])
            if name == values.ITEM and len(place.segments) > 1:
                name = values.item_column(str(place.segments[1]))
            if name not in known:
                where = where_of(message, place.span.index)
                yield errors.Fault(
                    where, f"the name {name!r}", _expected(name, known), _near(name, known)
                )


def _expected(name: str, known: Collection[str]) -> str:
    if not name.startswith(values.ITEM):
        return "a declared trait"
    fields = sorted(each for each in known if each.startswith(values.OF_ITEM))
    if fields:
        return f"a field of the item: {', '.join(fields)}"
    return "a message that only actions with `about` show: what stands there is of their item"


def _unknown_filters(
    message: library.Message, parsed: BoundTemplate, known: Collection[str]
) -> Iterator[errors.Fault]:
    for name, places in parsed.analyze().filters.items():
        if name not in known:
            for place in places:
                where = where_of(message, place.index)
                yield errors.Fault(where, f"the filter {name!r}", "a filter", _near(name, known))


def _near(name: str, known: Collection[str]) -> str | None:
    return next(iter(get_close_matches(name, sorted(known), 1)), None)


def where_of(message: library.Message, index: int) -> errors.Where:
    line = message.where.line + message.template.count("\n", 0, index)
    return errors.Where(message.where.file, line)
