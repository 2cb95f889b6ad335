"""Where a decision's receipt lies in the log."""

from __future__ import annotations

import msgspec

from tuttu.vocabulary.facts import Logged, Reader, Table, Transaction
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Folds
from tuttu.vocabulary.verdicts import Receipt


class ReceiptPosition(msgspec.Struct, frozen=True):
    """Log position of a receipt."""

    position: int


RECEIPTS = Table("engine.receipts", ReceiptPosition)


def folds(_project: Project) -> Folds:
    return {Receipt: _keep_position}


def _keep_position(transaction: Transaction, logged: Logged) -> None:
    transaction.put(RECEIPTS, logged.fact.id.encode(), ReceiptPosition(logged.position))


def receipt_of(reader: Reader, decision_id: str) -> Receipt | None:
    """The receipt as it was issued; None if no decision has this id."""
    kept = reader.get(RECEIPTS, decision_id.encode("utf-8", "replace"), watch=False)
    return None if kept is None else receipt_at(reader, kept.position)


def receipt_at(reader: Reader, position: int) -> Receipt:
    body = reader.fact(position).fact.body
    if not isinstance(body, Receipt):
        raise TypeError(f"log position {position}: found {type(body).__name__}, expected a receipt")
    return body
