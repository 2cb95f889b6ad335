"""Calls of senders: taken in, or refused with a reason."""

from collections.abc import Sequence
from itertools import count

from tuttu import api, intake
from tuttu.engine.runtime import Runtime
from tuttu.vocabulary import errors, events, facts, ids


def accept(
    runtime: Runtime, call: str, body: bytes, encoding: str | None, by: str
) -> api.CallsAnswer:
    """Durable when it returns: a decision asked afterwards sees every accepted event.

    call: of Segment's seven, ``batch`` included. Raises CallRefused, Unavailable.
    """
    return commit_accepted(runtime, intake.accept(call, body, encoding, context_of(runtime, by)))


def context_of(runtime: Runtime, sender: str) -> intake.Context:
    return intake.Context(
        project=runtime.project,
        now=runtime.now(),
        sender=sender,
        pseudonym=runtime.store.pseudonym,
        new_id=ids.new_id,
    )


def commit_accepted(runtime: Runtime, accepted: intake.Accepted) -> api.CallsAnswer:
    """Also what was refused is kept, as dead letters."""
    results = runtime.commit(accepted.everything)[: len(accepted.units)]
    refusal = accepted.refusal
    if refusal is not None:
        raise errors.CallRefused(refusal.status, refusal.code, refusal.message)
    duplicates = [type(result) for result in results].count(facts.Duplicate)
    different = _different(runtime, accepted, results) if duplicates else []
    refused = [
        api.RefusedCall(
            index=each.index or 0,
            code=each.code,
            message=each.message,
            dead_letter=each.letter.id if each.letter else None,
        )
        for each in accepted.refused
    ]
    return api.CallsAnswer(
        success=True,
        accepted=len(results) - duplicates,
        duplicates=duplicates,
        refused=refused,
        different=different,
    )


def _different(
    runtime: Runtime, accepted: intake.Accepted, results: Sequence[facts.Result]
) -> list[api.DifferentCall]:
    """Repeats that say something else than what is known."""
    out = {each.index for each in accepted.refused}
    places = (place for place in count() if place not in out)
    found = []
    with runtime.view() as seen:
        for place, unit, result in zip(places, accepted.units, results, strict=False):
            event = unit.facts[0].body
            if isinstance(result, facts.Duplicate) and isinstance(event, events.Event):
                other = intake.replacement_id(seen.snapshot, event, result.position)
                if other is not None:
                    found.append(
                        api.DifferentCall(index=place, message_id=event.id, replace_as=other)
                    )
    return found
