"""A disk that takes nothing more: what is committed meanwhile cannot be kept."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

REFUSE = """
CREATE FUNCTION tuttu.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE CONSTRAINT TRIGGER refused AFTER INSERT ON tuttu.log DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION tuttu.refuse();
"""


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
        connection.execute(REFUSE)
        yield
        connection.execute("DROP FUNCTION tuttu.refuse CASCADE")
