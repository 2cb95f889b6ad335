"""How often somebody tried to find out which of several people an identifier means."""

import msgspec

from tuttu.vocabulary import events, facts, values

ATTEMPT = "answers"
"""What the look of an attempt is."""
MOST_ATTEMPTS = 5
"""For one identifier, whoever tries, within `WITHIN`."""
WITHIN = values.HOUR


class Attempts(msgspec.Struct, frozen=True):
    """Moments of the newest attempts, the oldest first; at most as many as are allowed."""

    times: tuple[values.Instant, ...] = ()


ATTEMPTS = facts.Table("access.attempts", Attempts, personal=True)


def keep_attempt(transaction: facts.Transaction, logged: facts.Logged) -> None:
    fact, body = logged.fact, logged.fact.body
    if isinstance(body, events.PersonLookedAt) and body.what == ATTEMPT and fact.fragment:
        before = transaction.get(ATTEMPTS, fact.fragment) or Attempts()
        times = sorted((*before.times, fact.time))[-MOST_ATTEMPTS:]
        transaction.put(ATTEMPTS, fact.fragment, Attempts(tuple(times)))


def may_try(reader: facts.Reader, fragment: events.FragmentId, now: values.Instant) -> bool:
    """Whether one attempt more is allowed for the identifier."""
    kept = reader.get(ATTEMPTS, fragment) or Attempts()
    return sum(now - WITHIN < time for time in kept.times) < MOST_ATTEMPTS
