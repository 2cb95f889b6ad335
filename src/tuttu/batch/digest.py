"""One hash over everything that is kept about everybody, in canonical order.

Per customer by the partition: identifiers, traits, collections, windows, consent, contacts,
outcomes; then the resources. It leaves out log positions, times of receipt, evidence (the partition
stands for it), receipts, dead letters, and records of looks, so that the same facts give the same
digest in whatever order they arrived. People are named by their identifiers: fragment keys are
hashes under a store's own secret and would differ between stores.
"""

from __future__ import annotations

import hashlib

import msgspec

from tuttu import consent, identity, ledger, profile
from tuttu.storage import Snapshot
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project

_ENCODER = msgspec.json.Encoder(order="sorted")


def digest(snapshot: Snapshot, project: Project) -> str:
    """SHA-256, hex."""
    people = identity.customers(snapshot, project)
    lines = sorted(_line(snapshot, project, customer) for customer in people)
    lines.append(_ENCODER.encode(ledger.ROOM.whole(snapshot, project)))
    total = hashlib.sha256()
    for line in lines:
        total.update(line + b"\n")
    return total.hexdigest()


def _line(snapshot: Snapshot, project: Project, customer: Customer) -> bytes:
    kept = (
        sorted(customer.identifiers),
        profile.ROOM.canonical(snapshot, customer, project),
        consent.ROOM.canonical(snapshot, customer, project),
        ledger.ROOM.canonical(snapshot, customer, project),
    )
    return hashlib.sha256(_ENCODER.encode(kept)).digest()
