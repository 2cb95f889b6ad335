"""The customer: traits, collections, windows, sequences, segments, and who shares a group.

Events are folded into the state of the one fragment they came with; a customer is read as the
merge of their fragments' states, so that no state moves when fragments are merged or split. All
state is a function of the *set* of events: order of arrival cannot matter.

State is kept under ids, one for each definition: see `state_keys`.

This room must not know how fragments are joined (identity says which), ask for consent (the
reader gets whether profiling is allowed as an argument), know contacts or actions, read a clock, or
keep anything about a customer outside the encrypted records of their fragments.
"""

from tuttu.profile import records
from tuttu.profile.canonical import canonical
from tuttu.profile.extract import Slip, slips
from tuttu.profile.fold import filler, folds, parts
from tuttu.profile.groups import ProfiledMember, group_key, group_row, may_be_members
from tuttu.profile.merge import ProfileState
from tuttu.profile.row import (
    beyond_limits,
    computed_traits,
    consistent_traits,
    dependencies,
    own_row,
    read,
    state_of,
    traits_of_groups,
    with_columns,
    with_ledger,
    written_of,
    zone_of,
)
from tuttu.profile.telling_apart import fits, initials, telling
from tuttu.vocabulary.room import Room

__all__ = [
    "ROOM",
    "ProfileState",
    "ProfiledMember",
    "Slip",
    "beyond_limits",
    "computed_traits",
    "consistent_traits",
    "dependencies",
    "fits",
    "group_key",
    "group_row",
    "initials",
    "may_be_members",
    "own_row",
    "read",
    "slips",
    "state_of",
    "telling",
    "traits_of_groups",
    "with_columns",
    "with_ledger",
    "written_of",
    "zone_of",
]

ROOM = Room(
    name="profile",
    tables=(
        records.FRAGMENTS,
        records.ITEMS,
        records.ORDERED_ITEMS,
        records.PAGES,
        records.MEMBERS,
        records.ROLLS,
    ),
    folds=folds,
    parts=parts,
    filler=filler,
    canonical=canonical,
)
