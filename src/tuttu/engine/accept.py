"""Calls of senders: taken in, or refused with a reason."""

from collections.abc import Collection, Sequence

import msgspec

from tuttu import api, intake
from tuttu.engine.runtime import Runtime
from tuttu.vocabulary import errors, events, facts, ids


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
    reused = _reused(runtime, accepted, results, context)
    if reused:
        more = intake.refused_as_reused(reused, context)
        runtime.commit(more.letters)
        if accepted.single:
            first = more.refused[0]
            raise errors.CallRefused(first.status, first.code, first.message)
        refused = sorted((*accepted.refused, *more.refused), key=lambda each: each.index or 0)
        accepted = msgspec.structs.replace(accepted, refused=tuple(refused))
    committed = [type(result) for result in results].count(facts.Committed)
    gone = {each.index for each in reused}
    repeated = len(results) - committed - len(reused)
    return api.CallsAnswer(
        success=True,
        accepted=committed,
        duplicates=repeated,
        refused=[api.refused_call(each) for each in accepted.refused],
        different=_different(runtime, accepted, results, gone) if repeated else [],
        refused_traits=api.refused_traits(
            each for each in accepted.slips if each.index not in gone
        ),
    )


def _reused(
    runtime: Runtime,
    accepted: intake.Accepted,
    results: Sequence[facts.Result],
    context: intake.Context,
) -> list[intake.AcceptedCall]:
    """Calls that were not committed, since their id had been another call's."""
    if all(isinstance(result, facts.Committed) for result in results):
        return []
    with runtime.view() as seen:
        pairs = [(each, each.unit) for each in accepted.calls]
        return intake.reused(seen.snapshot, context.project, pairs, results)


def _different(
    runtime: Runtime,
    accepted: intake.Accepted,
    results: Sequence[facts.Result],
    reused: Collection[int],
) -> list[api.DifferentCall]:
    """Repeats that say something else than what is known. reused: places of those that are none."""
    found = []
    with runtime.view() as seen:
        for call, result in zip(accepted.calls, results, strict=True):
            event = call.unit.facts[0].body
            if isinstance(result, facts.Duplicate) and isinstance(event, events.Event):
                other = intake.replacement_id(seen.snapshot, event, result.position)
                if other is not None and call.index not in reused:
                    found.append(
                        api.DifferentCall(index=call.index, message_id=event.id, replace_as=other)
                    )
    return found
