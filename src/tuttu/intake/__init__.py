"""The one border for events: Segment's calls, dead letters, and files with a mapping.

`accept` judges a body that a sender sent: what is right becomes units to commit, what is wrong is
refused with a code, a sentence and a dead letter, which `repair` sends again. `map_rows` turns a
file's rows into calls for the same border, `load_mapping` reads how. This room must not know who a
customer is beyond the identifiers of a call, what an event does to anybody's state, or anything of
HTTP, files and clocks: bytes, streams and the present are handed to it. It writes nothing but its
own table of dead letters, by its fold.
"""

from tuttu.intake.accept import BATCH, Accepted, CallRefusal, accept, most_evidence, write_key_of
from tuttu.intake.call import ANY_CALL, CALLS, Context, dedupe_key
from tuttu.intake.dead_letters import (
    FOLDS,
    LETTERS,
    STATES,
    KeptLetter,
    close,
    letter,
    letters,
    repair,
)
from tuttu.intake.errors import STATUS, BadFileError, RefusalCode
from tuttu.intake.link_rows import LinkRow, link_rows, other_delimiter
from tuttu.intake.map_row import MappedRow, address, map_rows, require_fit
from tuttu.intake.mapping import ImportMapping, MappingError
from tuttu.intake.mapping_reading import load_mapping
from tuttu.intake.mapping_schema import mapping_schema
from tuttu.intake.rows import Format, Row, RowFile, read_records, read_rows
from tuttu.vocabulary.room import Room

ROOM = Room(name="intake", tables=(LETTERS, STATES), folds=lambda _project: FOLDS)

__all__ = [
    "ANY_CALL",
    "BATCH",
    "CALLS",
    "ROOM",
    "STATUS",
    "Accepted",
    "BadFileError",
    "CallRefusal",
    "Context",
    "Format",
    "ImportMapping",
    "KeptLetter",
    "LinkRow",
    "MappedRow",
    "MappingError",
    "RefusalCode",
    "Row",
    "RowFile",
    "accept",
    "address",
    "close",
    "dedupe_key",
    "letter",
    "letters",
    "link_rows",
    "load_mapping",
    "map_rows",
    "mapping_schema",
    "most_evidence",
    "other_delimiter",
    "read_records",
    "read_rows",
    "repair",
    "require_fit",
    "write_key_of",
]
