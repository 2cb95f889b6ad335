"""What can go wrong with a store."""

from tuttu.vocabulary.errors import FinalError, RetryError


class StoreUnavailableError(RetryError):
    """The store cannot be read or written now: disk full, locked, or away. Nothing was kept."""


class OwnedElsewhereError(RetryError):
    """Another process owns the embedded store; it must stop first, or be asked over its socket."""


class StoreCorruptError(FinalError):
    """The store cannot be opened with this secret, or a record does not hold its seal."""


class ParquetError(FinalError):
    """A file that cannot be read as Parquet."""
