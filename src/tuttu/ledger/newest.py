"""Which of a fragment's contacts decisions ask for: the newest. All others go to older pages.

A decision asks for: of each contact limit the newest showings, one more than it allows; live holds
and what may be shown again; of each suppression the newest answers, as many as it takes; whatever
may still become *ignored*; and the newest contact, answer and fulfilment of each action and
channel. None of these is lost by more contacts beside them, so a record keeps a few more, and is
laid out once more when there are many. The law: a decision sees the same in all contacts.

What goes to the pages is settled: time alone brings none of it back. A fact may: one that speaks of
what is on a page, or is older than something there, or takes back what was counted. Then the whole
is taken from the pages, and laid out once more.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from tuttu.ledger import external, limits, state, suppressions
from tuttu.ledger.contacts import AsOf, as_of, as_read
from tuttu.ledger.definitions import answered_by, definitions_of
from tuttu.ledger.lifecycle import HistoryEntry, attributed, entries_of
from tuttu.ledger.state import FragmentRecord, OlderContacts
from tuttu.vocabulary import events, facts, history, library, values
from tuttu.vocabulary.project import Project, cached

FIRST = 64
"""Contacts and answers from which on a record is laid out."""
MORE = 16
"""So many more, or a quarter, lay it out again."""
PAGE = 256
"""Contacts and answers of a page, before it is the last one no more."""


class NewestContacts:
    """The records of fragments in one transaction."""

    def __init__(self, transaction: facts.Transaction, project: Project) -> None:
        self._transaction = transaction
        self._project = project
        self._definitions = definitions_of(project)

    def record(self, fragment: events.FragmentId) -> FragmentRecord:
        """To be changed and put. It is the whole if it was laid out by other rules."""
        record = self._transaction.get(state.FRAGMENTS, fragment) or FragmentRecord()
        if record.older is not None and record.older.part != self._definitions.newest:
            return self.whole(fragment, record)
        return record

    def whole(self, fragment: events.FragmentId, record: FragmentRecord) -> FragmentRecord:
        """Its pages are taken away, and it is put with what they held."""
        if record.older is None:
            return record
        whole = state.whole_of(self._transaction, fragment, record)
        for number in range(record.older.pages):
            self._transaction.delete(state.OLDER, _page_key(fragment, number))
        self._transaction.put(state.FRAGMENTS, fragment, whole)
        return whole

    def put(self, fragment: events.FragmentId, record: FragmentRecord) -> None:
        older = record.older
        most = FIRST if older is None else older.kept + max(MORE, older.kept // 4)
        if record.size > most:
            record = self._laid_out(fragment, record)
        self._transaction.put(state.FRAGMENTS, fragment, record)

    def refresh(self, fragment: events.FragmentId) -> None:
        """Lay it out by the present rules, if it is not."""
        kept = self._transaction.get(state.FRAGMENTS, fragment)
        if kept is None:
            return
        by_others = kept.older is not None and kept.older.part != self._definitions.newest
        if by_others or (kept.older is None and kept.size > FIRST):
            self.put(fragment, self.record(fragment))

    def _laid_out(self, fragment: events.FragmentId, record: FragmentRecord) -> FragmentRecord:
        """Without what goes to the pages."""
        seen = as_read(self._project, fragment, record)
        since = _newest_moment(record)
        entries = entries_of([seen], as_of(self._project, since, None).outbound, since)
        needed = _needed(self._project, entries, since)
        of_answers = {(action, said): to for to, action, said in attributed([seen], entries)}

        def stays(part: history.Part, answer: state.Answer) -> bool:
            """With the contact that it is about."""
            rule = self._definitions.rules.get(part)
            if rule is None:
                return False
            named = answer.contact_id in seen.contacts
            to = answer.contact_id if named else of_answers.get((rule.action, answer))
            return to in needed

        kept, page = self._parted(record, needed, stays)
        named = (each.contact_id for said in page.answers.values() for each in said)
        before = record.older or OlderContacts(b"", since, 0)
        answered, contacted = answered_by(page, self._definitions), _contacted(page)
        with_contacts = {*contacted, *filter(before.has_contacts_of, before.actions)}
        older = OlderContacts(
            part=self._definitions.newest or b"",
            since=since,
            kept=kept.size,
            pages=before.pages,
            last=before.last,
            actions=tuple(sorted({*before.actions, *answered, *contacted})),
            answered=tuple(sorted({*before.answered, *answered})),
            named=before.named or any(each and each not in seen.contacts for each in named),
            alone=tuple(sorted({*before.alone, *answered} - with_contacts)),
        )
        return replace(kept, laid_out=self._with_page(fragment, older, page))

    def _parted(
        self,
        record: FragmentRecord,
        needed: set[str],
        stays: Callable[[history.Part, state.Answer], bool],
    ) -> tuple[FragmentRecord, FragmentRecord]:
        """What is kept, and what goes."""
        mappings = self._definitions.mappings
        made: tuple[dict[history.Part, dict[str, state.ExternalContact]], ...] = ({}, {})
        for part, found in record.external.items():
            mapped = mappings.get(part)
            for event_id, each in found.items():
                kept = mapped is not None and external.contact_id(mapped, event_id) in needed
                made[not kept].setdefault(part, {})[event_id] = each
        answers: tuple[dict[history.Part, tuple[state.Answer, ...]], ...] = ({}, {})
        for part, said in record.answers.items():
            for place, found_there in enumerate(answers):
                some = tuple(each for each in said if stays(part, each) is not bool(place))
                if some:
                    found_there[part] = some
        first, second = (
            FragmentRecord(
                contacts={n: each for n, each in record.contacts.items() if (n in needed) is kept},
                external=made[not kept],
                reports={n: each for n, each in record.reports.items() if (n in needed) is kept},
                answers=answers[not kept],
                units={n: each for n, each in record.units.items() if (n in needed) is kept},
            )
            for kept in (True, False)
        )
        return first, second

    def _with_page(
        self, fragment: events.FragmentId, older: OlderContacts, page: FragmentRecord
    ) -> OlderContacts:
        """Pages are filled one after the other."""
        if page == FragmentRecord():
            return older
        number, pages = older.pages, [page]
        if number and older.last + page.size <= PAGE:
            number -= 1
            last = self._transaction.get(state.OLDER, _page_key(fragment, number))
            pages = [page] if last is None else [last, page]
        joined = state.joined(pages)
        self._transaction.put(state.OLDER, _page_key(fragment, number), joined)
        return replace(older, pages=number + 1, last=joined.size)


def _page_key(fragment: events.FragmentId, number: int) -> bytes:
    return fragment + number.to_bytes(4)


def _newest_moment(record: FragmentRecord) -> values.Instant:
    """Nothing in the record, nor on its pages, is later."""
    return max(
        record.older.since if record.older else values.INTEGER_MIN,
        *(each.time for each in record.contacts.values()),
        *(each.time for found in record.external.values() for each in found.values()),
        *(each.time for said in record.reports.values() for each in said),
        *(each.time for said in record.answers.values() for each in said),
    )


def _contacted(page: FragmentRecord) -> set[str]:
    own = {each.action for each in page.contacts.values()}
    elsewhere = {each.action for found in page.external.values() for each in found.values()}
    return {each for each in own | elsewhere if each is not None}


def _needed(project: Project, entries: Sequence[HistoryEntry], since: values.Instant) -> set[str]:
    """Ids of contacts. entries: all, by (time, id), as they are at the newest moment of all."""
    moment = as_of(project, since, None)
    found = {entry.contact.id for entry in entries if _may_change(project, entry, moment)}
    found.update(_newest_of_each(entries, moment))
    for suppression in project.policy.suppressions:
        found.update(_answering(entries, suppression))
    scopes = limits.by_scope(entries, project.company.zone)
    for limit in project.policy.contact_limits:
        found.update(limits.newest(scopes, limit, project.company.zone))
    return found


def _may_change(project: Project, entry: HistoryEntry, moment: AsOf) -> bool:
    """Whether time alone still changes what it is, or it may be shown again, or is under way."""
    contact, since = entry.contact, moment.now
    if contact.state == state.HELD:
        return True
    if contact.held_until is not None and since < contact.held_until:
        return True
    within = contact.answer_within
    if entry.counts and within is not None and since < contact.time + within:
        return True
    if contact.state == state.QUEUED and contact.action in moment.fulfilling:
        return True
    holds = _holds(project).get((contact.action, contact.treatment))
    return holds is not None and since < contact.time + holds


@cached
def _holds(project: Project) -> Mapping[tuple[str | None, str | None], values.Duration]:
    """How long an offer that was shown is kept, by action and treatment."""
    return {
        (action.name, each.name): each.holds
        for action in project.actions.values()
        for each in action.treatments.values()
        if each.holds is not None
    }


def _newest_of_each(entries: Sequence[HistoryEntry], moment: AsOf) -> set[str]:
    """The newest contact by each channel, of each action by its item and by how long an answer to
    it counts, and that fulfils; of its outcomes each one; and the newest of all."""
    newest: dict[object, str] = {}
    answered: dict[object, tuple[values.Instant, str]] = {}
    for entry in entries:
        contact = entry.contact
        about = (contact.action, contact.item)
        newest[None] = contact.id
        if entry.counts:
            newest["by", contact.channel] = contact.id
            newest["of", about, contact.answer_within] = contact.id
        if contact.state == state.COUNTED and moment.fulfils(contact):
            newest["fulfils", about] = contact.id
        for outcome in entry.outcomes:
            key = (about, outcome.name)
            answered[key] = max(answered.get(key, (outcome.time, "")), (outcome.time, contact.id))
    return {*newest.values(), *(contact_id for _, contact_id in answered.values())}


def _answering(entries: Sequence[HistoryEntry], suppression: library.Suppression) -> set[str]:
    """Contacts of the newest answers in each scope, for the narrowest about each item."""
    found: set[str] = set()
    for answers in suppressions.answers_by_scope(entries, suppression).values():
        alike: dict[str | None, list[str]] = defaultdict(list)
        for answer in answers:
            item = answer.contact.item if suppression.scope == "action" else None
            if len(alike[item]) < suppression.times:
                alike[item].append(answer.contact_id)
        found.update(*alike.values())
    return found
