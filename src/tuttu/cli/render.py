"""Answers in words: what people read at the command line."""

from collections.abc import Iterable, Sequence

import msgspec

from tuttu import api
from tuttu.cli import terminal
from tuttu.cli.options import chosen_language
from tuttu.vocabulary.counting import so_many


def named(who: api.Who) -> str:
    return ", ".join(f"{namespace}:{value}" for namespace, value in who.items())


def decision(answer: api.DecideAnswer, *, dry_run: bool = False) -> None:
    """What was chosen and why, what was not and why not."""
    kept = _kept(answer, dry_run=dry_run)
    terminal.say(f"{answer.customer} at {answer.now}, arm {answer.arm} ({kept})")
    if not answer.known:
        tense = "was" if answer.decision_id else "is"
        terminal.say(f"nobody {tense} known by {answer.customer}")
    if answer.nobodies:
        terminal.say(f"left out, since it names nobody: {', '.join(answer.nobodies)}")
    for name, beyond in answer.beyond_limit.items():
        terminal.say(f"{name}: {_more(beyond)} beyond the limit, unseen by any rule")
    for owed in answer.owed:
        _owed(owed)
    for left in answer.owed_left:
        terminal.say(f"{left.surface}: {about(left.action, left.item)} is owed, no room for it")
    for choice in answer.choices:
        _choice(choice)
    for choice in answer.withheld:
        terminal.say(
            f"{choice.surface} slot {choice.slot + 1}: {about(choice.action, choice.item)} "
            f"withheld, control group"
        )
    for surface, content in answer.defaults.items():
        terminal.say(f"{surface} otherwise: {content or 'nothing'}")
    if answer.refused:
        terminal.say("not chosen:")
        terminal.table(_refusals(answer.refused))
    changes = _changes(answer.refused)
    if changes:
        terminal.say("would be chosen:")
        terminal.table(changes)
    if isinstance(answer, api.ExplainAnswer) and answer.note:
        terminal.say(answer.note)


def _kept(answer: api.DecideAnswer, *, dry_run: bool) -> str:
    """By which id, or why there is none."""
    if answer.decision_id:
        return f"decision {answer.decision_id}"
    if isinstance(answer, api.ExplainAnswer):
        return "explained, nothing decided"
    return "dry run, nothing written" if dry_run else "not kept, nothing written"


def stored_decision(answer: api.DecisionAnswer) -> None:
    """A decision as it was made, and what came of it."""
    decision(answer.decision)
    if answer.customer.note:
        terminal.say(answer.customer.note)
    for outcome in answer.outcomes:
        named = about(outcome.action or outcome.contact_id, outcome.item)
        terminal.say(f"{outcome.time}: {named} {outcome.outcome}")


def _choice(choice: api.ShownChoice) -> None:
    again = ", shown before and still held" if choice.reused else ""
    terminal.say(
        f"{choice.surface} slot {choice.slot + 1}: {about(choice.action, choice.item)} "
        f"({choice.treatment}), "
        f"worth {choice.worth:.2f}, probability {choice.probability:g}{again}"
    )
    _content(choice)
    for reason in choice.why:
        terminal.say(f"  because {reason}")


def _owed(owed: api.ShownOwed) -> None:
    due = owed.due if owed.due_known else "now"
    marks = [f"due {due}"]
    marks += [word for word in ("late", "reminder") if getattr(owed, word)]
    marks += ["under way"] if owed.reused else []
    named = f"{about(owed.action, owed.item)} ({owed.treatment})"
    terminal.say(f"{owed.surface} owed: {named}, {', '.join(marks)}")
    _content(owed)
    for reason in owed.why:
        terminal.say(f"  because {reason}")


def _content(shown: api.ShownChoice | api.ShownOwed) -> None:
    if shown.subject is not None:
        terminal.say(f"  subject: {shown.subject}")
    terminal.say(f"  shows: {' '.join(shown.content.split())}")


def about(action: str, item: str | None) -> str:
    return action if item is None else f"{action} about {item}"


def _refusals(refused: Iterable[api.ShownRefusal]) -> list[tuple[str, ...]]:
    """One row for each action and reason, with all the surfaces on which it was the reason."""
    surfaces: dict[tuple[str, ...], list[str]] = {}
    for each in refused:
        action = about(each.action, each.item)
        surfaces.setdefault((action, each.stage, each.reason), []).append(each.surface)
        for other in each.also:
            key = (action, f"also {other.stage}", other.reason)
            surfaces.setdefault(key, []).append(each.surface)
    return [
        (action, f"{stage}:", reason, ", ".join(dict.fromkeys(where)))
        for (action, stage, reason), where in surfaces.items()
    ]


def _changes(refused: Iterable[api.ShownRefusal]) -> list[tuple[str, ...]]:
    """One row for each action and change, with all the surfaces on which it is the same."""
    words = api.words_in(api.language_of(chosen_language() or ""))
    surfaces: dict[tuple[str, str], list[str]] = {}
    for each in refused:
        parts = words.change("and").join(part.words for part in each.would_pass_if)
        change = words.change("if", parts=parts) if parts else each.no_change
        if change:
            surfaces.setdefault((about(each.action, each.item), change), []).append(each.surface)
    return [
        (action, ", ".join(dict.fromkeys(where)), change)
        for (action, change), where in surfaces.items()
    ]


def customer(answer: api.CustomerAnswer) -> None:
    """The whole picture of a customer."""
    if answer.known:
        _identifiers(answer)
    else:
        nobody(answer.customer)
    _section("traits", ((name, _value(value)) for name, value in answer.traits.items()))
    _section("traits by source", ((name, _value(value)) for name, value in answer.sources.items()))
    many = ((name, members or "too many") for name, members in answer.groups.items())
    _section("members of groups", many)
    if answer.kind_of_person is not None:
        terminal.say(f"kind of person: {answer.kind_of_person}")
    _section(
        "allowed",
        ((each.purpose, each.channel, _permitted(each), each.basis) for each in answer.consents),
    )
    for name, items in answer.collections.items():
        _section(name, ((_value(item),) for item in items))
        if name in answer.beyond_limit:
            more = _more(answer.beyond_limit[name])
            terminal.say(f"  {more} beyond the limit, unseen by any rule")
    _section(
        "contacts",
        (
            (
                each.time,
                each.channel,
                about(each.action or "-", each.item),
                each.state,
                each.outcome or "-",
            )
            for each in answer.contacts
        ),
    )
    _section(
        "refused links",
        ((named(each.one), named(each.other), _why_not(each)) for each in answer.refused_links),
    )


def _identifiers(answer: api.CustomerAnswer) -> None:
    known = ", ".join(named(each) for each in answer.identifiers)
    terminal.say(f"{answer.customer}: {known} ({so_many(answer.fragments, 'fragment')})")
    _section(
        "fragments",
        ((each.id, named(each.who or {}) or "-", each.first or "-") for each in answer.parts),
    )


def nobody(label: str) -> None:
    """Ahead of what is shown of somebody whom nobody knows."""
    terminal.say(f"nobody is known by {label}; of somebody new this holds:")


def _more(beyond: int) -> str:
    return so_many(beyond, "more is", "more are")


def _why_not(link: api.ShownLink) -> str:
    return f"{link.reason} (set {link.set})" if link.set else link.reason


def _permitted(preference: api.ShownPreference) -> str:
    """Whether the customer may be contacted so, and who says it."""
    said = "yes" if preference.allowed else "no"
    if preference.chosen:
        return f"{said}, chosen"
    return "only like a sale" if preference.after_sale else said


def _section(title: str, rows: Iterable[Sequence[object]]) -> None:
    found = list(rows)
    if found:
        terminal.say(f"{title}:")
        terminal.table(found)


def _value(value: object) -> str:
    return msgspec.json.encode(value).decode()


def timeline(entries: Iterable[api.TimelineEntry]) -> None:
    """One line for each fact: when it happened, and when it came, by the clock of its zone."""
    terminal.table(
        (
            (
                each.local_time,
                f"came {each.local_received}",
                each.kind,
                each.name or "-",
                _said(each),
                _done_by(each),
            )
            for each in entries
        ),
        indent="",
    )


def _said(entry: api.TimelineEntry) -> str:
    if entry.kind == "Unmerge":
        one, *others = map(named, entry.identifiers)
        return f"{one} from {', '.join(others)}"
    said = bytes(entry.properties if bytes(entry.properties) != b"{}" else entry.traits).decode()
    return "" if said == "{}" else said


def _done_by(entry: api.TimelineEntry) -> str:
    why = f": {entry.why}" if entry.why else ""
    return f"by {entry.by}{why}" if entry.by else ""


def unmerged(one: api.Who, other: api.Who | None, answer: api.UnmergeAnswer) -> None:
    """Whose customers they are now, and the evidence that no longer counts."""
    customers = [f"{named(one)} is {answer.one}"]
    if other is not None:
        customers.append(f"{named(other)} is {answer.other}")
    terminal.say(", ".join(customers))
    if not answer.were_one:
        terminal.say("they were not one customer; from now on nothing will join them")
    _section(
        "evidence that no longer counts",
        (
            (each.time, named(each.one), named(each.other), each.event_id)
            for each in answer.forbidden
        ),
    )


def preferences(who: api.Who, answer: api.PreferencesAnswer) -> None:
    if not answer.known:
        nobody(named(who))
    terminal.table(
        (
            each.purpose,
            each.channel,
            "in" if each.allowed else "out",
            "chosen" if each.chosen else "by default",
        )
        for each in answer.preferences
    )


def resources(answers: Sequence[api.ResourceAnswer]) -> None:
    if not answers:
        terminal.say("no resource is declared", err=True)
        return
    header = ("resource", "amount", "used", "held", "free", "per")
    rows = (
        (each.name, each.amount, each.used, each.held, each.free, each.per or "-")
        for each in answers
    )
    terminal.table([header, *rows], indent="")


def letters(answers: Iterable[api.DeadLetterAnswer]) -> None:
    rows = (
        (each.id, each.received, each.status, each.route, each.code, each.reason)
        for each in answers
    )
    terminal.listing(rows, "no refused call is kept", indent="  ")


def slips(answer: api.SlipsAnswer) -> None:
    terminal.listing(
        (
            (
                each.trait,
                f"{each.found}, expected {each.expected}",
                "what was known stays" if each.kept else "it is not known any more",
                "once" if each.count == 1 else so_many(each.count, "time"),
                f"by {each.sender}",
                f"in {each.event}",
                f"last {each.last}",
            )
            for each in answer.slips
        ),
        "every trait fitted its type",
    )


def verification_text(found: api.Verification) -> str:
    customers, events = so_many(found.customers, "customer"), so_many(found.events, "event")
    title = f"{customers} and {events} at {found.now}"
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
    return "\n".join([title, *lines, end, *map(_difference, found.differences)])


def _difference(each: api.Difference) -> str:
    item = f", item {each.item}" if each.item else ""
    live, batch = (("NULL" if value is None else value) for value in (each.live, each.batch))
    said = f"customer {each.customer}{item}: live {live}, batch {batch}"
    return terminal.printable(f"{each.part}: {each.name}: {said}")


def keys(answers: Iterable[api.KeyAnswer]) -> None:
    rows = ((key.name, ", ".join(key.scopes)) for key in answers)
    terminal.listing(rows, "there is no key: tuttu keys add issues one")


def replay(answer: api.ReplayAnswer) -> None:
    terminal.table((("kept", answer.live), ("replayed", answer.replayed)), indent="")
    left_out = f"; {answer.unreadable:,} left out, their keys are lost" if answer.unreadable else ""
    folded = so_many(answer.facts, "fact")
    terminal.say(f"{folded} folded, {answer.refused:,} of them refused{left_out}")


def clock(answer: api.ClockAnswer) -> None:
    seconds = so_many(round(answer.ahead), "second")
    ahead = f", {seconds} ahead of the machine's" if answer.ahead else ""
    terminal.say(f"{answer.now} ({'manual' if answer.manual else 'system'}{ahead})")


def link_sets(answers: Iterable[api.LinkSetAnswer]) -> None:
    """One line for each set, and under it why its pairs joined nobody."""
    found = list(answers)
    if not found:
        terminal.say("no set of links: identity.yaml declares them under `sets`")
    for each in found:
        if each.run is None:
            terminal.say(f"{each.set}: nothing imported yet")
            continue
        terminal.say(
            f"{each.set}: {so_many(each.pairs, 'pair')}, {each.joined:,} of one customer;"
            f" since {each.time} by {each.by}"
        )
        terminal.table((no.pairs, no.reason) for no in each.refused)
