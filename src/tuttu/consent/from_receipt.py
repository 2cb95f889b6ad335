"""The consents that one decision read, rebuilt from its receipt."""

from collections.abc import Collection, Mapping

from tuttu.consent.consents import Consents, OwnChoice
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import AS_WORDED, Reason

Cells = Mapping[str, Mapping[str, Reason | str]]
"""Purpose to channel to why the customer's choice and the terms gave no permit, in words if so
kept; empty: they gave one."""

OF_TERMS = frozenset({"not_consented", "kind_not_known"})
"""Codes that say that the customer chose nothing."""


class ConsentsFromReceipt(Consents):
    """Allows what was allowed then, and nothing that the decision did not read. Its permits serve
    to repeat a decision from its receipt: nothing is sent on them.

    given: purposes and channels that the customer themselves allowed, where the terms might have
    been others for another kind of person.
    """

    def __init__(
        self, project: Project, cells: Cells, given: Collection[tuple[str, str]] = ()
    ) -> None:
        super().__init__(project, [], None)
        self._cells = cells
        self._given = given

    def _choice(self, purpose: str, channel: str) -> OwnChoice | None:
        kept = self._cells.get(purpose, {}).get(channel)
        if kept is None:
            return OwnChoice(Reason("not_asked", {"purpose": purpose, "channel": channel}))
        if isinstance(kept, Reason):
            return None if kept.code in OF_TERMS else OwnChoice(kept)
        if kept:
            return OwnChoice(Reason(AS_WORDED, {"words": kept}))
        by_terms = self._project.purposes[purpose].differs(channel)
        return None if by_terms and (purpose, channel) not in self._given else OwnChoice()

    def _again(self) -> Consents:
        return ConsentsFromReceipt(self._project, self._cells, self._given)
