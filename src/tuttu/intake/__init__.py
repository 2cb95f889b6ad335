"""The one border for events: Segment's calls, dead letters, and files with a mapping.

`accept` judges a body that a sender sent: what is right becomes units to commit, what is wrong is
refused with a code, a sentence and a dead letter, which `repaired` sends again. `mapped` turns a
file's rows into calls for the same border, `load_mapping` reads how. This room must not know who a
customer is beyond the identifiers of a call, what an event does to anybody's state, or anything of
HTTP, files and clocks: bytes, streams and the present are handed to it. It writes nothing but its
own table of dead letters, by its fold.
"""

from tuttu.intake.accepting import BATCH, accept
from tuttu.intake.call import once_key
from tuttu.intake.calling import address
from tuttu.intake.dead_letters import (
    LETTERS,
    STATES,
    KeptLetter,
    close,
    fold,
    letter,
    letters,
    repaired,
)
from tuttu.intake.importing import MappedRow, mapped, require_fit
from tuttu.intake.lines import BadFileError
from tuttu.intake.mapping import ImportMapping, MappingError
from tuttu.intake.mapping_reading import load_mapping
from tuttu.intake.mapping_schema import mapping_schema
from tuttu.intake.records import Accepted, Context, Refusal
from tuttu.intake.refusing import Code
from tuttu.intake.rows import Format, Row, RowFile, read_records, read_rows
from tuttu.intake.wire import ANY_CALL, CALLS
from tuttu.intake.write_key import write_key_of
from tuttu.vocabulary.events import DeadLetter, DeadLetterClosed
from tuttu.vocabulary.room import Room

ROOM = Room(
    name="intake",
    tables=(LETTERS, STATES),
    folds=lambda _project: {DeadLetter: fold, DeadLetterClosed: fold},
)

__all__ = [
    "ANY_CALL",
    "BATCH",
    "CALLS",
    "ROOM",
    "Accepted",
    "BadFileError",
    "Code",
    "Context",
    "Format",
    "ImportMapping",
    "KeptLetter",
    "MappedRow",
    "MappingError",
    "Refusal",
    "Row",
    "RowFile",
    "accept",
    "address",
    "close",
    "letter",
    "letters",
    "load_mapping",
    "mapped",
    "mapping_schema",
    "once_key",
    "read_records",
    "read_rows",
    "repaired",
    "require_fit",
    "write_key_of",
]
