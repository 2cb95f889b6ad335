"""Authentication: server keys, their scopes, and how a key is verified; and what a key is told of
people who share an identifier: handles that name one of them, and how often it may be tried.

A key is shown once and kept as its SHA-256. This room must not know what a route does or what a key
is used for.
"""

from tuttu.access.attempts import ATTEMPT, ATTEMPTS, WITHIN, may_try
from tuttu.access.handles import fragment_of, handle_of
from tuttu.access.keyring import Keyring
from tuttu.access.keys import KEYS, LOCAL_NAME, KeyHolder, folds
from tuttu.access.scopes import ALL_SCOPES, Scope
from tuttu.vocabulary.room import Room

ROOM = Room(name="access", tables=(KEYS, ATTEMPTS), folds=folds)

__all__ = [
    "ALL_SCOPES",
    "ATTEMPT",
    "LOCAL_NAME",
    "ROOM",
    "WITHIN",
    "KeyHolder",
    "Keyring",
    "Scope",
    "fragment_of",
    "handle_of",
    "may_try",
]
