"""Whether we may: purposes × channels, what was chosen, and the permit that follows.

The only room that makes a permit; no other may, and none is made on a doubt. In a merged customer
the strictest fragment wins, by purpose and channel, until consent is given anew. This room must not
know what is to be said, or send anything.
"""

from tuttu.consent.consents import Consents, canonical, read
from tuttu.consent.fold import filler, folds, parts
from tuttu.consent.recalled import Recalled
from tuttu.consent.records import FRAGMENTS
from tuttu.vocabulary.room import Room

ROOM = Room(
    name="consent",
    tables=(FRAGMENTS,),
    folds=folds,
    parts=parts,
    filler=filler,
    canonical=canonical,
)

__all__ = ["ROOM", "Consents", "Recalled", "canonical", "read"]
