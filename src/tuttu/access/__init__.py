"""Authentication: server keys, their scopes, and how a key is verified.

A key is shown once and kept as its SHA-256. This room must not know what a route does or what a key
is used for.
"""

from tuttu.access.keyring import Keyring
from tuttu.access.keys import KEYS, LOCAL_NAME, KeyHolder, folds
from tuttu.access.scopes import ALL_SCOPES, Scope
from tuttu.vocabulary.room import Room

ROOM = Room(name="access", tables=(KEYS,), folds=folds)

__all__ = ["ALL_SCOPES", "LOCAL_NAME", "ROOM", "KeyHolder", "Keyring", "Scope"]
