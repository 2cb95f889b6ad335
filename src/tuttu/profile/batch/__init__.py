"""The traits of all customers, computed by SQL over the whole event log: the second implementation.

An exported log (Parquet files on a workspace) holds the events as rows, under pseudonyms; from it
every trait, source, collection and group is computed for all customers at once. It shares no code
with the live fold but the conversion of a JSON value to its declared type. It must not read state,
and it decides nothing: the two are compared in `batch`.
"""

from tuttu.profile.batch.computing import COMPUTED
from tuttu.profile.batch.groups import compute, members, rows_of
from tuttu.profile.batch.items import latest
from tuttu.profile.batch.layout import (
    CUSTOMER,
    KEY,
    PROFILING,
    TOO_MANY,
    Layout,
    abouts,
    compared,
    groups_asked,
    item_columns,
    layout_of,
    sources_of,
)
from tuttu.profile.batch.log import LogExport
from tuttu.profile.batch.masking import Masks
from tuttu.profile.batch.own_zones import join as zones_joined
from tuttu.profile.batch.own_zones import learn as learn_zones

__all__ = [
    "COMPUTED",
    "CUSTOMER",
    "KEY",
    "PROFILING",
    "TOO_MANY",
    "Layout",
    "LogExport",
    "Masks",
    "abouts",
    "compared",
    "compute",
    "groups_asked",
    "item_columns",
    "latest",
    "layout_of",
    "learn_zones",
    "members",
    "rows_of",
    "sources_of",
    "zones_joined",
]
