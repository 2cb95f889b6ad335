"""One hash over the whole state of all customers, in canonical order.

Per customer by the partition: what each room keeps of them (identifiers, traits, collections,
windows, consent, contacts, outcomes); then what belongs to no customer (resources). It leaves out
log positions, times of receipt, evidence (the partition represents it), receipts, dead letters, and
records of access, so that the same facts give the same digest in whatever order they arrived.
Customers are named by their identifiers: fragment keys are hashes under a store's own secret and
would differ between stores.
"""

import hashlib

import msgspec

from tuttu import identity
from tuttu.vocabulary.facts import Reader
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Room, Rooms

FIRST = ("identity", "profile", "consent", "ledger")
"""The order of rooms in a customer's line; the others follow by name. Fixed here, so that neither
the order of folds nor a new room changes existing digests."""

_ENCODER = msgspec.json.Encoder(order="sorted")


def digest_of(reader: Reader, project: Project, rooms: Rooms) -> str:
    """SHA-256, hex. A room that keeps nothing of a customer, or nothing that belongs to none,
    is left out."""
    ordered = sorted(rooms, key=_place)
    lines = []
    for customer in identity.customers(reader, project):
        kept = [room.canonical(reader, customer, project) for room in ordered]
        said = [each for each in kept if each is not None]
        lines.append(hashlib.sha256(_ENCODER.encode(said)).digest())
    lines.sort()
    wholes = (room.whole(reader, project) for room in ordered)
    lines += [_ENCODER.encode(whole) for whole in wholes if whole is not None]
    total = hashlib.sha256()
    for line in lines:
        total.update(line + b"\n")
    return total.hexdigest()


def _place(room: Room) -> tuple[int, str]:
    known = room.name in FIRST
    return (FIRST.index(room.name), "") if known else (len(FIRST), room.name)
