"""What sets claim of a pair, beside what events say of it: added, and taken back."""

import msgspec

from tuttu.identity.records import ClaimedPair, EvidencePair, SetEvidence
from tuttu.vocabulary import values


def claim_of(pair: EvidencePair | None, name: str) -> SetEvidence | None:
    """The evidence of one set."""
    claimed = () if pair is None else pair.claimed
    return next((each for each in claimed if each.name == name), None)


def with_claim(pair: EvidencePair | None, new: SetEvidence) -> EvidencePair:
    """In place of what the set claimed before; since when it does so stays."""
    if pair is None:
        return EvidencePair(new.time, sets=ClaimedPair(None, (new,)))
    old = claim_of(pair, new.name)
    if old is not None:
        new = msgspec.structs.replace(new, time=min(old.time, new.time))
    others = (each for each in pair.claimed if each.name != new.name)
    claimed = tuple(sorted((*others, new), key=lambda each: each.name))
    told = pair.first if pair.sets is None else pair.sets.told
    first = min(pair.first, new.time)
    return msgspec.structs.replace(pair, first=first, sets=ClaimedPair(told, claimed))


def without_claim(pair: EvidencePair, name: str) -> EvidencePair | None:
    """None: there is no other evidence on the pair."""
    told = pair.first if pair.sets is None else pair.sets.told
    left = tuple(each for each in pair.claimed if each.name != name)
    times = [time for time in (told, *(each.time for each in left)) if time is not None]
    if not times:
        return None
    sets = ClaimedPair(told, left) if left else None
    return msgspec.structs.replace(pair, first=min(times), sets=sets)


def told_again(pair: EvidencePair, time: values.Instant) -> ClaimedPair | None:
    """What sets claim of the pair, once an event of this time names it, too."""
    if pair.sets is None:
        return None
    told = time if pair.sets.told is None else min(time, pair.sets.told)
    return msgspec.structs.replace(pair.sets, told=told)
