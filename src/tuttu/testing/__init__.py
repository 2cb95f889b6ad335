"""Test support for extensions of tuttu: conformance suites and a private server.

Nothing here is used by a running tuttu, and it contains no rules. Running a suite needs `pytest`.
"""

from tuttu.testing.postgres import PrivatePostgres, ServerError, postgres_programs, private_postgres

__all__ = ["PrivatePostgres", "ServerError", "postgres_programs", "private_postgres"]
