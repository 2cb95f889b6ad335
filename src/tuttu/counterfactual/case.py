"""One refused candidate, and what stands in its way once some parts of a change are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from tuttu.content import ContentError
from tuttu.counterfactual.parts import (
    OF_ITEM,
    Allowed,
    Arm,
    Change,
    ColumnSet,
    Endless,
    Later,
    Live,
    Part,
    Units,
    apply,
)
from tuttu.counterfactual.rules import Rule, book_of
from tuttu.decision import stages
from tuttu.decision.chance import NO_MARKETING, POLICY
from tuttu.decision.contest import Render
from tuttu.decision.deciding import judge
from tuttu.decision.situation import Candidate, CandidateKey, Question, Situation
from tuttu.policy import solver
from tuttu.policy.tree import NOW
from tuttu.vocabulary.values import Row, contacted_column
from tuttu.vocabulary.verdicts import Refusal

ASKED = "asked"
"""Stands for the decision's id, of which nothing but an unset seed would follow."""


Renders = Callable[[Situation], Render]
"""How messages are rendered on a snapshot."""


class Seen(NamedTuple):
    """The snapshot with some parts of a change applied, as the candidate's rules see it."""

    parts: tuple[Part, ...]
    situation: Situation
    candidate: Candidate
    item_row: Row
    taken: frozenset[str]
    unmet: tuple[Rule, ...]


class Case:
    """A candidate of one question about one snapshot. Raises KeyError if it is none."""

    def __init__(
        self, situation: Situation, question: Question, key: CandidateKey, renders: Renders
    ) -> None:
        self.situation = situation
        self.question = question
        self.key = key
        self._contents: dict[CandidateKey, str] = {}
        self._renders = renders
        candidate = self._candidate(situation)
        self.book = book_of(situation.project)
        self.follows = self.book.follows(situation.row)
        self.rules = tuple(self.book.rules(candidate, self.follows))
        self.figures = self.book.figures(candidate.action, self.follows)
        self._of_items = _names_of_items(situation, candidate)
        self.domains = {of_item: self._domain(of_item) for of_item in (False, True)}

    def _candidate(self, situation: Situation) -> Candidate:
        name, treatment, item = self.key
        action = situation.project.actions[name]
        return Candidate(action, action.treatments[treatment], item)

    def _domain(self, of_item: bool) -> solver.Domain:
        """Rules about the item read the customer's columns too, but not the other way round."""
        trees = [rule.goal.tree for rule in self.rules if of_item or not rule.of_item]
        return solver.Domain(watched=(*trees, *self.figures), known=self.book.known, values={})

    def see(self, parts: tuple[Part, ...]) -> Seen:
        situation = apply(self.situation, Change(parts))
        candidate = self._candidate(situation)
        row, item_row = situation.row, situation.row_of(candidate)
        unmet = tuple(rule for rule in self.rules if not rule.met(row, item_row))
        taken = settled_names(parts, self.key[2])
        return Seen(parts, situation, candidate, item_row, taken, unmet)

    def refusal(self, seen: Seen) -> Refusal | None:
        """Why the whole decision would still refuse it."""
        first = stages.first_refusal(seen.candidate, seen.situation)
        if first is not None:
            return first
        judged = judge(seen.situation, self.question, ASKED, self._render(seen.situation))
        return judged.refusals[self.key]

    def turned(self, parts: tuple[Part, ...]) -> bool:
        return self.refusal(self.see(parts)) is None

    def is_speechless(self, seen: Seen) -> bool:
        """Its message cannot be rendered, whatever it is worth."""
        try:
            self._render(seen.situation)(seen.candidate)
        except ContentError:
            return True
        return False

    def _render(self, situation: Situation) -> Render:
        """A message that could be rendered once can be again: a change is about the choice, not
        about the words. One that failed is tried on what has changed."""

        def rendered(candidate: Candidate) -> str:
            if candidate.key not in self._contents:
                self._contents[candidate.key] = self._renders(situation)(candidate)
            return self._contents[candidate.key]

        return rendered

    def part_of(self, move: solver.Move, row: Row, of_item: bool) -> Part:
        """What a move of a row's column is a part of."""
        if move.name == "now":
            return Later(now=self.situation.now, would_be=move.value)
        about, item = self._candidate(self.situation).action.about, self.key[2]
        of = None
        if of_item and about is not None and item is not None and self.is_of_item(move.name):
            of = (about, item)
        return ColumnSet(name=move.name, now=row.get(move.name), would_be=move.value, of=of)

    def is_of_item(self, column: str) -> bool:
        return column.startswith((OF_ITEM, *self._of_items))

    def figure_values(self, seen: Seen, targets: Iterable[float]) -> Iterator[solver.Move]:
        """Values of the columns that the formulas read, at which a figure may change."""
        wanted = [*targets]
        domain = self.domains[True]
        for tree in self.figures:
            found = solver.propose(tree, seen.item_row, domain, targets=wanted)
            for column in found.columns():
                if column not in seen.taken:
                    yield from found.moves(column, seen.item_row)


def _names_of_items(situation: Situation, candidate: Candidate) -> tuple[str, ...]:
    """Beginnings of the ledger's columns that an item has of its own."""
    about = candidate.action.about
    actions = [each.name for each in situation.project.actions.values() if each.about == about]
    if about is None:
        return ()
    return (*map(contacted_column, actions), *(f"answered.{name}." for name in actions))


def settled_names(parts: Iterable[Part], item: str | None) -> frozenset[str]:
    """The columns that parts settle, as a row about the item has them."""
    found = set()
    for part in parts:
        if isinstance(part, ColumnSet) and (part.of is None or part.of[1] == item):
            found.add(part.name)
        elif isinstance(part, Later):
            found.add(NOW)
    return frozenset(found)


def settled(seen: Seen) -> Iterator[Part | None]:
    """What nothing but one certain part can mend; None: what nothing can."""
    action, situation = seen.candidate.action, seen.situation
    if action.status != "live":
        yield Live(action=action.name, now=action.status)
    if action.valid_until is not None and situation.now >= action.valid_until:
        yield Endless(action=action.name, now=action.valid_until)
    if seen.candidate.lacks_item:
        yield None
    if stages.consent(seen.candidate, situation) is not None:
        yield _permit(seen)
    yield from _units(seen)
    if situation.arm == NO_MARKETING and stages.controls(seen.candidate, situation) is not None:
        yield Arm(now=situation.arm, would_be=POLICY)


def _permit(seen: Seen) -> Part | None:
    """None for a channel or purpose that is not declared: nobody can allow it."""
    purpose, channel = seen.candidate.action.purpose, seen.candidate.treatment.channel
    supposed = seen.situation.consents.assuming(purpose, channel, allowed=True)
    if supposed.permit(purpose, channel) is None:
        return None
    return Allowed(purpose=purpose, channel=channel, now=False, would_be=True)


def _units(seen: Seen) -> Iterator[Part]:
    if stages.resources(seen.candidate, seen.situation) is None:
        return
    for name, needed in seen.candidate.treatment.uses.items():
        free = seen.situation.free.get(name, 0)
        if free < needed:
            yield Units(name=name, now=free, would_be=needed)
