"""The list of all rooms, over which everything else iterates."""

from tuttu import access, consent, content, decision, identity, intake, ledger, profile, versions
from tuttu import reach as addresses
from tuttu.vocabulary.room import Rooms

ROOMS: Rooms = (
    identity.ROOM,
    consent.ROOM,
    profile.ROOM,
    addresses.ROOM,
    ledger.ROOM,
    intake.ROOM,
    access.ROOM,
    decision.ROOM,
    versions.ROOM,
    content.ROOM,
)
"""In the order of their folds: state that rests on other state comes after it."""
