"""What those who run tuttu are shown: dead letters, resources, reloads."""

import base64
from collections.abc import Iterable

from tuttu.api import answers, reloading
from tuttu.intake import KeptLetter
from tuttu.ledger import ResourceState
from tuttu.vocabulary import conversion, errors, values, verdicts


def dead_letter_answer(kept: KeptLetter) -> answers.DeadLetterAnswer:
    letter = kept.letter
    try:
        body, encoding = letter.body.decode(), "utf-8"
    except UnicodeDecodeError:
        body, encoding = base64.b64encode(letter.body).decode(), "base64"
    return answers.DeadLetterAnswer(
        id=letter.id,
        received=conversion.format_instant(kept.received),
        route=letter.route,
        code=letter.code,
        reason=letter.reason,
        body=body,
        encoding=encoding,
        truncated=letter.truncated,
        sender=letter.sender,
        status=kept.status,
    )


def resource_answer(state: ResourceState) -> answers.ResourceAnswer:
    return answers.ResourceAnswer(
        name=state.name,
        amount=state.amount,
        used=state.used,
        held=state.held,
        free=state.free,
        per=state.per,
    )


def shown_withdrawals(withdrawn: Iterable[verdicts.Contact]) -> list[reloading.WithdrawnContact]:
    return [
        reloading.WithdrawnContact(contact_id=each.id, action=each.action, treatment=each.treatment)
        for each in withdrawn
    ]


def failed_reload(at: values.Instant, faults: Iterable[errors.Fault]) -> reloading.FailedReload:
    return reloading.FailedReload(
        at=conversion.format_instant(at), faults=[answers.shown_fault(fault) for fault in faults]
    )
