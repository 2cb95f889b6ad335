"""The ledger's folds: receipts, events, withdrawals and new amounts into state."""

from functools import lru_cache

from tuttu.ledger import state
from tuttu.ledger.definitions import OWN, definitions_of, only
from tuttu.ledger.newest import NewestContacts
from tuttu.ledger.outcome_rules import OutcomeRules
from tuttu.ledger.state import AMOUNTS, WITHDRAWN, Amount, ContactReport
from tuttu.ledger.writer import ContactWriter
from tuttu.vocabulary import events, facts, history, room, verdicts
from tuttu.vocabulary.project import Project


def parts(project: Project) -> frozenset[history.Part]:
    """State that is kept under the name of the definition that produced it."""
    return definitions_of(project).parts


def folds(project: Project) -> room.Folds:
    """That of receipts raises Exhausted, with the resource's name, for a claim that does not
    fit."""
    rules = OutcomeRules(project, definitions_of(project))

    def fold_receipt(transaction: facts.Transaction, logged: facts.Logged) -> None:
        fact, receipt = logged.fact, logged.fact.body
        if isinstance(receipt, verdicts.Receipt) and receipt.contacts:
            writer = ContactWriter(transaction, project, fact.time)
            for contact in receipt.contacts:
                writer.add_contact(contact)

    def fold_withdrawal(transaction: facts.Transaction, logged: facts.Logged) -> None:
        fact, withdrawn = logged.fact, logged.fact.body
        if isinstance(withdrawn, events.ContactWithdrawn):
            why = withdrawn.reason or verdicts.Reason(withdrawn.code, withdrawn.values).packed()
            report = ContactReport(fact.time, WITHDRAWN, part=OWN, why=why)
            writer = ContactWriter(transaction, project, fact.time)
            writer.add_report(withdrawn.contact_id, report)

    def fold_amount(transaction: facts.Transaction, logged: facts.Logged) -> None:
        fact, change = logged.fact, logged.fact.body
        if isinstance(change, events.ResourceSet):
            key = change.name.encode()
            before = transaction.get(AMOUNTS, key)
            if before is None or (before.time, before.id) < (fact.time, fact.id):
                transaction.put(AMOUNTS, key, Amount(change.amount, fact.time, fact.id))

    return {
        verdicts.Receipt: fold_receipt,
        events.Event: rules.fold,
        events.ContactWithdrawn: fold_withdrawal,
        events.ResourceSet: fold_amount,
    }


def filler(project: Project, behind: history.Behind) -> room.Folds:
    """The folds of a backfill, for the parts that do not cover the log up to a fact's position."""
    whole = definitions_of(project)

    @lru_cache
    def rules_of(wanted: frozenset[history.Part]) -> OutcomeRules:
        return OutcomeRules(project, only(whole, wanted))

    def fill_event(transaction: facts.Transaction, logged: facts.Logged) -> None:
        rules_of(behind.at(logged.position)).fold(transaction, logged)
        refresh(transaction, logged)

    def fill_queue(transaction: facts.Transaction, logged: facts.Logged) -> None:
        fact, receipt = logged.fact, logged.fact.body
        if (
            isinstance(receipt, verdicts.Receipt)
            and rules_of(behind.at(logged.position)).definitions.queue
        ):
            writer = ContactWriter(transaction, project, fact.time)
            for contact in receipt.contacts:
                writer.list_if_queued(contact)
        refresh(transaction, logged)

    def refresh(transaction: facts.Transaction, logged: facts.Logged) -> None:
        if rules_of(behind.at(logged.position)).definitions.newest is not None:
            newest = NewestContacts(transaction, project)
            for fragment in _touched(transaction, logged.fact):
                newest.refresh(fragment)

    return {
        events.Event: fill_event,
        verdicts.Receipt: fill_queue,
        events.ContactWithdrawn: refresh,
    }


def _touched(reader: facts.Reader, fact: facts.Fact) -> frozenset[events.FragmentId]:
    """Fragments whose contacts the fact may have changed."""
    found, body = {fact.fragment}, fact.body
    if isinstance(body, verdicts.Receipt):
        found.update(each.fragment for each in body.contacts)
    named: object = None
    if isinstance(body, events.ContactWithdrawn):
        named = body.contact_id
    elif isinstance(body, events.Event):
        named = body.said.get("contact_id")
    if isinstance(named, str):
        found.add(state.address_of(reader, named).fragment)
    return frozenset(each for each in found if each is not None)
