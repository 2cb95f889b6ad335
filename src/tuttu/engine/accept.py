"""Calls of senders: taken in, or refused with a reason."""

from collections.abc import Iterator, Sequence
from functools import partial

import msgspec

from tuttu import api, intake
from tuttu.engine.runtime import Runtime
from tuttu.vocabulary import errors, facts, ids
from tuttu.vocabulary.slices import Slices, whole


def accept(
    runtime: Runtime, call: str, body: bytes, encoding: str | None, by: str
) -> api.CallsAnswer:
    """Durable when it returns: a decision asked afterwards sees every accepted event.

    call: of Segment's seven, ``batch`` included. Raises CallRefused, Unavailable.
    """
    return whole(lambda: accept_in_slices(runtime, call, body, encoding, by))


def accept_in_slices(
    runtime: Runtime, call: str, body: bytes, encoding: str | None, by: str
) -> Slices[api.CallsAnswer]:
    """As `accept`; others may be served between two slices, each of which is kept whole."""
    context = context_of(runtime, by)
    taken: list[api.CallsAnswer] = []
    for accepted in intake.accept_in_slices(call, body, encoding, context):
        if taken:
            yield
        taken.append(commit_accepted(runtime, accepted, context))
    return api.one_answer(taken)


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
    results = runtime.store.share(partial(_commit, runtime, accepted), accepted.everything)
    refusal = accepted.refusal
    if refusal is not None:
        raise errors.CallRefused(refusal.status, refusal.code, refusal.message)
    if all(isinstance(result, facts.Committed) for result in results):
        return api.calls_answer(accepted, results, (), ())
    with runtime.view() as seen:
        known = intake.known_before(seen.snapshot, context.project, accepted.calls, results)
    mistaken = list(_mistaken(runtime, accepted, results))
    more = intake.refused_at_commit(known.reused, mistaken, context)
    if more.letters and not (mistaken and accepted.closing):
        runtime.commit(more.letters)
    if more.refused and accepted.single:
        first = more.refused[0]
        raise errors.CallRefused(first.status, first.code, first.message)
    refused = sorted((*accepted.refused, *more.refused), key=lambda each: each.index or 0)
    accepted = msgspec.structs.replace(accepted, refused=tuple(refused))
    fallen = [*known.reused, *(call for call, _ in mistaken)]
    return api.calls_answer(accepted, results, fallen, known.different)


def _commit(runtime: Runtime, accepted: intake.Accepted) -> list[facts.Result]:
    """The results of the calls. A dead letter that fails again is not closed."""
    results = runtime.commit_each(accepted.everything)
    facts.sound(results[len(accepted.calls) :])
    if accepted.closing and facts.Failed not in map(type, results):
        runtime.commit([accepted.closing])
    return results[: len(accepted.calls)]


def _mistaken(
    runtime: Runtime, accepted: intake.Accepted, results: Sequence[facts.Result]
) -> Iterator[tuple[intake.AcceptedCall, str]]:
    """Calls of which a fold failed, each with the number under which that is logged. Raises what is
    no mistake in a fold."""
    for call, result in zip(accepted.calls, results, strict=True):
        if isinstance(result, facts.Failed):
            if isinstance(result.error, errors.TuttuError):
                raise result.error
            yield call, runtime.note_mistake(result.error)
