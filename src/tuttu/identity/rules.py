"""The rules by which a version of the project says who is who, and how they read an identifier.

State of who is who is kept under the name of its rules, as a *part*: another version with other
rules keeps its own beside it, filled from the log before it becomes active. So rules can change.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from tuttu.identity.errors import IdentifierError
from tuttu.identity.spelling import normalise
from tuttu.vocabulary import company, events, history
from tuttu.vocabulary.project import Project, cached

READ = 4_096
"""Identifiers of whom it is remembered how the rules read them."""


class Rules:
    """Of one version of the project. part: the name under which state by these rules is kept."""

    def __init__(self, namespaces: Mapping[str, company.Namespace]) -> None:
        self.namespaces = namespaces
        ordered = sorted(namespaces.values(), key=lambda each: each.rank)
        self.part: history.Part = history.part("who is who", *map(_meaning, ordered))
        self.present = lru_cache(maxsize=READ)(self._present)
        """How the rules spell an identifier that is known by the spelling of its time; None: by
        now it names nobody."""

    def of(self, identifiers: Iterable[events.Identifier]) -> tuple[events.Identifier, ...]:
        """Those of one event, as a sender would have to write them now: in their present spelling,
        each once, highest priority first."""
        found = [now for each in identifiers if (now := self.present(each)) is not None]
        ranks = {each: self.namespaces[each.namespace].rank for each in found}
        return tuple(sorted(ranks, key=ranks.__getitem__))

    def respelled(self, identifiers: Iterable[events.Identifier]) -> list[events.Identifier]:
        """Those that are spelled otherwise by now."""
        return [each for each in identifiers if self.present(each) not in (None, each)]

    def _present(self, identifier: events.Identifier) -> events.Identifier | None:
        namespace = self.namespaces.get(identifier.namespace)
        try:
            value = None if namespace is None else normalise(namespace, identifier.value)
        except IdentifierError:
            return None
        if value is None or value == identifier.value:
            return None if value is None else identifier
        return events.Identifier(identifier.namespace, value)


@cached
def rules_of(project: Project) -> Rules:
    return Rules(project.namespaces)


def _meaning(namespace: company.Namespace) -> object:
    """All that who is who depends on. Where in a call an identifier stands is of later calls."""
    return [
        *(namespace.name, namespace.unique, namespace.apart, namespace.limit, namespace.partners),
        *(namespace.alias_limit, namespace.normalise, namespace.country),
        *(sorted(namespace.allowed), sorted(namespace.blocked), namespace.blocked_patterns),
        sorted(namespace.strength.items()),
        [bool(namespace.fields), sorted({len(paths) for paths in namespace.compounds})],
    ]
