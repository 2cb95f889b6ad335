"""What a decision rests on, as its receipt keeps it: the columns that it read, and what stages keep
beside the row."""

from collections.abc import Sequence

from tuttu.decision.stage import Stages
from tuttu.decision.view import Candidate, DecisionQuery, DecisionView
from tuttu.vocabulary.verdicts import ReceiptEvidence

_FIELDS = frozenset(ReceiptEvidence.__struct_fields__)


def evidence_of(
    view: DecisionView, query: DecisionQuery, candidates: Sequence[Candidate], stages: Stages
) -> ReceiptEvidence:
    """Only of what the candidates could ask for."""
    kept: dict[str, object] = {"slots": dict(query.slots)}
    for stage in stages:
        kept.update(stage.keeps(view, candidates))
    others = {name: kept.pop(name) for name in kept.keys() - _FIELDS}
    return ReceiptEvidence(**kept, others=others)  # type: ignore[arg-type]
