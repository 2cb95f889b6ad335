"""Use cases: one file each, with the runtime that they are handed and the list of rooms.

A use case binds a version to a snapshot, calls the rooms, commits, and returns an answer that `api`
has made. It contains no rules: those are in the rooms below.
"""

from tuttu.engine.accept import accept, accept_in_slices
from tuttu.engine.customers import customer, timeline
from tuttu.engine.dead_letters import dead_letter, dead_letters, drop, repair, send_again, slips
from tuttu.engine.decide import decide, decision_by_id
from tuttu.engine.everybody import digest, funnel, replay, verify
from tuttu.engine.explain import explain
from tuttu.engine.links import begin_links, claim_links, close_links, drop_links, links
from tuttu.engine.open import (
    check,
    costs,
    load_project,
    open_engine,
    rehearse_opening,
    scratch_engine,
    warnings,
)
from tuttu.engine.operation import (
    clock,
    health,
    project,
    ready,
    rehearse_reload,
    reload,
    set_clock,
)
from tuttu.engine.preferences import preferences, set_preferences
from tuttu.engine.resources import resource, resources, set_resource
from tuttu.engine.rooms import ROOMS
from tuttu.engine.runtime import Runtime
from tuttu.engine.server_keys import issue_key, keys, revoke_key
from tuttu.engine.unmerge import unmerge
from tuttu.vocabulary.monotonic_clock import newest_moment

__all__ = [
    "ROOMS",
    "Runtime",
    "accept",
    "accept_in_slices",
    "begin_links",
    "check",
    "claim_links",
    "clock",
    "close_links",
    "costs",
    "customer",
    "dead_letter",
    "dead_letters",
    "decide",
    "decision_by_id",
    "digest",
    "drop",
    "drop_links",
    "explain",
    "funnel",
    "health",
    "issue_key",
    "keys",
    "links",
    "load_project",
    "newest_moment",
    "open_engine",
    "preferences",
    "project",
    "ready",
    "rehearse_opening",
    "rehearse_reload",
    "reload",
    "repair",
    "replay",
    "resource",
    "resources",
    "revoke_key",
    "scratch_engine",
    "send_again",
    "set_clock",
    "set_preferences",
    "set_resource",
    "slips",
    "timeline",
    "unmerge",
    "verify",
    "warnings",
]
