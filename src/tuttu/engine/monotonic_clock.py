"""A store's time, which never goes back, not even over a restart."""

from tuttu.vocabulary import facts, values
from tuttu.vocabulary.clock import Clock


def newest_moment(reader: facts.Reader) -> values.Instant:
    """When the newest fact about a person was received; 0 if there is none. Keys and the like are
    left out: they may be issued before a manual clock is set."""
    for position in range(reader.position, 0, -1):
        logged = reader.fact(position)
        if logged is not None and logged.fact.fragment is not None:
            return logged.fact.received
    return 0


class NotBefore:
    """A clock that is never before the newest fact of its store."""

    def __init__(self, clock: Clock, earliest: values.Instant) -> None:
        self._clock = clock
        self._earliest = earliest

    def now(self) -> values.Instant:
        return max(self._clock.now(), self._earliest)
