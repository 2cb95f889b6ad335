"""The customer: traits, collections, windows, sequences, segments, and who shares a group.

Events are folded into the state of the one fragment they came with; a customer is read as the
merge of his fragments' states, so that nothing moves when fragments are joined or parted. All
state is a function of the *set* of events: order of arrival cannot matter.

State lies under slots, one for each definition: see `slots`.

This room must not know how fragments are joined (identity says which), ask for consent (the
reader is told whether profiling is allowed), know contacts or actions, read a clock, or keep
anything of a customer outside the sealed records of his fragments.
"""

from tuttu.profile.canonical import canonical
from tuttu.profile.fold import filler, folds, parts
from tuttu.profile.groups import group_members
from tuttu.profile.records import FRAGMENTS, ITEMS, MEMBERS, PAGES, ROLLS
from tuttu.profile.row import beneath, changed, completed, following, late, read
from tuttu.vocabulary.room import Room

ROOM = Room(
    name="profile",
    tables=(FRAGMENTS, ITEMS, PAGES, MEMBERS, ROLLS),
    folds=folds,
    parts=parts,
    filler=filler,
    canonical=canonical,
)

__all__ = [
    "ROOM",
    "beneath",
    "canonical",
    "changed",
    "completed",
    "following",
    "group_members",
    "late",
    "read",
]
