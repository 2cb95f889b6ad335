"""What those who run tuttu are shown: dead letters, resources, reloads."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from tuttu.api.answers import (
    DeadLetterAnswer,
    FailedReload,
    ResourceAnswer,
    WithdrawnContact,
    shown_fault,
)
from tuttu.intake import KeptLetter
from tuttu.ledger import ResourceState
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.errors import Fault
from tuttu.vocabulary.values import Instant
from tuttu.vocabulary.verdicts import Contact


def dead_letter_answer(kept: KeptLetter) -> DeadLetterAnswer:
    letter = kept.letter
    try:
        body, encoding = letter.body.decode(), "utf-8"
    except UnicodeDecodeError:
        body, encoding = base64.b64encode(letter.body).decode(), "base64"
    return DeadLetterAnswer(
        id=letter.id,
        received=format_instant(kept.received),
        route=letter.route,
        code=letter.code,
        reason=letter.reason,
        body=body,
        encoding=encoding,
        truncated=letter.truncated,
        sender=letter.sender,
        status=kept.status,
    )


def resource_answer(state: ResourceState) -> ResourceAnswer:
    return ResourceAnswer(
        name=state.name,
        amount=state.amount,
        used=state.used,
        held=state.held,
        free=state.free,
        per=state.per,
    )


def shown_withdrawals(withdrawn: Iterable[Contact]) -> list[WithdrawnContact]:
    return [
        WithdrawnContact(contact_id=each.id, action=each.action, treatment=each.treatment)
        for each in withdrawn
    ]


def failed_reload(at: Instant, faults: Iterable[Fault]) -> FailedReload:
    return FailedReload(at=format_instant(at), faults=[shown_fault(fault) for fault in faults])
