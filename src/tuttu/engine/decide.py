"""Decide, and look a decision up again."""

from typing import NamedTuple

import msgspec

from tuttu import api, decision, identity, ledger, versions
from tuttu.access import LOCAL_NAME
from tuttu.decision import DecisionQuery, DecisionView, MessageRenderer, surfaces
from tuttu.engine.asking import NO_ANSWERS, Asked, Asker, one_of
from tuttu.engine.runtime import Runtime, Seen
from tuttu.storage import Snapshot
from tuttu.vocabulary import errors, events, facts, ids, verdicts
from tuttu.vocabulary.project import Project

ALL = api.Shows()


def decide(
    runtime: Runtime,
    request: api.DecideRequest,
    idempotency: bytes | None = None,
    language: str = api.ENGLISH,
    *,
    by: str = LOCAL_NAME,
    shows: api.Shows = ALL,
) -> api.DecideAnswer:
    """The next best actions for a customer on one or more surfaces, with their reasons.

    Durable when it returns; a dry run writes nothing, and neither does a decision for somebody whom
    nobody knows, unless they may be new. It is made beside all others. Where one of them was faster
    it is made again, while nobody else writes: it never loses twice. Raises Ambiguous, BadRequest,
    TooManyAttempts, Unavailable.
    """
    if request.seed is not None and not request.dry_run:
        raise errors.BadRequest(
            "a seed", "none, or a dry run: the seed of a real decision is its own"
        )
    decision_id, words = ids.new_id(), api.words_in(language)
    if request.refused is not None:
        shows = msgspec.structs.replace(shows, refused=request.refused)
    asker = Asker(runtime, by, shows.addresses)
    with asker.told_who_it_may_be():
        question = question_of(runtime, request, asker)
        with runtime.view() as seen:
            receipt, keeps = _decide(runtime, seen, question, decision_id, tells=shows.refused)
            reads = seen.snapshot.reads
            shown = addresses_of(seen, receipt) if shows.addresses else {}
        if not keeps:
            return api.answer_of(receipt, words, kept=False, addresses=shown)
        unit = _unit(receipt, reads, idempotency)

        def commit() -> tuple[facts.Result, verdicts.Receipt, api.Addresses]:
            result = runtime.commit([unit])[0]
            if isinstance(result, facts.Committed | facts.Duplicate):
                return result, receipt, shown
            with runtime.view(exclusive=True) as seen:
                again, _ = _decide(runtime, seen, question, decision_id, tells=shows.refused)
                addresses = addresses_of(seen, again) if shows.addresses else {}
                result = seen.commit([_unit(again, (), idempotency)], seen.version.folds)[0]
            return result, again, addresses

        result, receipt, shown = runtime.store.share(commit, [unit])
    if isinstance(result, facts.Duplicate):
        return _earlier(runtime, result.position, request, words, shows)
    assert isinstance(result, facts.Committed), result  # noqa: S101 - nobody else was there
    return api.answer_of(receipt, words, kept=True, addresses=shown)


def addresses_of(seen: Seen, receipt: verdicts.Receipt) -> api.Addresses:
    """What the contacts of a receipt go to; of an identifier that nothing names any more, nothing
    is shown."""
    chosen = {each.address for each in (*receipt.told, *receipt.withheld)}
    snapshot, project = seen.snapshot, seen.version.project
    named = {
        each: identity.identifier_of(snapshot, project, each) for each in chosen if each is not None
    }
    return {key: api.shown(each) for key, each in named.items() if each is not None}


def decision_by_id(
    runtime: Runtime,
    id: str,  # noqa: A002
    by: str,
    language: str = api.ENGLISH,
) -> api.DecisionAnswer:
    """A decision as it was made, and what came of it since."""
    words = api.words_in(language)
    with runtime.view() as seen:
        receipt = told(seen, stored_receipt(seen.snapshot, id))
        current = seen.version.project
        customer = identity.resolve_fragment(seen.snapshot, current, receipt.customer)
        history = ledger.read(seen.snapshot, customer, current, runtime.now(), {}, everything=True)
        about = api.decided_customer(
            receipt,
            customer,
            lambda each: api.fragment_name(
                each, identity.identifier_of(seen.snapshot, current, each)
            ),
            words,
        )
        project = deciding_project(seen, receipt) or current
        shown = addresses_of(seen, receipt)
    runtime.record_look(customer, by, "decision")
    schema = project.row_schema
    return api.DecisionAnswer(
        decision=api.answer_of(receipt, words, kept=True, addresses=shown),
        customer=about,
        read=api.values(receipt.read, schema, receipt.read),
        read_of_items={
            about: {item: api.of_item(read, schema, about) for item, read in items.items()}
            for about, items in receipt.read_of_items.items()
        },
        outcomes=api.outcomes_of(receipt, history, words),
    )


def stored_receipt(snapshot: Snapshot, decision_id: str) -> verdicts.Receipt:
    """Raises NotFound."""
    receipt = decision.receipt_of(snapshot, decision_id)
    if receipt is None:
        raise errors.NotFound(f"no decision has the id {decision_id!r}")
    return receipt


def told(seen: Seen, receipt: verdicts.Receipt) -> verdicts.Receipt:
    """The stored receipt with its verdicts, by the version that decided."""
    project = deciding_project(seen, receipt)
    if project is None:
        ways = versions.ways_of(seen.snapshot, receipt.project_digest)
        return decision.told_by_order(receipt, ways)
    return decision.told(receipt, project)


def deciding_project(seen: Seen, receipt: verdicts.Receipt) -> Project | None:
    """The version of the project that decided; None if it is not kept."""
    version = seen.version
    if receipt.project_digest == version.project.digest:
        return version.project
    return versions.project_of(seen.snapshot, receipt.project_digest, version.rooms)


class Question(NamedTuple):
    """settled: who it is about, if that had to be settled first."""

    request: api.DecideRequest
    settled: events.Identifier | None = None


def question_of(runtime: Runtime, request: api.DecideRequest, asker: Asker) -> Question:
    """Answers count where it has to be one person. Raises Ambiguous, BadRequest,
    TooManyAttempts."""
    declared = runtime.project.surfaces
    person = any(name in declared and declared[name].person for name in request.surfaces)
    return Question(request, asker.settle(request.who, request.answers if person else NO_ANSWERS))


def read_question(
    runtime: Runtime, seen: Seen, question: Question
) -> tuple[DecisionView, DecisionQuery, Asked]:
    """All that the decision sees, what is asked, and of whom. Raises Ambiguous, BadRequest."""
    project, request = seen.version.project, question.request
    if not request.surfaces:
        raise errors.BadRequest("no surface", f"one or more of: {', '.join(project.surfaces)}")
    names, slots = tuple(request.surfaces), api.asked_slots(request)
    query = DecisionQuery(surfaces=names, fragment=b"", slots=slots, seed=request.seed)
    person = any(surface.person for surface in surfaces(project, query))
    asked = one_of(seen, request.who, question.settled, person=person)
    fragment = runtime.store.pseudonym(asked.identifier.namespace, asked.identifier.value)
    query = msgspec.structs.replace(query, fragment=fragment)
    view = decision.view(
        seen.snapshot,
        project,
        asked.customer,
        runtime.now(),
        context=api.asked_context(project, request.context),
        asked=query.surfaces,
        asked_with=asked.beside,
        rooms=seen.version.contributing,
    )
    return view, query, asked


def _decide(
    runtime: Runtime, seen: Seen, question: Question, decision_id: str, *, tells: bool
) -> tuple[verdicts.Receipt, bool]:
    """The receipt, with verdicts if it tells, and whether it is kept."""
    request = question.request
    view, query, asked = read_question(runtime, seen, question)
    render = MessageRenderer(seen.version.renderer, view, request.language)
    receipt = decision.decide(view, query, decision_id=decision_id, render=render, tells=tells)
    keeps = asked.customer.known or asked.may_be_new or request.create
    return msgspec.structs.replace(
        named(receipt, asked), who=asked.identifier, idempotency=api.fingerprint(request)
    ), keeps and not request.dry_run


def named(receipt: verdicts.Receipt, asked: Asked) -> verdicts.Receipt:
    """With the name of the customer, as the doors show it, and what the answer says of them."""
    said: dict[str, object] = {
        verdicts.KNOWN: asked.customer.known,
        verdicts.SHARED: asked.shared,
        verdicts.NOBODIES: asked.nobodies,
    }
    usual = {verdicts.KNOWN: True, verdicts.SHARED: False, verdicts.NOBODIES: ()}
    others = {name: value for name, value in said.items() if value != usual[name]}
    evidence = receipt.evidence
    if others and evidence is not None:
        evidence = msgspec.structs.replace(evidence, others={**evidence.others, **others})
    name = api.label(asked.customer.identifiers[0])
    return msgspec.structs.replace(receipt, asked=name, evidence=evidence)


def _unit(receipt: verdicts.Receipt, reads: facts.Reads, idempotency: bytes | None) -> facts.Unit:
    fact = facts.Fact(
        id=receipt.id,
        fragment=receipt.customer,
        time=receipt.now,
        received=receipt.now,
        body=msgspec.structs.replace(receipt, verdicts=()),
    )
    keys = () if idempotency is None else (b"idempotency:" + idempotency,)
    return facts.Unit(facts=(fact,), dedupe_keys=keys, reads=reads)


def _earlier(
    runtime: Runtime,
    position: int,
    request: api.DecideRequest,
    words: api.Words,
    shows: api.Shows,
) -> api.DecideAnswer:
    """Same key, same answer; the same key with another question is a mistake."""
    with runtime.view() as seen:
        receipt = decision.receipt_at(seen.snapshot, position)
        if receipt is None:
            raise errors.BadRequest(
                "an Idempotency-Key whose answer can no longer be read", "a new key"
            )
        shown = addresses_of(seen, receipt) if shows.addresses else {}
        answered = told(seen, receipt) if shows.refused else receipt
    if receipt.idempotency != api.fingerprint(request):
        raise errors.BadRequest(
            "an Idempotency-Key that was used with another question", "a new key for it"
        )
    return api.answer_of(answered, words, kept=True, addresses=shown)
