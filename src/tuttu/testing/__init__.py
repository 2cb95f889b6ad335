"""What others need to test what they build for tuttu: conformance suites and a private server.

Nothing here is used by a running tuttu, and no rule lives here. `pytest` is needed by whoever runs
a suite.
"""

from tuttu.testing.postgres import PrivatePostgres, ServerError, postgres_programs, private_postgres

__all__ = ["PrivatePostgres", "ServerError", "postgres_programs", "private_postgres"]
