"""May we at all: status, validity, law, product."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from tuttu.decision.stage import (
    ALWAYS,
    REQUIREMENTS,
    Stage,
    StageReads,
    conditions_of,
    requirement,
)
from tuttu.decision.view import Candidate, DecisionView
from tuttu.vocabulary.conversion import EPOCH
from tuttu.vocabulary.library import Action, Treatment
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Instant
from tuttu.vocabulary.verdicts import Reason


def _reason(candidate: Candidate, view: DecisionView) -> Reason | None:
    action = candidate.action
    if action.status == "draft":
        return Reason("draft")
    if action.status != "live":
        return Reason("not_live", {"status": action.status})
    if action.valid_from is not None and view.now < action.valid_from:
        return Reason("not_valid_yet", {"valid_from": _local(action.valid_from, view)})
    if action.valid_until is not None and view.now >= action.valid_until:
        return Reason("not_valid_any_more", {"valid_until": _local(action.valid_until, view)})
    if action.about is not None and candidate.item is None:
        return Reason("no_item", {"about": action.about})
    return requirement(action.eligible, candidate, view)


def _local(instant: Instant, view: DecisionView) -> str:
    """In the project's zone; midnight as its date alone."""
    zone = ZoneInfo(view.project.company.zone)
    moment = (EPOCH + timedelta(microseconds=instant)).astimezone(zone)
    if moment.time().isoformat() == "00:00:00":
        return moment.date().isoformat()
    return f"{moment:%Y-%m-%d %H:%M}"


def _reads(action: Action, _treatment: Treatment, _project: Project) -> StageReads:
    roots = []
    if action.valid_from is not None or action.valid_until is not None:
        roots.append(ALWAYS)
    elif action.about is not None:
        roots.append(action.about)
    return StageReads(conditions_of(action, "eligible", action.eligible), tuple(roots))


ELIGIBILITY = Stage(
    name="eligibility",
    reason=_reason,
    codes={
        "draft": (),
        "not_live": ("status",),
        "not_valid_yet": ("valid_from",),
        "not_valid_any_more": ("valid_until",),
        "no_item": ("about",),
        **REQUIREMENTS,
    },
    reads=_reads,
)
