"""All that this room keeps of each fact."""

from tuttu.intake import dead_letters, repeats, replacing, slips
from tuttu.vocabulary import events, facts, room
from tuttu.vocabulary.project import Project


def folds(project: Project) -> room.Folds:
    received = repeats.fold_of(project)

    def event(transaction: facts.Transaction, logged: facts.Logged) -> None:
        received(transaction, logged)
        replacing.fold(transaction, logged)

    return {**dead_letters.FOLDS, **slips.FOLDS, events.Event: event}
