"""A disk that takes nothing more: what is committed meanwhile cannot be kept."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

AT_COMMIT = """
CREATE OR REPLACE FUNCTION tuttu.at_commit() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN {} END $$
"""
REFUSES = AT_COMMIT.format("RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full';")
ALLOWS = AT_COMMIT.format("RETURN NULL;")
TRIGGER = """
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'at_commit') THEN
CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON tuttu.log DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION tuttu.at_commit();
END IF; END $$
"""
"""It stays: to take it away would wait for everybody who reads."""


@contextmanager
def full(url: str) -> Iterator[None]:
    """Of a store by its URL: no file of this process may grow; a database says so when it is to
    commit."""
    if url.startswith("sqlite:"):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        return
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(REFUSES)
        connection.execute(TRIGGER)
        yield
        connection.execute(ALLOWS)
