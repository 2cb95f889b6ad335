"""The ledger's one fold: receipts, events and new amounts into state."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from tuttu.ledger.book import Book
from tuttu.ledger.claims import Claims
from tuttu.ledger.declared import OWN, Declared, declared_by, part_of
from tuttu.ledger.elsewhere import action_of, contact_id, outcome_of
from tuttu.ledger.questions import Questions
from tuttu.ledger.state import AMOUNTS, WITHDRAWN, Amount, Answer, Elsewhere, Report
from tuttu.vocabulary.conversion import event_row
from tuttu.vocabulary.events import ContactWithdrawn, Event, FragmentId, ResourceSet
from tuttu.vocabulary.facts import Fact, Logged, Transaction
from tuttu.vocabulary.history import Behind, Part
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Folds
from tuttu.vocabulary.values import Row
from tuttu.vocabulary.verdicts import Receipt


def parts(project: Project) -> frozenset[Part]:
    """What is kept under the name of the definition that heard it."""
    return declared_by(project).parts


def folds(project: Project) -> Folds:
    """Raises Exhausted, with the resource's name, for a receipt whose claim does not fit."""
    hearing = _Hearing(project, declared_by(project))

    def fold(transaction: Transaction, logged: Logged) -> None:
        fact = logged.fact
        match fact.body:
            case Receipt() as receipt:
                book = Book(transaction, Claims(transaction, project, fact.time))
                for contact in receipt.contacts:
                    book.add_contact(contact)
            case Event():
                hearing.hear(transaction, fact)
            case ContactWithdrawn() as said:
                book = Book(transaction, Claims(transaction, project, fact.time))
                report = Report(fact.time, WITHDRAWN, part=OWN, why=said.reason)
                book.add_report(said.contact_id, report)
            case ResourceSet() as change:
                _set_amount(transaction, change, fact)

    return dict.fromkeys((Receipt, Event, ContactWithdrawn, ResourceSet), fold)


def filler(project: Project, behind: Behind) -> Folds:
    """The folds that tell facts of the log to the parts that have not heard them."""
    whole = declared_by(project)

    @lru_cache
    def hearing(wanted: frozenset[Part]) -> _Hearing:
        return _Hearing(project, part_of(whole, wanted))

    def fill(transaction: Transaction, logged: Logged) -> None:
        fact, late = logged.fact, hearing(behind.at(logged.position))
        if isinstance(fact.body, Event):
            late.hear(transaction, fact)
        elif isinstance(fact.body, Receipt) and late.declared.queue:
            book = Book(transaction, Claims(transaction, project, fact.time))
            for contact in fact.body.contacts:
                book.list_if_waiting(contact)

    return {Event: fill, Receipt: fill}


class _Hearing:
    """What some definitions hear of an event."""

    def __init__(self, project: Project, declared: Declared) -> None:
        self.declared = declared
        self._project = project
        self._questions = Questions(project, declared)

    def hear(self, transaction: Transaction, fact: Fact) -> None:
        event = fact.body
        if not isinstance(event, Event) or fact.fragment is None:
            return
        if not self._questions.concern(event):
            return
        book = Book(transaction, Claims(transaction, self._project, fact.received))
        said = msgspec.json.decode(event.properties)
        row = event_row(event, self._project.event_schema)
        self._contacts(book, event, fact.fragment, row, said)
        named = _contact_id(said)
        if named:
            self._outcomes(book, event, named)
        self._answers(book, event, fact.fragment, row, said)

    def _contacts(
        self,
        book: Book,
        event: Event,
        fragment: FragmentId,
        row: Row,
        said: Mapping[str, object],
    ) -> None:
        for part, mapped in self.declared.mappings.items():
            mapping = mapped.mapping
            if mapping.event == event.name and (mapping.when is None or mapping.when(row) is True):
                action = action_of(mapping, said)
                item = self._questions.item_of(action, said)
                made = Elsewhere(event.time, action, item, outcome_of(mapping, said))
                book.add_elsewhere(part, fragment, event.id, contact_id(mapped, event.id), made)

    def _outcomes(self, book: Book, event: Event, named: str) -> None:
        for part, (name, outcome) in self.declared.outcomes.items():
            if name == event.name:
                book.add_report(named, Report(event.time, outcome, part=part))

    def _answers(
        self,
        book: Book,
        event: Event,
        fragment: FragmentId,
        row: Row,
        said: Mapping[str, object],
    ) -> None:
        named = _contact_id(said)
        answers = []
        for part in self._questions.answered(row):
            question = self.declared.questions[part]
            item = self._questions.item_of(question.action, said) or ""
            answers.append((part, Answer(event.time, question.outcome, named, item)))
        if answers:
            book.add_answers(fragment, answers)
        for part, answer in answers if named else ():
            action = self.declared.questions[part].action
            book.add_report(named, Report(event.time, answer.outcome, action, part))


def _contact_id(said: Mapping[str, object]) -> str:
    named = said.get("contact_id")
    return named if isinstance(named, str) else ""


def _set_amount(transaction: Transaction, change: ResourceSet, fact: Fact) -> None:
    key = change.name.encode()
    before = transaction.get(AMOUNTS, key)
    if before is None or (before.time, before.id) < (fact.time, fact.id):
        transaction.put(AMOUNTS, key, Amount(change.amount, fact.time, fact.id))
