"""The port that every store fulfils."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from tuttu.vocabulary.events import FragmentId
from tuttu.vocabulary.facts import Fold, Reader, Result, Unit


class Snapshot(Reader, Protocol):
    """A reader that remembers what was watched, so that a decision can say what it rests on."""

    @property
    def reads(self) -> tuple[tuple[str, bytes, int], ...]:
        """(table, key, version) of every watched read; version 0: there was no record."""


class Store(Protocol):
    """Tables and log. Safe to use from several threads."""

    def register(self, folds: Sequence[tuple[str, Fold]]) -> None:
        """The folds that each commit runs, in order, each with the name of its room."""

    def read(self) -> AbstractContextManager[Snapshot]:
        """One consistent snapshot, for as long as the context lasts."""

    def commit(
        self, units: Sequence[Unit], *, folds: Sequence[tuple[str, Fold]] | None = None
    ) -> list[Result]:
        """Append and fold; one result for each unit, in order. Durable when it returns.

        folds: instead of the registered ones, for a fact that says how state itself changes.
        Raises StoreUnavailableError if nothing could be kept.
        """

    def pseudonym(self, namespace: str, value: str) -> FragmentId: ...

    def close(self) -> None: ...
