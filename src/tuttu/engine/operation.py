"""How it runs: the clock, its health, the version of the project that is active."""

import msgspec

from tuttu import api
from tuttu.access import LOCAL_NAME
from tuttu.engine.links import settle
from tuttu.engine.reloads import Reloads
from tuttu.engine.runtime import Runtime
from tuttu.versions import BackfillProgress, Report, no_report
from tuttu.versions.refold import unreadable_facts
from tuttu.vocabulary import conversion, errors, events, facts
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.monotonic_clock import require_present

NOTHING_REMOVED = api.ReloadRequest()


def clock(runtime: Runtime) -> api.ClockAnswer:
    """The server's current time."""
    manual = isinstance(runtime.clock, ManualClock)
    return api.clock_answer(runtime.now(), runtime.clock.ahead(), manual=manual)


def set_clock(runtime: Runtime, request: api.ClockRequest, by: str = LOCAL_NAME) -> api.ClockAnswer:
    """Moves a manual clock on, where time never goes back; or turns back the system's clock that is
    ahead of the machine's: facts that are dated ahead stay where they are in the log, and in their
    time."""
    manual = runtime.clock if isinstance(runtime.clock, ManualClock) else None
    if request.now is not None and manual is None:
        raise errors.BadRequest("a server on the system's clock", "one started with --clock manual")
    later = api.later_present(request, runtime.now(), runtime.project.company.zone)
    if manual and later is not None:
        runtime.store.when_durable(lambda: manual.set(max(later, manual.now())))
        return api.clock_answer(later, 0, manual=True)
    if ahead := runtime.clock.ahead():
        present = runtime.now() - ahead
        fact = runtime.fact(events.ClockTurnedBack(by=by, ahead=ahead))
        fact = msgspec.structs.replace(fact, time=present, received=present)
        facts.sound(runtime.versions.commit([facts.Unit(facts=(fact,))], present))
        runtime.store.when_durable(runtime.clock.turn_back)
        return api.clock_answer(present, 0, manual=False)
    return clock(runtime)


def health(runtime: Runtime) -> api.HealthAnswer:
    """The process answers."""
    project = runtime.project
    return api.HealthAnswer(
        status="ok", project=project.company.name, project_digest=project.digest
    )


def ready(runtime: Runtime) -> api.HealthAnswer:
    """The store can be read and written, and the clock is not so far ahead that nothing is kept."""
    with runtime.view():
        runtime.store.probe()
    require_present(runtime.clock, runtime.project.company.limits)
    return msgspec.structs.replace(health(runtime), clock_ahead=clock(runtime).ahead)


def project(runtime: Runtime) -> api.ProjectAnswer:
    """Which version of the project is active, a backfill at work, and how the last reload went."""
    reloads = _reloads(runtime)
    with runtime.view() as seen:
        active = seen.version.active
        unreadable = unreadable_facts(seen.snapshot)
    assert active is not None  # noqa: S101 - opening activated one
    failed = reloads.failed
    return api.ProjectAnswer(
        project=seen.version.project.company.name,
        project_digest=active.digest,
        since=conversion.format_instant(active.since),
        by=active.by,
        filling=_shown(reloads.filling),
        failed=api.failed_reload(*failed) if failed else None,
        unreadable=unreadable,
    )


def reload(
    runtime: Runtime,
    by: str,
    report: Report = no_report,
    request: api.ReloadRequest = NOTHING_REMOVED,
) -> api.ReloadAnswer:
    """Reads the project folder again: backfills what it declares for the first time, activates it,
    withdraws what it has no action for. A faulty folder changes nothing, nor does one that lacks a
    guard or the like without saying so; it is reported."""
    answer = _reloads(runtime).reload(by, report, request.removes)
    settle(runtime)  # rules that come back may have left a change of a set behind
    return answer


def rehearse_reload(runtime: Runtime) -> api.ReloadRehearsal:
    """What a reload would do, in numbers: customers before and after, identifiers that the rules
    would spell otherwise or that would name nobody. Nothing is changed."""
    return _reloads(runtime).rehearse()


def _reloads(runtime: Runtime) -> Reloads:
    if runtime.reloads is None:
        raise errors.BadRequest("an engine that was made of no project folder", "one that was")
    return runtime.reloads


def _shown(filling: BackfillProgress | None) -> api.FillingAnswer | None:
    if filling is None:
        return None
    return api.FillingAnswer(project_digest=filling.digest, done=filling.done, of=filling.of)
