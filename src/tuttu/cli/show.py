"""Answers in words: what people read at the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click
import msgspec

from tuttu.engine.answers import (
    CustomerAnswer,
    DeadLetterAnswer,
    DecideAnswer,
    PreferencesAnswer,
    ResourceAnswer,
    ShownChoice,
    ShownRefusal,
    TimelineEntry,
    Who,
)


def table(rows: Iterable[Sequence[object]], indent: str = "  ") -> None:
    """Rows of cells in aligned columns; the last column runs free."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)] if texts else []
    for row in texts:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        click.echo((indent + "  ".join(padded)).rstrip())


def named(who: Who) -> str:
    return ", ".join(f"{namespace}:{value}" for namespace, value in who.items())


def decision(answer: DecideAnswer) -> None:
    """What was chosen and why, what was not and why not."""
    kind = f"decision {answer.decision_id}" if answer.decision_id else "dry run, nothing written"
    click.echo(f"{answer.customer} at {answer.now}, arm {answer.arm} ({kind})")
    for choice in answer.choices:
        _choice(choice)
    for choice in answer.withheld:
        click.echo(
            f"{choice.surface} slot {choice.slot + 1}: {choice.action} withheld, control group"
        )
    for surface, content in answer.defaults.items():
        click.echo(f"{surface} otherwise: {content or 'nothing'}")
    if answer.refused:
        click.echo("not chosen:")
        table(_refusals(answer.refused))


def _choice(choice: ShownChoice) -> None:
    again = ", shown before and still held" if choice.reused else ""
    click.echo(
        f"{choice.surface} slot {choice.slot + 1}: {choice.action} ({choice.treatment}), "
        f"worth {choice.worth:.2f}, probability {choice.probability:g}{again}"
    )
    click.echo(f"  shows: {' '.join(choice.content.split())}")
    for reason in choice.why:
        click.echo(f"  because {reason}")


def _refusals(refused: Iterable[ShownRefusal]) -> list[tuple[str, ...]]:
    """One row for each action and reason, with all the surfaces on which it was the reason."""
    surfaces: dict[tuple[str, ...], list[str]] = {}
    for each in refused:
        surfaces.setdefault((each.action, each.stage, each.reason), []).append(each.surface)
        for other in each.also:
            key = (each.action, f"also {other['stage']}", other["reason"])
            surfaces.setdefault(key, []).append(each.surface)
    return [
        (action, f"{stage}:", reason, ", ".join(dict.fromkeys(where)))
        for (action, stage, reason), where in surfaces.items()
    ]


def customer(answer: CustomerAnswer) -> None:
    """The whole picture of a customer."""
    known = ", ".join(named(each) for each in answer.identifiers)
    click.echo(f"{answer.customer}: {known} ({answer.fragments} fragments)")
    _section("traits", ((name, _value(value)) for name, value in answer.traits.items()))
    _section("from", ((name, _value(value)) for name, value in answer.sources.items()))
    for name, items in answer.collections.items():
        _section(name, ((_value(item),) for item in items))
    _section(
        "contacts",
        (
            (each.time, each.channel, each.action or "-", each.state, each.outcome or "-")
            for each in answer.contacts
        ),
    )
    _section(
        "links refused",
        ((named(each.one), named(each.other), each.reason) for each in answer.refused_links),
    )


def _section(title: str, rows: Iterable[Sequence[object]]) -> None:
    found = list(rows)
    if found:
        click.echo(f"{title}:")
        table(found)


def _value(value: object) -> str:
    return msgspec.json.encode(value).decode()


def timeline(entries: Iterable[TimelineEntry]) -> None:
    """One line for each fact."""
    rows = []
    for each in entries:
        said = bytes(each.properties if bytes(each.properties) != b"{}" else each.traits).decode()
        rows.append((each.time, each.kind, each.name or "-", "" if said == "{}" else said))
    table(rows, indent="")


def preferences(answer: PreferencesAnswer) -> None:
    table(
        (
            each.purpose,
            each.channel,
            "in" if each.allowed else "out",
            "chosen" if each.chosen else "by default",
        )
        for each in answer.preferences
    )


def resources(answers: Iterable[ResourceAnswer]) -> None:
    header = ("resource", "amount", "used", "held", "free", "per")
    rows = (
        (each.name, each.amount, each.used, each.held, each.free, each.per or "-")
        for each in answers
    )
    table([header, *rows], indent="")


def letters(answers: Iterable[DeadLetterAnswer]) -> None:
    table(
        ((each.id, each.received, each.status, each.route, each.code, each.reason))
        for each in answers
    )
