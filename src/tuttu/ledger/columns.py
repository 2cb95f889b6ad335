"""The ledger's columns of the wide row."""

from collections.abc import Collection, Iterable

from tuttu.ledger.lifecycle import HistoryEntry, may_be_about
from tuttu.vocabulary import values


def newest(entries: Iterable[HistoryEntry]) -> dict[str, values.Instant]:
    """The newest contact by each channel, of each action, and the newest of each action's outcomes.

    entries: by time.
    """
    entries = tuple(entries)
    channels = {
        values.last_contact_column(entry.contact.channel): entry.contact.time
        for entry in entries
        if entry.counts
    }
    return channels | _of_actions(entries)


def about_item(
    entries: Iterable[HistoryEntry], item: str, actions: Collection[str]
) -> dict[str, values.Value]:
    """The columns of actions that are about such items, as a rule about this one sees them:
    other items' contacts do not count, and a column that only they filled is NULL."""
    of_all = [entry for entry in entries if entry.contact.action in actions]
    of_item = _of_actions(entry for entry in of_all if may_be_about(entry.contact, item))
    return {name: of_item.get(name) for name in _of_actions(of_all)}


def _of_actions(entries: Iterable[HistoryEntry]) -> dict[str, values.Instant]:
    found: dict[str, values.Instant] = {}
    for entry in entries:
        contact = entry.contact
        if contact.action is not None:
            if entry.counts:
                found[values.contacted_column(contact.action)] = contact.time
            for outcome in entry.outcomes:
                name = values.answered_column(contact.action, outcome.name)
                found[name] = max(outcome.time, found.get(name, outcome.time))
    return found
