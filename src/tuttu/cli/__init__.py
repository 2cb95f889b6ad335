"""The command line: each command asks the application, in the running server or in this process.

A command holds no rule and opens no store of its own: what it does, a route does. It may print,
read files that it was given, and hold an HTTP client.
"""

from tuttu.cli.main import main

__all__ = ["main"]
