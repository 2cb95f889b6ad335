"""What can go wrong with a store."""

from tuttu.vocabulary.errors import CorruptStateError, FinalError, RetryError


class StoreUnavailableError(RetryError):
    """The store cannot be read or written now: disk full, locked, or away.

    Nothing was kept; if the connection to a database broke during the commit, that is not known.
    """


class OwnedElsewhereError(RetryError):
    """Another process owns the embedded store; stop it first, or use its socket."""


class StoreCorruptError(CorruptStateError):
    """The store cannot be opened with this secret, or a record cannot be authenticated."""


class LostKeyError(FinalError):
    """A record cannot be opened since its key is lost, as an erased person's is: it is skipped."""


class ParquetError(FinalError):
    """A file that cannot be read as Parquet."""


class ExportError(RetryError):
    """Batch work on exported files failed: no disk, or a bug. The store is unchanged."""


class InterruptedRunError(RetryError):
    """Batch work was interrupted before it was done; its files are deleted."""
