"""What senders send: taken in, refused with a reason, repaired and sent again."""

from __future__ import annotations

import base64

import msgspec

from tuttu import intake
from tuttu.api.answers import CallsAnswer, DeadLetterAnswer, DeadLettersAnswer, RefusedCall
from tuttu.engine.house import House
from tuttu.intake import Accepted, Context, KeptLetter, Refusal
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.errors import BadRequest, NotFound
from tuttu.vocabulary.facts import Duplicate
from tuttu.vocabulary.ids import new_id

MOST_LETTERS = 1_000


class AcceptOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one body. answer None: the body as a whole was refused, and why."""

    status: int
    answer: CallsAnswer | None = None
    code: str = ""
    message: str = ""


def accept(
    house: House, route: str, body: bytes, encoding: str | None, sender: str
) -> AcceptOutcome:
    """Durable when it returns: a decision asked afterwards sees every accepted event."""
    return _settled(house, intake.accept(route, body, encoding, _context(house, sender)))


def repair(house: House, letter_id: str, body: bytes | None, by: str) -> AcceptOutcome:
    """A dead letter sent again, with a new body or (None) as it was kept."""
    kept = _letter(house, letter_id)
    return _settled(house, intake.repaired(kept, body, _context(house, by)))


def drop(house: House, letter_id: str, by: str) -> None:
    status = _letter(house, letter_id).status
    if status != "waiting":
        raise BadRequest(f"a dead letter that was {status} already", "one that waits")
    house.commit([intake.close(letter_id, "dropped", _context(house, by))])


def dead_letter(house: House, letter_id: str) -> DeadLetterAnswer:
    return _shown(_letter(house, letter_id))


def dead_letters(
    house: House, after: str | None, limit: int, unauthenticated: int
) -> DeadLettersAnswer:
    with house.store.read() as snapshot:
        found = intake.letters(snapshot, after=after, limit=max(1, min(limit, MOST_LETTERS)))
    return DeadLettersAnswer(
        dead_letters=[_shown(each) for each in found], unauthenticated=unauthenticated
    )


def _context(house: House, sender: str) -> Context:
    return Context(
        project=house.project,
        now=house.now(),
        sender=sender,
        pseudonym=house.store.pseudonym,
        new_id=new_id,
    )


def _settled(house: House, accepted: Accepted) -> AcceptOutcome:
    results = house.commit(accepted.everything)[: len(accepted.units)]
    if accepted.refusal is not None:
        no = accepted.refusal
        return AcceptOutcome(status=no.status, code=no.code, message=no.message)
    duplicates = sum(isinstance(result, Duplicate) for result in results)
    answer = CallsAnswer(
        success=True,
        accepted=len(results) - duplicates,
        duplicates=duplicates,
        refused=[_refused(each) for each in accepted.refused],
    )
    return AcceptOutcome(status=200, answer=answer)


def _refused(refusal: Refusal) -> RefusedCall:
    return RefusedCall(
        index=refusal.index or 0,
        code=refusal.code,
        message=refusal.message,
        dead_letter=refusal.letter.id if refusal.letter else None,
    )


def _letter(house: House, letter_id: str) -> KeptLetter:
    with house.store.read() as snapshot:
        kept = intake.letter(snapshot, letter_id)
    if kept is None:
        raise NotFound(f"no dead letter has the id {letter_id!r}")
    return kept


def _shown(kept: KeptLetter) -> DeadLetterAnswer:
    text, encoding = _as_text(kept.letter.body)
    return DeadLetterAnswer(
        id=kept.letter.id,
        received=format_instant(kept.received),
        route=kept.letter.route,
        code=kept.letter.code,
        reason=kept.letter.reason,
        body=text,
        encoding=encoding,
        truncated=kept.letter.truncated,
        sender=kept.letter.sender,
        status=kept.status,
    )


def _as_text(body: bytes) -> tuple[str, str]:
    try:
        return body.decode(), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), "base64"
