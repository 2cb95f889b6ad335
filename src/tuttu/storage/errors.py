"""What can go wrong with a store."""

from tuttu.vocabulary.errors import FinalError, RetryError


class StoreUnavailableError(RetryError):
    """The store cannot be read or written now: disk full, locked, or away.

    Nothing was kept; only if the connection to a database broke while it committed, nobody knows.
    """


class OwnedElsewhereError(RetryError):
    """Another process owns the embedded store; it must stop first, or be asked over its socket."""


class StoreCorruptError(FinalError):
    """The store cannot be opened with this secret, or a record does not hold its seal."""


class ParquetError(FinalError):
    """A file that cannot be read as Parquet."""


class ExportError(RetryError):
    """Batch work on exported files failed: no disk, or our mistake. The store is as it was."""


class InterruptedRunError(RetryError):
    """Batch work was ended from outside before it was done; its files are gone."""
