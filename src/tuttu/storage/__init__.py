"""Tables and log with one write verb.

`Store.commit` appends facts and runs the folds that `versions` gives it, in one transaction; each
unit succeeds or fails alone, and the results say which. All data at rest is encrypted: personal
data with the key of the fragment, the rest with the store's own key; identifiers appear as keyed
hashes only. This room must not know what a fact means: it stores, encrypts, orders and checks
versions. Database drivers live here and nowhere else.
"""

from tuttu.storage.errors import (
    ExportError,
    InterruptedRunError,
    LoggedFactError,
    OwnedElsewhereError,
    ParquetError,
    StoreCorruptError,
    StoreUnavailableError,
)
from tuttu.storage.export_workspace import ExportWorkspace, Sheet, open_workspace
from tuttu.storage.opening import MEMORY, open_store
from tuttu.storage.parquet import read_parquet
from tuttu.storage.ports import Snapshot, Store, Tick, Ticket, WriteTransaction
from tuttu.storage.temporary_folders import sweep

__all__ = [
    "MEMORY",
    "ExportError",
    "ExportWorkspace",
    "InterruptedRunError",
    "LoggedFactError",
    "OwnedElsewhereError",
    "ParquetError",
    "Sheet",
    "Snapshot",
    "Store",
    "StoreCorruptError",
    "StoreUnavailableError",
    "Tick",
    "Ticket",
    "WriteTransaction",
    "open_store",
    "open_workspace",
    "read_parquet",
    "sweep",
]
