"""Resources inside the fold: claimed with the decision, used when viewed, given back.

An inbound contact holds its units until `held_until`; a report that it took place turns the hold
into use. A report that comes after the hold has expired claims the units again if they are still
free, in the period of the contact; if they are not, the contact counts without them and is marked
``lost``: no cap is ever exceeded. An outbound contact uses its units at once, until it is released.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from tuttu.ledger.resources import (
    amount_of,
    closed,
    hold_key,
    holds_in,
    period_key,
    run_out,
    without,
)
from tuttu.ledger.state import HELD, HOLDS, USES, Hold, Use
from tuttu.vocabulary import facts, values, verdicts
from tuttu.vocabulary.project import Project

USED = "used"
LOST = "lost"
GIVEN_BACK = "given back"


class Reservations:
    """The resources of one project inside one transaction, at one moment of our clock."""

    def __init__(
        self, transaction: facts.Transaction, project: Project, now: values.Instant
    ) -> None:
        self._transaction = transaction
        self._project = project
        self._now = now

    def claim(self, contact: verdicts.Contact) -> str:
        """The contact's new entry in `units`. Raises Exhausted with the resource's name."""
        until, owed = contact.held_until, self._is_owed(contact)
        for name, units, key in self._uses(contact):
            use = self._without_run_out(key)
            if not self._fits(name, use, units, owed=owed):
                raise facts.Exhausted(name)
            if until is None:
                use = replace(use, used=use.used + units, owed=use.owed + units * owed)
            else:
                use = self._with_hold(key, use, Hold(units, until, owed, contact.id))
            self._transaction.put(USES, key, use)
        return USED if until is None else HELD

    def use(self, contact: verdicts.Contact) -> str:
        """The held contact took place."""
        owed = self._is_owed(contact)
        uses = [(*each, self._without_run_out(each[-1])) for each in self._uses(contact)]
        alive = all(self._hold_of(contact, key) for _, _, key, _ in uses)
        free = alive or all(self._fits(name, use, units, owed=owed) for name, units, _, use in uses)
        for _, units, key, use in uses:
            left, more = self._without_hold(contact, key, use), units if free else 0
            taken = replace(left, used=left.used + more, owed=left.owed + more * owed)
            self._transaction.put(USES, key, taken)
        return USED if free else LOST

    def give_back(self, contact: verdicts.Contact, before: str) -> str:
        """before: its entry in `units`."""
        owed = self._is_owed(contact)
        for _, units, key in self._uses(contact):
            use = self._without_hold(contact, key, self._transaction.get(USES, key) or Use())
            less = units if before == USED else 0
            left = replace(use, used=use.used - less, owed=max(0, use.owed - less * owed))
            self._transaction.put(USES, key, left)
        return GIVEN_BACK

    def _is_owed(self, contact: verdicts.Contact) -> bool:
        purpose = self._project.purposes.get(contact.purpose)
        return purpose is not None and purpose.owed

    def _uses(self, contact: verdicts.Contact) -> Iterator[tuple[str, int, bytes]]:
        """Name, units and the key of the period. Declared resources only: one that is no longer
        declared has no cap."""
        for name, units in sorted(contact.uses.items()):
            resource = self._project.resources.get(name)
            if resource is not None:
                yield name, units, period_key(resource, contact.time, self._project.company.zone)

    def _fits(self, name: str, use: Use, units: int, *, owed: bool) -> bool:
        """use: without what has run out."""
        resource = self._project.resources[name]
        amount = amount_of(self._transaction, resource)
        if not owed:
            amount -= closed(resource, use)
        return use.used + use.held + units <= amount

    def _without_run_out(self, key: bytes) -> Use:
        """To be put by who asks. All holds that are left have records of their own."""
        kept = self._transaction.get(USES, key) or Use()
        if self._now < kept.ends and not kept.holds:
            return kept
        gone = [*run_out(self._transaction, key, kept, self._now)]
        for place, _ in gone:
            self._transaction.delete(HOLDS, place)
        for contact_id, hold in kept.holds.items():
            if self._now < hold.expires:
                self._put_hold(key, replace(hold, contact_id=contact_id))
        left = without(kept, [hold for _, hold in gone], self._now)
        ends = next((hold.expires for hold in holds_in(self._transaction, key)), values.INTEGER_MAX)
        return replace(left, ends=ends)

    def _with_hold(self, key: bytes, use: Use, hold: Hold) -> Use:
        self._put_hold(key, hold)
        return _counted(use, hold, 1, min(use.ends, hold.expires))

    def _without_hold(self, contact: verdicts.Contact, key: bytes, use: Use) -> Use:
        if contact.id in use.holds:
            holds = {each: hold for each, hold in use.holds.items() if each != contact.id}
            return replace(use, holds=holds)
        hold = self._hold_of(contact, key)
        if hold is None:
            return use
        self._transaction.delete(HOLDS, self._place(key, hold))
        return _counted(use, hold, -1, use.ends)

    def _hold_of(self, contact: verdicts.Contact, key: bytes) -> Hold | None:
        until = contact.held_until
        if until is None:
            return None
        return self._transaction.get(HOLDS, hold_key(self._transaction, key, until, contact.id))

    def _put_hold(self, key: bytes, hold: Hold) -> None:
        self._transaction.put(HOLDS, self._place(key, hold), hold)

    def _place(self, key: bytes, hold: Hold) -> bytes:
        return hold_key(self._transaction, key, hold.expires, hold.contact_id)


def _counted(use: Use, hold: Hold, sign: int, ends: values.Instant) -> Use:
    units = sign * hold.units
    return replace(
        use, held=use.held + units, owed_held=use.owed_held + units * hold.owed, ends=ends
    )
