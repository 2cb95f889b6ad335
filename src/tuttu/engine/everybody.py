"""Batch work over all customers: funnel, verify, digest, replay."""

from contextlib import closing

from tuttu import api, batch
from tuttu.engine.runtime import Runtime
from tuttu.versions import view
from tuttu.vocabulary import conversion, errors, ids


def funnel(runtime: Runtime, query: api.FunnelQuery, language: str = api.ENGLISH) -> batch.Funnel:
    """How many customers each action reaches, and at which stage it loses the others."""
    surfaces = tuple(name.strip() for name in query.surfaces.split(",") if name.strip())
    zone = runtime.project.company.zone
    now = runtime.now() if query.at is None else conversion.parse_instant(query.at, zone)
    if now is None:
        raise errors.BadRequest(f"the moment {query.at!r}", "ISO 8601, as 2026-03-01T09:00:00Z")
    with runtime.view() as seen:
        version = seen.version
        return batch.funnel_of(
            seen.snapshot.untracked(),
            version.project,
            version.contributing,
            now,
            surfaces=surfaces,
            language=language,
        )


def verify(runtime: Runtime, progress: batch.Progress = batch.no_progress) -> api.Verification:
    """Judges all customers row by row and in DuckDB over an export deleted afterwards, computes
    every trait over the whole log, and lists the differences. It takes a while."""
    now = runtime.now()
    with runtime.runs.workspace() as workspace:
        with runtime.view() as seen:
            version = seen.version
            export = batch.export(
                seen.snapshot.untracked(),
                batch.ExportPlan(
                    version.project, version.contributing, now, bytes.fromhex(ids.new_id())
                ),
                workspace,
                progress,
            )
        return batch.compare(export, progress)


def digest(runtime: Runtime) -> api.DigestAnswer:
    """The digest of the whole state: equal digests, equal customers."""
    with runtime.view() as seen:
        version = seen.version
        found = batch.digest_of(seen.snapshot, version.project, version.rooms)
        return api.DigestAnswer(digest=found, unreadable=seen.snapshot.unreadable)


def replay(runtime: Runtime) -> api.ReplayAnswer:
    """The log folded again in a scratch store, compared with the state that is kept."""
    with runtime.view() as seen, closing(runtime.store.scratch()) as scratch:
        version = seen.version
        scratch.register(version.folds)
        digest = version.project.digest
        facts, refused, unreadable = batch.replay_into(seen.snapshot, scratch, digest)
        with view(scratch, lambda _: version) as folded:
            return api.ReplayAnswer(
                facts=facts,
                refused=refused,
                unreadable=unreadable,
                live=batch.digest_of(seen.snapshot, version.project, version.rooms),
                replayed=batch.digest_of(folded.snapshot, version.project, version.rooms),
            )
