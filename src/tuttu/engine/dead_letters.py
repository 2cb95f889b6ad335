"""Refused calls: listed, repaired and sent again, given up; and what did not fit of others."""

from tuttu import api, intake
from tuttu.engine.accept import commit_accepted, context_of
from tuttu.engine.runtime import Runtime
from tuttu.vocabulary.errors import BadRequest, NotFound

MOST_LETTERS = 1_000
MOST_SLIPS = 1_000


def dead_letters(runtime: Runtime, query: api.DeadLettersQuery) -> api.DeadLettersAnswer:
    """Refused calls that wait to be repaired, sent again or dropped, oldest first."""
    limit = max(1, min(query.limit, MOST_LETTERS))
    with runtime.view() as seen:
        found = intake.letters(seen.snapshot, after=query.after, limit=limit)
    return api.DeadLettersAnswer(
        dead_letters=[api.dead_letter_answer(each) for each in found],
        unauthenticated=runtime.unauthenticated,
    )


def slips(runtime: Runtime, query: api.SlipsQuery) -> api.SlipsAnswer:
    """Traits of accepted calls that did not fit their type: who sent them, how often, since when.
    The newest first."""
    limit = max(1, min(query.limit, MOST_SLIPS))
    with runtime.view() as seen:
        return api.slips_answer(intake.slips(seen.snapshot, limit))


def dead_letter(runtime: Runtime, id: str) -> api.DeadLetterAnswer:  # noqa: A002 - of the path
    """One refused call, with its body as far as it was kept."""
    return api.dead_letter_answer(_letter(runtime, id))


def repair(runtime: Runtime, id: str, body: bytes, by: str) -> api.CallsAnswer:  # noqa: A002
    """Sends a refused call again with the repaired body given here."""
    kept, context = _letter(runtime, id), context_of(runtime, by)
    return commit_accepted(runtime, intake.repair(kept, body, context), context)


def send_again(runtime: Runtime, id: str, by: str) -> api.CallsAnswer:  # noqa: A002
    """Sends a refused call again as it is, say after the project was repaired."""
    kept, context = _letter(runtime, id), context_of(runtime, by)
    return commit_accepted(runtime, intake.repair(kept, None, context), context)


def drop(runtime: Runtime, id: str, by: str) -> None:  # noqa: A002
    """Gives a refused call up."""
    status = _letter(runtime, id).status
    if status != "waiting":
        raise BadRequest(f"a dead letter that was {status} already", "one that waits")
    runtime.commit([intake.close(id, "dropped", context_of(runtime, by))])


def _letter(runtime: Runtime, letter_id: str) -> intake.KeptLetter:
    with runtime.view() as seen:
        kept = intake.letter(seen.snapshot, letter_id)
    if kept is None:
        raise NotFound(f"no dead letter has the id {letter_id!r}")
    return kept
