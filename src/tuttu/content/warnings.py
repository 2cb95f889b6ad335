"""What is probably not meant: templates that work, and are not for everybody."""

import re
from collections import defaultdict
from collections.abc import Iterator

from liquid.exceptions import LiquidError

from tuttu.content import checking, required, templates
from tuttu.content.sms import least_of
from tuttu.content.unknown import Unknown, printed_unknown
from tuttu.vocabulary import errors, library, values
from tuttu.vocabulary.project import Project

_MARKUP = re.compile(r"</[a-zA-Z]|<(?:a|b|br|div|h[1-6]|html|i|img|p|span|strong|table|ul)\b[^<]*>")


def warnings(project: Project) -> Iterator[errors.Fault]:
    """Values that may be unknown where they are printed, missing translations and subjects, text
    messages over their segments, markup on a channel of plain text."""
    yield from _translations(project)
    shown = _shown_by(project)
    known = required.always_known(project)
    for message in project.messages.values():
        yield from _markup(message, project)
        actions = shown.get((message.name, message.channel), [])
        unknown = unknown_of(project, actions, known)
        for part in checking.parts_of(message):
            yield from _unknown(part, unknown, project)
        yield from _segments(message, project)


def _shown_by(project: Project) -> dict[tuple[str, str], list[library.Action]]:
    """The actions that show a message on a channel."""
    found: dict[tuple[str, str], list[library.Action]] = defaultdict(list)
    for action in project.actions.values():
        for key in {(each.message, each.channel) for each in action.treatments.values()}:
            found[key].append(action)
    return found


def _unknown(
    message: library.Message, unknown: Unknown, project: Project
) -> Iterator[errors.Fault]:
    try:
        parsed = checking.environment_of(message, project).from_string(message.template)
    except LiquidError:
        return  # a fault already
    told = set()
    for each in printed_unknown(parsed, unknown):
        where = checking.where_of(message, each.index)
        if (where, each.name) not in told:
            told.add((where, each.name))
            found = f"`{each.name}`, which may be unknown"
            expected = (
                f"`{{{{ {each.name} | default: '…' }}}}`, or an `if` around it: without, who it is"
                " unknown of does not get this message"
            )
            yield errors.Fault(where, found, expected)


def unknown_of(
    project: Project, actions: list[library.Action], known: frozenset[str] = frozenset()
) -> Unknown:
    """What may be unknown in a message. actions: that show it; what each of them requires is known,
    as is what is `known` of everybody."""
    keys = {name: each.key for name, each in project.profile.collections.items()}
    collections = {
        name: frozenset(fields) - {keys.get(name, "")}
        for name, fields in project.row_schema.collections.items()
    }
    names = set(project.row_schema.columns)
    for about in {each.about for each in actions if each.about is not None}:
        names.update(map(values.item_column, collections[about]))
    if actions:
        known |= frozenset.intersection(*map(required.required_by, actions))
    return Unknown(names=frozenset(names - known), collections=collections)


def _translations(project: Project) -> Iterator[errors.Fault]:
    """Of each message and channel: the languages without a text, and the texts without a subject
    where others have one. Who reads such a language gets the company's first one."""
    found: dict[tuple[str, str], list[library.Message]] = defaultdict(list)
    for message in project.messages.values():
        found[message.name, message.channel].append(message)
    for (name, channel), texts in found.items():
        there = {each.language for each in texts}
        missing = [each for each in project.company.languages if each not in there]
        if missing:
            paths = ", ".join(f"content/{name}.{channel}.{each}.liquid" for each in missing)
            yield errors.Fault(
                errors.Where(texts[0].where.file, 1),
                f"a message without a text in {', '.join(missing)}",
                f"{paths}: who reads that language gets another one",
            )
        if any(each.subject is not None for each in texts):
            for each in texts:
                if each.subject is None:
                    where = errors.Where(each.where.file, 1)
                    found_here = "a text without a `subject`, where other languages have one"
                    yield errors.Fault(where, found_here, "a subject between lines of `---`")


def _segments(message: library.Message, project: Project) -> Iterator[errors.Fault]:
    most = templates.segments_on(message.channel, project)
    if most is None:
        return
    try:
        parsed = checking.environment_of(message, project).from_string(message.template)
    except LiquidError:
        return
    least = least_of(parsed)
    if least.segments > most:
        sign = f", since {least.beyond!r} is not of the alphabet of GSM" if least.beyond else ""
        yield errors.Fault(
            message.where,
            f"a text message of {least.segments} segments before any value is filled in: "
            f"{least.units} of {least.room} characters in each{sign}",
            f"at most {most}, as the channel {message.channel!r} has in `segments`",
        )


def _markup(message: library.Message, project: Project) -> Iterator[errors.Fault]:
    found = _MARKUP.search(message.template)
    if found and templates.content_on(message.channel, project) == "text":
        where = checking.where_of(message, found.start())
        yield errors.Fault(
            where,
            f"the markup {found[0][:40]!r} on the channel {message.channel!r}, which is plain text",
            "`content: html` on the channel: only then are values escaped",
        )
