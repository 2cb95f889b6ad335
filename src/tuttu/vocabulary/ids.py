"""Generated ids."""

import secrets
from functools import partial

new_id = partial(secrets.token_hex, 16)
"""Unguessable and unique, 32 hex digits: the one place below the doors that asks the system for
chance."""
