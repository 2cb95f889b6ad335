"""The one border for events: Segment's calls, dead letters, and files with a mapping.

`accept` judges a body that a sender sent: what is right becomes units to commit, what is wrong is
refused with a code, a sentence and a dead letter, which `repair` sends again. `map_rows` turns a
file's rows into calls for the same border, `load_mapping` reads how. This room must not know who a
customer is beyond the identifiers of a call, what an event does to anybody's state, or anything of
HTTP, files and clocks: bytes, streams and the present are handed to it. It writes nothing but its
own tables, by its folds: dead letters, traits that do not fit, ids received, and which events were
replaced.
"""

from tuttu.intake.accept import (
    BATCH,
    Accepted,
    AcceptedCall,
    CallRefusal,
    accept,
    accept_in_slices,
    known_before,
    most_evidence,
    refused_at_commit,
    write_key_of,
)
from tuttu.intake.call import ANY_CALL, CALLS, Context, dedupe_key
from tuttu.intake.dead_letters import (
    LETTERS,
    STATES,
    KeptLetter,
    close,
    letter,
    letters,
    repair,
)
from tuttu.intake.errors import STATUS, BadFileError, RefusalCode
from tuttu.intake.folds import folds
from tuttu.intake.link_rows import LinkRow, link_rows, other_delimiter
from tuttu.intake.map_row import MappedRow, address, map_rows, require_fit
from tuttu.intake.mapping import ImportMapping, MappingError
from tuttu.intake.mapping_reading import load_mapping
from tuttu.intake.mapping_schema import mapping_schema
from tuttu.intake.repeats import RECEPTIONS
from tuttu.intake.replacing import REPLACED, different
from tuttu.intake.rows import Format, Row, RowFile, read_records, read_rows
from tuttu.intake.slips import SLIPS, CallSlip, SlipCount, slips
from tuttu.vocabulary.room import Room

ROOM = Room(
    name="intake",
    tables=(LETTERS, STATES, RECEPTIONS, REPLACED, SLIPS),
    folds=folds,
)

__all__ = [
    "ANY_CALL",
    "BATCH",
    "CALLS",
    "ROOM",
    "STATUS",
    "Accepted",
    "AcceptedCall",
    "BadFileError",
    "CallRefusal",
    "CallSlip",
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
    "SlipCount",
    "accept",
    "accept_in_slices",
    "address",
    "close",
    "dedupe_key",
    "different",
    "known_before",
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
    "refused_at_commit",
    "repair",
    "require_fit",
    "slips",
    "write_key_of",
]
