"""A store's time, which never goes back by itself, not even over a restart.

A machine's clock that was ahead once has dated facts ahead: time stands still there until the
machine has caught up. Up to a bound that goes on unseen; beyond it nothing is kept, and who runs
the server may turn the clock back. That is a fact: the log's order stays that of its positions, and
time is never before the newest fact since then.
"""

from tuttu.vocabulary import company, errors, events, facts, values
from tuttu.vocabulary.clock import Clock
from tuttu.vocabulary.values import SECOND, Duration


def require_present(clock: Clock, limits: company.Limits) -> None:
    """Raises ClockAhead."""
    ahead = clock.ahead()
    if ahead > limits.clock_ahead:
        raise errors.ClockAhead(-(-ahead // SECOND))


def newest_moment(reader: facts.Reader) -> values.Instant:
    """When the newest fact about a person was received, or the clock turned back; 0 if there is
    none. Keys and the like are left out: they may be issued before a manual clock is set."""
    for position in range(reader.position, 0, -1):
        logged = reader.fact(position)
        if logged is None:
            continue
        turned = isinstance(logged.fact.body, events.ClockTurnedBack)
        if turned or logged.fact.fragment is not None:
            return logged.fact.received
    return 0


class NotBefore:
    """A clock that is never before the newest fact of its store."""

    def __init__(self, clock: Clock, earliest: values.Instant) -> None:
        self._clock = clock
        self._earliest = earliest

    def now(self) -> values.Instant:
        return max(self._clock.now(), self._earliest)

    def ahead(self) -> Duration:
        return self.now() - self._clock.now() + self._clock.ahead()

    def turn_back(self) -> None:
        self._earliest = 0
        self._clock.turn_back()
