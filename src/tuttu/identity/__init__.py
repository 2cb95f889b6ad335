"""Identity resolution: identifiers, the evidence that joins them, and the resulting customers.

All evidence is kept. Who belongs together is a pure function of the set of evidence
(`partition`), whatever the order in which it came; the fold keeps it up to date by looking only at
the customers that new evidence touches. An unmerge is a fact like any other.

This room must not move or copy anything that is known about a person: facts stay under the fragment
that they came with, and a customer is only a set of fragments. It must not guess: nothing joins two
identifiers but an event that names both.
"""

from tuttu.identity.anchors import FIRST_FACTS, anchor_of, with_first_facts
from tuttu.identity.errors import IdentifierError
from tuttu.identity.evidence import links_of
from tuttu.identity.fold import filler, folds, parts
from tuttu.identity.identifiers import MOST_IDENTIFIERS, identifiers_of, nobodies_of
from tuttu.identity.partition import partition
from tuttu.identity.records import BARRED, MEMBERS, NEIGHBOURS, NODES
from tuttu.identity.refusals import UNMERGED, refused_links
from tuttu.identity.rehearsal import IdentityChange, rehearse
from tuttu.identity.resolve import (
    customers,
    first_of,
    identifier_of,
    knows_anybody,
    resolve,
    resolve_fragment,
)
from tuttu.identity.rules import rules_of
from tuttu.identity.set_changes import (
    SetOutcome,
    changes,
    closing,
    next_time,
    open_run,
    outcome,
    set_names,
    settling,
    unsettled,
)
from tuttu.identity.sets import (
    BUCKETED,
    CLAIMS,
    RUNS,
    SETS,
    NamedSet,
    Run,
    SetPlace,
    current_of,
    place_of,
    run_of,
)
from tuttu.identity.shade import Shade, shade
from tuttu.identity.shared import candidates, personal, sharing
from tuttu.identity.spelling import normalise, require_exact
from tuttu.vocabulary.room import Room

__all__ = [
    "MOST_IDENTIFIERS",
    "ROOM",
    "UNMERGED",
    "IdentifierError",
    "IdentityChange",
    "NamedSet",
    "Run",
    "SetOutcome",
    "SetPlace",
    "Shade",
    "anchor_of",
    "candidates",
    "changes",
    "closing",
    "current_of",
    "customers",
    "first_of",
    "identifier_of",
    "identifiers_of",
    "knows_anybody",
    "links_of",
    "next_time",
    "nobodies_of",
    "normalise",
    "open_run",
    "outcome",
    "partition",
    "personal",
    "place_of",
    "refused_links",
    "rehearse",
    "require_exact",
    "resolve",
    "resolve_fragment",
    "rules_of",
    "run_of",
    "set_names",
    "settling",
    "shade",
    "sharing",
    "unsettled",
]

ROOM = Room(
    name="identity",
    tables=(NODES, MEMBERS, NEIGHBOURS, BARRED, FIRST_FACTS, SETS, RUNS, CLAIMS, BUCKETED),
    folds=lambda project: with_first_facts(folds(project)),
    parts=parts,
    filler=filler,
    canonical=lambda _reader, customer, _project: sorted(customer.identifiers),
)
