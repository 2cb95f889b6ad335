"""Generated ids."""

import secrets


def new_id() -> str:
    """Unguessable and unique, 32 hex digits, from the system's random numbers."""
    return secrets.token_hex(16)
