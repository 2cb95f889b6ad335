"""Links of others: a run of a set is read, closed, and counts in place of the one before it."""

from tuttu import api, identity
from tuttu.engine.runtime import Runtime, Seen
from tuttu.vocabulary import company, errors, events, facts, ids


def begin_links(
    runtime: Runtime, name: str, request: api.LinksRunRequest, by: str
) -> api.LinksRunAnswer:
    """Begins a run of a set of links, or goes on with the one of the same file."""
    with runtime.view() as seen:
        declared = _declared(seen, name)
        run = identity.open_run(seen.snapshot, _place(seen, name), request.source)
        time = identity.next_time(seen.snapshot, _place(seen, name), runtime.now())
    if run is None:
        begun = events.LinksRead(set=name, run=ids.new_id(), by=by, source=request.source)
        run = identity.Run(run=begun.run, time=time)
        runtime.commit([facts.Unit(facts=(_fact(runtime, begun, run),))])
    return api.LinksRunAnswer(run=run.run, through=run.through, at_least=declared.at_least)


def claim_links(
    runtime: Runtime, name: str, run: str, request: api.LinksRequest, by: str
) -> api.LinksAnswer:
    """Keeps the next links of a run; none of them counts before it is closed."""
    with runtime.view() as seen:
        declared, project = _declared(seen, name), seen.version.project
        reading = _run(seen, name, run)
    found: list[facts.Fact] = []
    refused: list[api.RefusedClaim] = []
    below = request.below
    for index, link in enumerate(request.links):
        try:
            one, other, score = api.claimed_link(project, link)
        except errors.BadRequest as error:
            no = api.RefusedClaim(index=index, found=error.found, expected=error.expected)
            refused.append(no)
            continue
        if link.score < declared.at_least:
            below += 1
        else:
            claim = events.LinkClaimed(set=name, run=run, one=one, other=other, score=score)
            key = runtime.store.pseudonym(one.namespace, one.value)
            found.append(_fact(runtime, claim, reading, key))
    read = events.LinksRead(
        set=name,
        run=run,
        by=by,
        source=reading.source,
        through=request.through,
        claimed=len(found),
        below=below,
        refused=len(refused) + request.refused,
    )
    once = b"links:" + f"{name}:{run}:{request.through}".encode()
    runtime.commit([facts.Unit(facts=(*found, _fact(runtime, read, reading)), dedupe_keys=(once,))])
    return api.LinksAnswer(claimed=len(found), below=below, refused=refused)


def close_links(
    runtime: Runtime, name: str, run: str, by: str, language: str = api.ENGLISH
) -> api.LinkSetAnswer:
    """Lets a run count in place of the one before it: what that alone claimed is parted again."""
    with runtime.view() as seen:
        strength, reading = _declared(seen, name).strength, _run(seen, name, run)
    closed = events.LinksClosed(set=name, run=run, by=by, strength=strength)
    return _close(runtime, reading, closed, api.words_in(language))


def drop_links(
    runtime: Runtime, name: str, by: str, language: str = api.ENGLISH
) -> api.LinkSetAnswer:
    """Lets a set claim nothing, as a run without links does; it need not be declared any more."""
    with runtime.view() as seen:
        if name not in identity.set_names(seen.snapshot, seen.version.project):
            raise errors.NotFound(f"no run of the set {name!r} was ever closed")
        time = identity.next_time(seen.snapshot, _place(seen, name), runtime.now())
    run = identity.Run(run=ids.new_id(), time=time)
    closed = events.LinksClosed(set=name, run=run.run, by=by, strength=0)
    return _close(runtime, run, closed, api.words_in(language))


def _close(
    runtime: Runtime, run: identity.Run, body: events.LinksClosed, words: api.Words
) -> api.LinkSetAnswer:
    name = body.set
    with runtime.view() as seen:
        place = _place(seen, name)
        before = identity.current_of(seen.snapshot, place)
        changes = identity.changes(seen.snapshot.untracked(), place, run.run, body.strength)
    with runtime.view(exclusive=True) as seen:
        # Of two that close a run at once, the second one compares with what is not there any more.
        same = (place, before) == (_place(seen, name), identity.current_of(seen.snapshot, place))
        known = changes if same else None
        folds = identity.closing(seen.version.project, known)
        once = b"links:" + f"{name}:{run.run}".encode()
        unit = facts.Unit(facts=(_fact(runtime, body, run),), dedupe_keys=(once,))
        seen.commit([unit], [folds])
    settle(runtime)
    with runtime.view() as seen:
        return _answer(seen, name, words)


def links(runtime: Runtime, language: str = api.ENGLISH) -> list[api.LinkSetAnswer]:
    """Every set of links: whose it is, what it claims, and what became of that."""
    words = api.words_in(language)
    with runtime.view() as seen:
        project = seen.version.project
        names = {*project.sets, *identity.set_names(seen.snapshot, project)}
        return [_answer(seen, name, words) for name in sorted(names)]


def settle(runtime: Runtime) -> None:
    """Makes, step by step, what closings left to be done; raises Unavailable if the process is to
    end before it is."""
    with runtime.view() as seen:
        names = identity.unsettled(seen.snapshot, seen.version.project)
    while names:
        if runtime.runs.over:
            raise errors.Unavailable(
                "the server stops; the rest of the links counts when it starts again"
            )
        with runtime.view(exclusive=True) as seen:
            current = identity.current_of(seen.snapshot, _place(seen, names[0]))
            if current is None or not current.pending:
                names = identity.unsettled(seen.snapshot, seen.version.project)
                continue
            step = runtime.fact(events.LinksSettled(set=names[0], run=current.run))
            seen.commit([facts.Unit(facts=(step,))], [identity.settling(seen.version.project)])


def _place(seen: Seen, name: str) -> identity.SetPlace:
    return identity.place_of(seen.version.project, name)


def _declared(seen: Seen, name: str) -> company.EvidenceSet:
    declared = seen.version.project.sets
    if name not in declared:
        hint = errors.did_you_mean(name, declared)
        expected = f"one that identity.yaml declares, as `sets: {{{name}: {{strength: 20}}}}`{hint}"
        raise errors.BadRequest(f"the set {name!r}", expected)
    return declared[name]


def _run(seen: Seen, name: str, run: str) -> identity.Run:
    """A run that is open."""
    found = identity.run_of(seen.snapshot, _place(seen, name), run)
    if found is None:
        raise errors.NotFound(f"no run of the set {name!r} has the id {run!r}")
    if found.closed:
        raise errors.BadRequest(f"the run {run!r}, which is closed", "a new run")
    return found


def _fact(
    runtime: Runtime,
    body: facts.Body,
    run: identity.Run,
    fragment: events.FragmentId | None = None,
) -> facts.Fact:
    """Of the time of its run, whenever it comes."""
    return facts.Fact(
        id=ids.new_id(), fragment=fragment, time=run.time, received=runtime.now(), body=body
    )


def _answer(seen: Seen, name: str, words: api.Words) -> api.LinkSetAnswer:
    declared = seen.version.project.sets.get(name)
    current = identity.current_of(seen.snapshot, _place(seen, name))
    run = (
        None if current is None else identity.run_of(seen.snapshot, _place(seen, name), current.run)
    )
    if current is None or run is None:
        return api.unclaimed_set(name, declared)
    outcome = identity.outcome(seen.snapshot.untracked(), seen.version.project, name)
    return api.link_set_answer(name, declared, current, run, outcome, words)
