"""The command line: each command calls the application, in the running server or in this process.

A command contains no rule and opens no store of its own: a route does all the work. It may print,
read files that it was given, and use an HTTP client.
"""

from tuttu.cli import starting
from tuttu.cli.main import main

starting.over()

__all__ = ["main"]
