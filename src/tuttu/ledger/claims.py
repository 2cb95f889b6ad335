"""Resources inside the fold: claimed with the decision, used when viewed, given back.

An inbound contact holds its units until `held_until`; a report that it took place turns the hold
into use. A report that comes when the hold has run out claims the units anew if they are still
free, in the period of the contact; if they are gone, the contact counts without them and is marked
``lost``: no cap is ever broken. An outbound contact uses its units at once, until it is released.
"""

from __future__ import annotations

from collections.abc import Iterator

from tuttu.ledger.periods import period_key
from tuttu.ledger.resources import amount_of
from tuttu.ledger.state import HELD, USES, Hold, Use
from tuttu.vocabulary.facts import Exhausted, Transaction
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Instant
from tuttu.vocabulary.verdicts import Contact

USED = "used"
LOST = "lost"
GIVEN_BACK = "given back"


class Claims:
    """The resources of one project inside one transaction, at one moment of our clock."""

    def __init__(self, transaction: Transaction, project: Project, now: Instant) -> None:
        self._transaction = transaction
        self._project = project
        self._now = now

    def claim(self, contact: Contact) -> str:
        """What `units` says of the contact from now on. Raises Exhausted with the name."""
        until = contact.held_until
        for name, units, use in self._uses(contact):
            self._drop_expired(use)
            if not self._fits(name, use, units):
                raise Exhausted(name)
            if until is None:
                use.used += units
            else:
                use.holds[contact.id] = Hold(units, until)
            self._keep(contact, name, use)
        return USED if until is None else HELD

    def use(self, contact: Contact) -> str:
        """The held contact took place."""
        uses = list(self._uses(contact))
        for _, _, use in uses:
            self._drop_expired(use)
        alive = all(contact.id in use.holds for _, _, use in uses)
        free = alive or all(self._fits(name, use, units) for name, units, use in uses)
        for name, units, use in uses:
            use.holds.pop(contact.id, None)
            use.used += units if free else 0
            self._keep(contact, name, use)
        return USED if free else LOST

    def give_back(self, contact: Contact, standing: str) -> str:
        for name, units, use in self._uses(contact):
            use.holds.pop(contact.id, None)
            use.used -= units if standing == USED else 0
            self._keep(contact, name, use)
        return GIVEN_BACK

    def _uses(self, contact: Contact) -> Iterator[tuple[str, int, Use]]:
        """Declared resources only: what the company no longer counts has no cap to break."""
        for name, units in sorted(contact.uses.items()):
            if name in self._project.resources:
                key = self._key(contact, name)
                yield name, units, self._transaction.get(USES, key) or Use()

    def _fits(self, name: str, use: Use, units: int) -> bool:
        amount = amount_of(self._transaction, self._project.resources[name])
        return use.taken(self._now) + units <= amount

    def _drop_expired(self, use: Use) -> None:
        expired = [key for key, hold in use.holds.items() if hold.expires <= self._now]
        for key in expired:
            del use.holds[key]

    def _keep(self, contact: Contact, name: str, use: Use) -> None:
        self._transaction.put(USES, self._key(contact, name), use)

    def _key(self, contact: Contact, name: str) -> bytes:
        return period_key(self._project.resources[name], contact.time, self._project.company.zone)
