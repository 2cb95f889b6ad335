"""Generated ids."""

import secrets


def new_id() -> str:
    """Unguessable and unique, 32 hex digits: the one place below the doors that asks the system
    for chance."""
    return secrets.token_hex(16)
