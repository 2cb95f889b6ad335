"""Calls of senders: taken in, or refused with a reason."""

from collections.abc import Sequence

import msgspec

from tuttu import api, intake
from tuttu.engine.runtime import Runtime
from tuttu.vocabulary import errors, facts, ids


def accept(
    runtime: Runtime, call: str, body: bytes, encoding: str | None, by: str
) -> api.CallsAnswer:
    """Durable when it returns: a decision asked afterwards sees every accepted event.

    call: of Segment's seven, ``batch`` included. Raises CallRefused, Unavailable.
    """
    context = context_of(runtime, by)
    return commit_accepted(runtime, intake.accept(call, body, encoding, context), context)


def context_of(runtime: Runtime, sender: str) -> intake.Context:
    return intake.Context(
        project=runtime.project,
        now=runtime.now(),
        sender=sender,
        pseudonym=runtime.store.pseudonym,
        new_id=ids.new_id,
    )


def commit_accepted(
    runtime: Runtime, accepted: intake.Accepted, context: intake.Context
) -> api.CallsAnswer:
    """Also what was refused is kept, as dead letters."""
    results = runtime.commit(accepted.everything)[: len(accepted.calls)]
    refusal = accepted.refusal
    if refusal is not None:
        raise errors.CallRefused(refusal.status, refusal.code, refusal.message)
    reused, different = _known_before(runtime, accepted, results, context)
    if reused:
        more = intake.refused_as_reused(reused, context)
        runtime.commit(more.letters)
        if accepted.single:
            first = more.refused[0]
            raise errors.CallRefused(first.status, first.code, first.message)
        refused = sorted((*accepted.refused, *more.refused), key=lambda each: each.index or 0)
        accepted = msgspec.structs.replace(accepted, refused=tuple(refused))
    return api.calls_answer(accepted, results, reused, different)


def _known_before(
    runtime: Runtime,
    accepted: intake.Accepted,
    results: Sequence[facts.Result],
    context: intake.Context,
) -> tuple[list[intake.AcceptedCall], list[tuple[intake.AcceptedCall, str]]]:
    """Of the calls that were not committed: those whose id had been another call's; and those that
    say something else than what is known, each with the id under which it would be taken."""
    if all(isinstance(result, facts.Committed) for result in results):
        return [], []
    calls = [(each, each.unit) for each in accepted.calls]
    with runtime.view() as seen:
        reused = intake.reused(seen.snapshot, context.project, calls, results)
        return reused, intake.different(seen.snapshot, zip(calls, results, strict=True))
