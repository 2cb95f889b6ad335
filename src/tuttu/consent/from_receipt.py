"""The consents that one decision read, rebuilt from its receipt."""

from collections.abc import Mapping

from tuttu.consent.consents import Consents
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import AS_WORDED, Reason

Cells = Mapping[str, Mapping[str, Reason | str]]
"""Purpose to channel to why there was no permit, in words if so kept; empty: there was one."""


class ConsentsFromReceipt(Consents):
    """Allows what was allowed then, and nothing that the decision did not read. Its permits serve
    to repeat a decision from its receipt: nothing is sent on them."""

    def __init__(self, project: Project, cells: Cells) -> None:
        super().__init__(project, [], None)
        self._cells = cells

    def why_not(self, purpose: str, channel: str) -> Reason | None:
        undeclared = self._undeclared(purpose, channel)
        if undeclared is not None:
            return undeclared
        kept = self._cells.get(purpose, {}).get(channel)
        if kept is None:
            return Reason("not_asked", {"purpose": purpose, "channel": channel})
        if isinstance(kept, str):
            return Reason(AS_WORDED, {"words": kept}) if kept else None
        return kept

    def assuming(self, purpose: str, channel: str, allowed: bool) -> Consents:
        cell = {"purpose": purpose, "channel": channel}
        said = "" if allowed else Reason("not_consented", cell)
        cells = {**self._cells, purpose: {**self._cells.get(purpose, {}), channel: said}}
        return ConsentsFromReceipt(self._project, cells)
