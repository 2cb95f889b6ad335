"""Folds what events say of the addresses that they carry; a later word takes the earlier one's
place, whatever came first."""

from collections.abc import Callable

from tuttu.reach.records import ADDRESSES, IDENTIFY, AddressRecord, parts_of
from tuttu.vocabulary import events, facts, history, room
from tuttu.vocabulary.project import Project


def parts(project: Project) -> frozenset[history.Part]:
    """What is kept, by the names of its parts."""
    return parts_of(project).parts


def folds(project: Project) -> room.Folds:
    """None, if no channel needs an address."""
    kept = parts(project)
    return _folds(project, lambda _: kept) if kept else {}


def filler(project: Project, behind: history.Behind) -> room.Folds:
    """The same for a backfill: the parts that do not cover the log up to a fact's position."""
    return _folds(project, behind.at)


def _folds(project: Project, wanted_at: Callable[[int], frozenset[history.Part]]) -> room.Folds:
    """wanted_at: log position to the parts that a fact there may fill."""
    declared = parts_of(project)

    def fold(transaction: facts.Transaction, logged: facts.Logged) -> None:
        event = logged.fact.body
        if not isinstance(event, events.Event):
            return
        said = declared.said.get(event.name, {})
        told = declared.told if event.call == IDENTIFY else {}
        if not said and not told:
            return
        wanted = wanted_at(logged.position)
        for address in event.identifiers:
            found = {said.get(address.namespace), told.get(address.namespace)} & wanted
            if found:
                key = transaction.pseudonym(address.namespace, address.value)
                before = transaction.get(ADDRESSES, key) or AddressRecord()
                newer = {
                    part: logged.fact.time
                    for part in found
                    if part is not None
                    and before.said.get(part, logged.fact.time - 1) < logged.fact.time
                }
                if newer:
                    # In one order, independent of arrival.
                    after = dict(sorted({**before.said, **newer}.items()))
                    transaction.put(ADDRESSES, key, AddressRecord(after))

    return {events.Event: fold}
