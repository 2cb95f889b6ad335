"""Facts of the log as a customer's timeline shows them."""

from collections.abc import Mapping

import msgspec

from tuttu.api.answers import TimelineEntry
from tuttu.api.identifiers import shown
from tuttu.api.words import Words
from tuttu.vocabulary import conversion, events, facts, verdicts

KINDS: Mapping[type[facts.Body], str] = {
    events.Event: "Event",
    events.TraitsRefused: "TraitsRefused",
    events.Unmerge: "Unmerge",
    events.LinkClaimed: "LinkClaimed",
    events.LinksRead: "LinksRead",
    events.LinksClosed: "LinksClosed",
    events.LinksSettled: "LinksSettled",
    events.PreferenceSet: "PreferenceSet",
    events.ResourceSet: "ResourceSet",
    events.DeadLetter: "DeadLetter",
    events.DeadLetterClosed: "DeadLetterClosed",
    events.KeyIssued: "KeyIssued",
    events.KeyRevoked: "KeyRevoked",
    events.PersonLookedAt: "PersonLookedAt",
    events.ClockTurnedBack: "ClockTurnedBack",
    events.ProjectActivated: "ProjectActivated",
    events.HistoryFolded: "HistoryFolded",
    events.ContactWithdrawn: "ContactWithdrawn",
    verdicts.Receipt: "Receipt",
}
"""What an entry is called. It is published, so a class may change its name and this does not. An
event is called what it came in by: ``track``, ``identify``, …"""


def timeline_entry(logged: facts.Logged, words: Words, zone: str) -> TimelineEntry:
    fact = logged.fact
    entry = TimelineEntry(
        position=logged.position,
        time=conversion.format_instant(fact.time),
        received=conversion.format_instant(fact.received),
        local_time=conversion.format_local(fact.time, zone),
        local_received=conversion.format_local(fact.received, zone),
        kind=KINDS[type(fact.body)],
        id=fact.id,
    )
    match fact.body:
        case events.Event() as event:
            return _of_event(entry, event)
        case events.Unmerge(one=one, other=other, more=more, by=by, why=why):
            names = [shown(each) for each in (one, other, *more)]
            return msgspec.structs.replace(entry, identifiers=names, by=by, why=why)
        case events.TraitsRefused(event=name, sender=sender, traits=slips):
            unfit = {each.trait: f"{each.found}, expected {each.expected}" for each in slips}
            properties = msgspec.Raw(msgspec.json.encode(unfit))
            entry = msgspec.structs.replace(entry, name=name, properties=properties, by=sender)
        case events.LinkClaimed(set=name, one=one, other=other, run=run, score=score):
            said = {"run": run, "score": score / events.MILLION}
            entry = msgspec.structs.replace(
                entry,
                name=name,
                identifiers=[shown(one), shown(other)],
                properties=msgspec.Raw(msgspec.json.encode(said)),
            )
        case events.PreferenceSet(by=by) as choice:
            said = msgspec.to_builtins(choice)
            kept = {name: said[name] for name in ("purpose", "channel", "allowed")}
            properties = msgspec.Raw(msgspec.json.encode(kept))
            return msgspec.structs.replace(entry, properties=properties, by=by)
        case verdicts.Receipt(choices=choices):
            chosen = [_chosen(each) for each in choices]
            properties = msgspec.Raw(msgspec.json.encode({"choices": chosen}))
            return msgspec.structs.replace(entry, properties=properties)
        case events.PersonLookedAt(by=by, what=what):
            return msgspec.structs.replace(entry, name=what, by=by)
        case events.ContactWithdrawn(contact_id=contact_id, reason=said, code=code, values=figures):
            properties = msgspec.Raw(msgspec.json.encode({"contact_id": contact_id}))
            reason = (
                verdicts.Reason(code, figures)
                if code
                else verdicts.Reason(verdicts.AS_WORDED, {"words": said})
            )
            entry = msgspec.structs.replace(
                entry,
                properties=properties,
                why=words.reason(reason),
                code=reason.code,
                values=reason.values,
            )
    return entry


def _chosen(choice: verdicts.Choice) -> dict[str, str]:
    """What was shown where, and about which item, if about any."""
    shown_as = {
        "contact_id": choice.contact_id,
        "action": choice.action,
        "treatment": choice.treatment,
        "surface": choice.surface,
    }
    return shown_as if choice.item is None else {**shown_as, "item": choice.item}


def _of_event(entry: TimelineEntry, event: events.Event) -> TimelineEntry:
    return msgspec.structs.replace(
        entry,
        kind=event.call,
        name=event.label or event.name,
        identifiers=[shown(each) for each in event.identifiers],
        properties=msgspec.Raw(event.properties),
        traits=msgspec.Raw(event.traits),
        context=msgspec.Raw(event.context),
        integrations=msgspec.Raw(event.integrations),
        group_id=event.group_id,
        category=event.category,
        claimed=conversion.shown_instant(event.claimed),
    )
