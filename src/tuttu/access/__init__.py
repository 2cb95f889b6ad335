"""Who may ask: server keys, their scopes, and how one is recognised.

A key is shown once and kept as its SHA-256. This room must not know what a route does or what is
asked with a key.
"""
