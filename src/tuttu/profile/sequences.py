"""Whether events happened in an order, near enough to each other."""

from collections.abc import Iterable, Mapping, Sequence

from tuttu.profile.records import Moment
from tuttu.vocabulary.values import Duration, Instant


def happened(
    steps: Sequence[str],
    within: Duration | None,
    moments: Mapping[str, Sequence[Moment]],
    now: Instant,
) -> bool:
    """TRUE if one event of each step happened, each after the one before it by (time, id), the
    last at most `within` after the first, none after `now`.

    Only the newest happenings of each step are kept (`records.STEPS`), so what lies behind that
    many later ones is forgotten.
    """
    past = [[moment for moment in moments.get(step, ()) if moment[0] <= now] for step in steps]
    return any(_follow(first, past[1:], within) for first in past[0]) if past else False


def _follow(first: Moment, later: Iterable[list[Moment]], within: Duration | None) -> bool:
    """Taking the earliest next step each time reaches the last one as early as can be."""
    at = first
    for moments in later:
        after = next((moment for moment in moments if moment > at), None)
        if after is None:
            return False
        at = after
    return within is None or at[0] - first[0] <= within
