"""Whether we may: purposes × channels × kinds of person, what was chosen, and the permit that
follows.

The only room that makes a permit; no other may, and none is made on a doubt. In a merged customer
the strictest fragment wins, by purpose and channel, until the customer consents again. This room
must not know what is to be said, or send anything; of an action it knows what is similar to what
was sold.
"""

from tuttu.consent.circumstances import Circumstances, kind_of
from tuttu.consent.consents import Consents, Preference, canonical, read
from tuttu.consent.fold import filler, folds, parts
from tuttu.consent.from_receipt import ConsentsFromReceipt
from tuttu.consent.records import FRAGMENTS
from tuttu.consent.warnings import warnings
from tuttu.vocabulary.room import Room

__all__ = [
    "ROOM",
    "Circumstances",
    "Consents",
    "ConsentsFromReceipt",
    "Preference",
    "kind_of",
    "read",
]

ROOM = Room(
    name="consent",
    tables=(FRAGMENTS,),
    folds=folds,
    parts=parts,
    filler=filler,
    canonical=canonical,
    warnings=warnings,
)
