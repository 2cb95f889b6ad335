"""What intake is handed, and what it hands back."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tuttu.intake.refusing import STATUS, Code
from tuttu.vocabulary.events import DeadLetter
from tuttu.vocabulary.facts import Unit
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Instant


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What accepting a call depends on beside its bytes.

    now: the time of receipt. sender: name of the key that it came with. pseudonym: namespace and
    value to fragment id. new_id: a fresh id, for calls without a messageId and for dead letters.
    """

    project: Project
    now: Instant
    sender: str
    pseudonym: Callable[[str, str], bytes]
    new_id: Callable[[], str]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """One no. index: place in the batch; None: the body as a whole. letter: kept for repair."""

    code: Code
    message: str
    index: int | None = None
    letter: DeadLetter | None = None

    @property
    def status(self) -> int:
        return STATUS.get(self.code, 400)


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one body. Commit `units` and `letters` together, in one go.

    units: one for each accepted call, in the order of the body. refused: calls of a batch that
    was otherwise taken. refusal: the whole body was refused (then `units` and `refused` are
    empty); a single call is a whole body. letters: one unit for each dead letter, and the closing
    of a repaired one.
    """

    units: tuple[Unit, ...] = ()
    refused: tuple[Refusal, ...] = ()
    refusal: Refusal | None = None
    letters: tuple[Unit, ...] = ()

    @property
    def status(self) -> int:
        """Of the answer in HTTP: 200 also for a half-good batch."""
        return self.refusal.status if self.refusal else 200

    @property
    def everything(self) -> tuple[Unit, ...]:
        """All that is to be committed; the results of `units` come first."""
        return self.units + self.letters
