"""The ledger's history for a decision, rebuilt from its receipt."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from tuttu.ledger.contacts import AsOf, History, as_of
from tuttu.ledger.lifecycle import HistoryEntry
from tuttu.ledger.limits import concerns
from tuttu.ledger.state import QUEUED
from tuttu.vocabulary import library, values, verdicts
from tuttu.vocabulary.project import Project

ShownKey = tuple[str, str | None, int]
"""(action, item, day) of a showing by the customer."""


def from_receipt(
    now: values.Instant,
    project: Project,
    silences: Sequence[verdicts.Silence],
    limits: Mapping[str, verdicts.LimitState],
    offers: Iterable[verdicts.Contact],
    own_zone: str | None = None,
) -> History:
    """The history that a decision saw at `now`, from what its receipt kept of it."""
    moment = as_of(project, now, own_zone)
    entries = []
    for each in offers:
        inbound = not moment.outbound.get(each.channel, True)
        if inbound or each.state == QUEUED:
            entries.append(HistoryEntry(contact=each, reserved=each.time, inbound=inbound))
    return HistoryFromReceipt(moment, silences, limits, entries)


class HistoryFromReceipt(History):
    """Answers as the history that the decision read, from what its receipt kept of it.

    limits: by name; for one that is absent nothing was counted. The ledger's columns that were read
    are in the receipt's row.
    """

    def __init__(
        self,
        moment: AsOf,
        silences: Sequence[verdicts.Silence],
        limits: Mapping[str, verdicts.LimitState],
        offers: Sequence[HistoryEntry],
        added: Sequence[HistoryEntry] = (),
    ) -> None:
        super().__init__(moment, (*offers, *added), {}, {})
        self._silences = silences
        self._states = limits
        self._offered = tuple(offers)
        self._added_entries = tuple(added)

    def columns(self, names: object = None) -> dict[str, values.Value]:  # noqa: ARG002 - see above
        return {}

    def columns_about(self, item: str, actions: Collection[str]) -> dict[str, values.Value]:  # noqa: ARG002
        return {}

    def silent_until(
        self, suppression: library.Suppression, action: library.Action, item: str | None = None
    ) -> values.Instant | None:
        ends = [
            each.until
            for each in self._silences
            if (each.rule, each.action, each.item) == (suppression.name, action.name, item)
        ]
        return max(ends, default=None)

    def breaks_limit(
        self,
        limit: library.ContactLimit,
        action: library.Action,
        treatment: library.Treatment,
        item: str | None = None,
    ) -> bool:
        """As in the receipt, with what earlier slots have added."""
        if not concerns(limit, action.purpose, treatment.channel, action.name, action.issue_group):
            return False
        known = self._shown(limit) | self._made(limit)
        more = any(key[1:] not in known for key in self._added(limit, action, treatment, item))
        return more > self.room_in(limit)

    def room_in(self, limit: library.ContactLimit) -> int:
        return self._left(limit) - len(self._made(limit) - self._shown(limit))

    def may_be_shown(self, limit: library.ContactLimit) -> Collection[str]:
        counted = self._shown(limit) | self._made(limit)
        return self.actions.union(each[0] for each in counted)

    def may_be_silent(self, suppression: library.Suppression) -> tuple[str, Collection[str]]:
        return "action", {each.action for each in self._silences if each.rule == suppression.name}

    def _shown(self, limit: library.ContactLimit) -> set[ShownKey]:
        state = self._states.get(limit.name)
        return set() if state is None else {(each[0], each[1], each[2]) for each in state.shown}

    def _made(self, limit: library.ContactLimit) -> set[ShownKey]:
        """What earlier slots have added: the receipt's count does not include it."""
        added = History(self.moment, self._added_entries, {}, {})
        return {key[1:] for key in added.keys(limit)}

    def _left(self, limit: library.ContactLimit) -> int:
        """How many more contacts it allows; below 0 if it is exceeded already."""
        state = self._states.get(limit.name)
        if state is None:
            return limit.at_most
        opened = state.opens is not None and state.opens <= self.moment.now
        return limit.at_most - (min(state.counted, state.at_most - 1) if opened else state.counted)

    def opens(self, limit: library.ContactLimit) -> values.Instant | None:
        state = self._states.get(limit.name)
        return None if state is None else state.opens

    def adding(self, contact: verdicts.Contact) -> History:
        added = (*self._added_entries, self._entry(contact))
        return HistoryFromReceipt(self.moment, self._silences, self._states, self._offered, added)

    def at(self, now: values.Instant) -> History:
        """A limit that has opened allows one more contact: the receipt does not say how many."""
        moment = msgspec.structs.replace(self.moment, now=now)
        return HistoryFromReceipt(
            moment, self._silences, self._states, self._offered, self._added_entries
        )
