"""Whom a question is about: one customer, somebody nobody knows, or one of several people."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec

from tuttu import access, api, identity, profile
from tuttu.engine.runtime import Runtime, Seen
from tuttu.vocabulary import errors, events, facts, people, values
from tuttu.vocabulary.project import Project

LISTED = "candidates"
"""What the look is when somebody is told who may be meant."""
Answers = Mapping[str, Any]
"""Trait to what the person says."""
NO_ANSWERS: Answers = {}
Candidate = tuple[people.Customer, values.Row]


class Asked(NamedTuple):
    """shared: several people use the identifier, and this is what lies under it alone. may_be_new:
    what is decided is kept though nobody knows them. beside: fragments of the other identifiers
    that may be theirs, for all we know. nobodies: namespaces of those that name nobody."""

    identifier: events.Identifier
    customer: people.Customer
    shared: bool
    may_be_new: bool
    beside: tuple[events.FragmentId, ...]
    nobodies: tuple[str, ...]


def one_of(seen: Seen, who: api.Who, settled: events.Identifier | None, *, person: bool) -> Asked:
    """settled: who it is, if that was settled first. person: it has to be one person. Raises
    Ambiguous, BadRequest."""
    snapshot, project = seen.snapshot, seen.version.project
    by_handle = settled is not None and _is_handle(project, who)
    said, nobodies = ([], ()) if by_handle else api.asked_identifiers(project, who)
    one = settled or identity.personal(snapshot, project, said)
    customer = identity.resolve(snapshot, project, one)
    beside = tuple(_beside(seen, said, one, known=customer.known))
    if not customer.known and any(seen.snapshot.facts(customer.oldest, limit=1)):
        # Nothing is known but that somebody asked, and was answered.
        customer = msgspec.structs.replace(customer, known=True)
    shared = customer.contested and identity.sharing(snapshot, project, one) is not None
    if shared and person:
        raise errors.Ambiguous(one)
    named = [one, *said]
    may_be_new = any(project.namespaces[each.namespace].may_be_new for each in named)
    return Asked(one, customer, shared, may_be_new, beside, nobodies)


def _is_handle(project: Project, who: api.Who) -> bool:
    return api.HANDLE in who and api.HANDLE not in project.namespaces


def _beside(
    seen: Seen, said: Sequence[events.Identifier], one: events.Identifier, *, known: bool
) -> Iterator[events.FragmentId]:
    """Identifiers that several people use, the customer perhaps among them. Of somebody whom nobody
    knows, any: who they are may be known by another."""
    snapshot, project = seen.snapshot, seen.version.project
    for each in said:
        if each != one and not (known and identity.sharing(snapshot, project, each) is None):
            yield snapshot.pseudonym(each.namespace, each.value)


class Asker(NamedTuple):
    """Who asks: the name of their key, and whether it may read people."""

    runtime: Runtime
    by: str
    sees_people: bool = True

    def settle(self, who: api.Who, answers: Answers = NO_ANSWERS) -> events.Identifier | None:
        """Who is meant, if a handle or answers say; None: they do not, or there is no need to.
        Raises Ambiguous, BadRequest, TooManyAttempts."""
        if _is_handle(self.runtime.project, who):
            return self._of_handle(who)
        if not answers:
            return None
        with self.runtime.view() as seen:
            asked = one_of(seen, who, None, person=False)
        return self._of_answers(asked.identifier, answers) if asked.shared else None

    def looked(self, customer: people.Customer, what: str) -> None:
        """Of somebody whom nobody knows nothing was read."""
        if customer.known:
            self.runtime.record_look(customer, self.by, what)

    @contextmanager
    def told_who_it_may_be(self) -> Iterator[None]:
        """What is found ambiguous in here says whom it may mean, to those who may read people."""
        try:
            yield
        except errors.Ambiguous as found:
            if not self.sees_people:
                raise
            raise self._listed(found.identifier) from None

    def _of_handle(self, who: api.Who) -> events.Identifier:
        if len(who) > 1:
            raise errors.BadRequest("a handle and an identifier", "one of the two")
        runtime, handle = self.runtime, who[api.HANDLE]
        key = access.fragment_of(runtime.store.pseudonym, handle, self.by, runtime.now())
        with runtime.view() as seen:
            project = seen.version.project
            found = None if key is None else identity.identifier_of(seen.snapshot, project, key)
        if found is None:
            expected = "one that was given to this key in the last 15 minutes"
            raise errors.BadRequest("a handle that names nobody", expected)
        return found

    def _of_answers(self, one: events.Identifier, answers: Answers) -> events.Identifier:
        """The one candidate whom all answers fit. Each attempt counts, whatever comes of it."""
        runtime = self.runtime
        declared = runtime.project.profile.asks
        for name in answers:
            if name not in declared:
                expected = f"one of: {', '.join(declared) or 'none is declared'}"
                hint = errors.did_you_mean(name, declared)
                raise errors.BadRequest(f"an answer to {name!r}", f"{expected}{hint}")
        self._record_attempt(runtime.store.pseudonym(one.namespace, one.value))
        with runtime.view() as seen:
            columns = seen.version.project.row_schema.columns
            zone = seen.version.project.company.zone
            fitting = [
                customer
                for customer, row in _candidates(seen, one, runtime.now())
                if all(
                    profile.fits(row[name], said, columns[name], zone)
                    for name, said in answers.items()
                )
            ]
        if len(fitting) != 1:
            raise errors.Ambiguous(one)
        return fitting[0].identifiers[0]

    def _record_attempt(self, fragment: events.FragmentId) -> None:
        """Under the write lock: of two at once, one may be the last that is allowed."""
        runtime = self.runtime
        look = runtime.fact(events.PersonLookedAt(by=self.by, what=access.ATTEMPT), fragment)
        with runtime.view(exclusive=True) as seen:
            if not access.may_try(seen.snapshot, fragment, look.time):
                raise errors.TooManyAttempts(access.WITHIN // values.SECOND)
            seen.commit([facts.Unit(facts=(look,))], seen.version.folds)

    def _listed(self, one: events.Identifier) -> errors.Ambiguous:
        """To be told who it may be is to look at each of them."""
        runtime, now = self.runtime, self.runtime.now()
        with runtime.view() as seen:
            found = list(_candidates(seen, one, now))
            declared = seen.version.project.profile
        shown, looks = [], []
        for customer, row in found:
            key = runtime.store.pseudonym(*_name(customer))
            handle = access.handle_of(runtime.store.pseudonym, key, self.by, now)
            initials = profile.initials(declared, row)
            shown.append(errors.PersonCandidate(handle=handle, initials=initials))
            look = events.PersonLookedAt(by=self.by, what=LISTED)
            looks.append(facts.Unit(facts=(runtime.fact(look, customer.oldest),)))
        if looks:
            runtime.commit(looks)
        asks = profile.telling(declared, [row for _, row in found])
        return errors.Ambiguous(one, tuple(shown), asks)


def _candidates(seen: Seen, one: events.Identifier, now: values.Instant) -> Iterator[Candidate]:
    """What traits that need profiling say is not looked at."""
    project = seen.version.project
    for customer in identity.candidates(seen.snapshot, project, one):
        yield customer, profile.read(seen.snapshot, customer, project, now, profiling=False)


def _name(customer: people.Customer) -> tuple[str, str]:
    first = customer.identifiers[0]
    return first.namespace, first.value
