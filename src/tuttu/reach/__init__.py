"""At which of their addresses a channel reaches a customer, or why at none.

An address is an identifier of the namespace that the channel needs. This room keeps, of each, when
it was last told, confirmed and found dead; it says so in a column of the wide row, and names the
address that would be used. It must not decide whether the customer may be contacted, and it knows
no channel but by what the company declares of it.
"""

from tuttu.reach import addresses
from tuttu.reach.addresses import DEAD, SHARED, UNVERIFIED, ChannelReach, columns_of, reached
from tuttu.reach.fold import filler, folds, parts
from tuttu.reach.records import ADDRESSES
from tuttu.vocabulary.room import Room

__all__ = ["DEAD", "ROOM", "SHARED", "UNVERIFIED", "ChannelReach", "columns_of", "reached"]

ROOM = Room(
    name="reach",
    tables=(ADDRESSES,),
    folds=folds,
    parts=parts,
    filler=filler,
    columns=addresses.columns,
    canonical=addresses.canonical,
    warnings=addresses.warnings,
)
