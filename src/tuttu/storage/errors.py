"""What can go wrong with a store."""

from tuttu.vocabulary.errors import CorruptStateError, FinalError, RetryError
from tuttu.vocabulary.facts import Logged


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


class LoggedFactError(CorruptStateError):
    """A fact of the log cannot be folded again, where folds only refuse or succeed: a mistake of
    ours, or a log that was altered. version: of the project whose folds they were."""

    def __init__(self, logged: Logged, cause: Exception, version: str = "") -> None:
        by = f" by version {version[:12]} of the project" if version else ""
        super().__init__(
            f"log position {logged.position}: found a fact of the type"
            f" {type(logged.fact.body).__name__} that cannot be folded{by}:"
            f" {type(cause).__name__}; start the version of tuttu that wrote it, and report this"
        )
        self.logged = logged
        self.cause = cause


class ParquetError(FinalError):
    """A file that cannot be read as Parquet."""


class ExportError(RetryError):
    """Batch work on exported files failed: no disk, or a bug. The store is unchanged."""


class InterruptedRunError(RetryError):
    """Batch work was interrupted before it was done; its files are deleted."""
