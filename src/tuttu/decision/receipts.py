"""Where a decision's receipt lies in the log."""

import msgspec

from tuttu.vocabulary import facts, project, room, verdicts


class ReceiptPosition(msgspec.Struct, frozen=True):
    """Log position of a receipt."""

    position: int


RECEIPTS = facts.Table("engine.receipts", ReceiptPosition)


def folds(_project: project.Project) -> room.Folds:
    return {verdicts.Receipt: _keep_position}


def _keep_position(transaction: facts.Transaction, logged: facts.Logged) -> None:
    transaction.put(RECEIPTS, logged.fact.id.encode(), ReceiptPosition(logged.position))


def receipt_of(reader: facts.Reader, decision_id: str) -> verdicts.Receipt | None:
    """The receipt as it was issued; None if no decision has this id."""
    kept = reader.get(RECEIPTS, decision_id.encode("utf-8", "replace"), watch=False)
    return None if kept is None else receipt_at(reader, kept.position)


def receipt_at(reader: facts.Reader, position: int) -> verdicts.Receipt:
    body = reader.fact(position).fact.body
    if not isinstance(body, verdicts.Receipt):
        raise TypeError(f"log position {position}: found {type(body).__name__}, expected a receipt")
    return body
