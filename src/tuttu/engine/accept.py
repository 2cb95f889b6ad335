"""Calls of senders: taken in, or refused with a reason."""

from tuttu import api, intake
from tuttu.engine.runtime import Runtime
from tuttu.vocabulary import errors, facts, ids


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
        refused_traits=api.refused_traits(accepted.slips),
    )
