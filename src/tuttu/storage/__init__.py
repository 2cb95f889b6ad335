"""Tables and log with one write verb.

`Store.commit` appends facts and runs the folds that `engine` registered, in one transaction; each
unit stands or falls alone and the answer says which. Everything at rest is sealed: what belongs to
a person with the key of their fragment, the rest with the store's own key; identifiers appear as
keyed hashes only. This room must not know what a fact means: it stores, seals, orders and checks
versions. Database drivers live here and nowhere else.
"""

from tuttu.storage.errors import (
    ExportError,
    InterruptedRunError,
    OwnedElsewhereError,
    ParquetError,
    StoreCorruptError,
    StoreUnavailableError,
)
from tuttu.storage.export_workspace import ExportWorkspace, Sheet, open_workspace, sweep
from tuttu.storage.opening import open_store
from tuttu.storage.parquet import read_parquet
from tuttu.storage.ports import Snapshot, Store, WriteTransaction

__all__ = [
    "ExportError",
    "ExportWorkspace",
    "InterruptedRunError",
    "OwnedElsewhereError",
    "ParquetError",
    "Sheet",
    "Snapshot",
    "Store",
    "StoreCorruptError",
    "StoreUnavailableError",
    "WriteTransaction",
    "open_store",
    "open_workspace",
    "read_parquet",
    "sweep",
]
