"""Consents as a receipt kept them: what one decision saw, long after."""

from __future__ import annotations

from collections.abc import Mapping

from tuttu.consent.consents import Consents
from tuttu.vocabulary.project import Project

Cells = Mapping[str, Mapping[str, str]]
"""Purpose to channel to why there was no permit; empty: there was one."""


class ConsentsFromReceipt(Consents):
    """Allows what was allowed then, and nothing that was not asked. Its permits are for making a
    decision again from its receipt: nothing is sent on them."""

    def __init__(self, project: Project, cells: Cells) -> None:
        super().__init__(project, [], None)
        self._cells = cells

    def _allows(self, purpose: str, channel: str) -> bool:
        return not self.why_not(purpose, channel)

    def why_not(self, purpose: str, channel: str) -> str:
        undeclared = self._undeclared(purpose, channel)
        if undeclared:
            return f"{purpose} by {channel}: {undeclared}"
        unasked = f"{purpose} by {channel}: was not asked then"
        return self._cells.get(purpose, {}).get(channel, unasked)

    def assuming(self, purpose: str, channel: str, allowed: bool) -> Consents:
        said = "" if allowed else f"{purpose} by {channel}: not allowed"
        cells = {**self._cells, purpose: {**self._cells.get(purpose, {}), channel: said}}
        return ConsentsFromReceipt(self._project, cells)
