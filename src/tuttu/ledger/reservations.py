"""Resources inside the fold: claimed with the decision, used when viewed, given back.

An inbound contact holds its units until `held_until`; a report that it took place turns the hold
into use. A report that comes after the hold has expired claims the units again if they are still
free, in the period of the contact; if they are not, the contact counts without them and is marked
``lost``: no cap is ever exceeded. An outbound contact uses its units at once, until it is released.
"""

from collections.abc import Iterator

from tuttu.ledger.resources import amount_of, closed, held, period_key
from tuttu.ledger.state import HELD, USES, Hold, Use
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
        for name, units, use in self._uses(contact):
            if not self._fits(name, use, units, owed=owed):
                raise facts.Exhausted(name)
            holds = self._live(use)
            if until is None:
                taken = Use(use.used + units, holds, use.owed + units * owed)
            else:
                hold = Hold(units, until, owed)
                taken = Use(use.used, holds | {contact.id: hold}, use.owed)
            self._put(contact, name, taken)
        return USED if until is None else HELD

    def use(self, contact: verdicts.Contact) -> str:
        """The held contact took place."""
        owed = self._is_owed(contact)
        uses = [(name, units, use, self._live(use)) for name, units, use in self._uses(contact)]
        alive = all(contact.id in holds for _, _, _, holds in uses)
        free = alive or all(self._fits(name, use, units, owed=owed) for name, units, use, _ in uses)
        for name, units, use, holds in uses:
            holds.pop(contact.id, None)
            more = units if free else 0
            self._put(contact, name, Use(use.used + more, holds, use.owed + more * owed))
        return USED if free else LOST

    def give_back(self, contact: verdicts.Contact, before: str) -> str:
        """before: its entry in `units`."""
        owed = self._is_owed(contact)
        for name, units, use in self._uses(contact):
            holds = {key: hold for key, hold in use.holds.items() if key != contact.id}
            less = units if before == USED else 0
            self._put(contact, name, Use(use.used - less, holds, max(0, use.owed - less * owed)))
        return GIVEN_BACK

    def _is_owed(self, contact: verdicts.Contact) -> bool:
        purpose = self._project.purposes.get(contact.purpose)
        return purpose is not None and purpose.owed

    def _uses(self, contact: verdicts.Contact) -> Iterator[tuple[str, int, Use]]:
        """Declared resources only: one that is no longer declared has no cap."""
        for name, units in sorted(contact.uses.items()):
            if name in self._project.resources:
                key = self._key(contact, name)
                yield name, units, self._transaction.get(USES, key) or Use()

    def _fits(self, name: str, use: Use, units: int, *, owed: bool) -> bool:
        resource = self._project.resources[name]
        amount = amount_of(self._transaction, resource)
        if not owed:
            amount -= closed(resource, use, self._now)
        return use.used + held(use, self._now) + units <= amount

    def _live(self, use: Use) -> dict[str, Hold]:
        return {key: hold for key, hold in use.holds.items() if self._now < hold.expires}

    def _put(self, contact: verdicts.Contact, name: str, use: Use) -> None:
        self._transaction.put(USES, self._key(contact, name), use)

    def _key(self, contact: verdicts.Contact, name: str) -> bytes:
        return period_key(self._project.resources[name], contact.time, self._project.company.zone)
