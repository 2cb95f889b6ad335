"""What is stored keeps its name, whatever the code calls it: stores of earlier versions are opened.

The names of commit f06ea64, and those that came since: a field that has a default may be added.
A name that is here goes only with a migration: where the code's word changes, the field says
`rename`.
"""

from __future__ import annotations

import pytest
from tests.house import stored

CONTACT = (
    "id fragment action treatment issue_group owner purpose channel surface state time "
    "held_until answer_within decision_id uses cost item due"
)
CHOICE = (
    "contact_id action treatment surface slot item probability score rendered reused held_until why"
    " address basis kind language subject"
)
SCORE = "propensity value relevance lever effort cost worth exact"
STAMPED = "[bool | float | int | list | nil | str, int, str]"
REPORT = "[int, str, str, bytes, str]"
CONTACTS = {
    "": "contacts elsewhere reports answered units older",
    "contacts": CONTACT,
    "elsewhere": "[int, nil | str, nil | str, nil | str]",
    "reports": REPORT,
    "answered": "[int, str, str, str]",
    "older": "[bytes, int, int, int, int, list, list, bool, list]",
}
LETTER = "id route reason code body truncated sender sent_at"
EVIDENCE = "[int, int, str, int]"
IDENTIFIER = "[str, str]"

TABLES: dict[str, stored.Shapes] = {
    "consent.fragments": {"": "chosen", "chosen": "[bool, int, str]"},
    "access.attempts": {"": "times"},
    "engine.active": {"": "digest since by position"},
    "engine.heard": {"": "hearing through"},
    "engine.keys": {"": "name scopes"},
    "engine.receipts": {"": "position"},
    "engine.shape": {"": "number unreadable"},
    "engine.versions": {"": "position"},
    "identity.barred": {"": "[list]"},
    "identity.first_facts": {"": "[int, str, list]"},
    "identity.members": {
        "": "[nil | struct, int | nil, bool, list]",
        "identifier": IDENTIFIER,
    },
    "identity.neighbours": {
        "": "[str, struct]",
        "pair": "[int, nil | struct, nil | struct, nil | struct, nil | struct, nil | struct]",
        "pair.plain": EVIDENCE,
        "pair.alias": EVIDENCE,
        "pair.plain_back": EVIDENCE,
        "pair.alias_back": EVIDENCE,
        "pair.sets": "[int | nil, list]",
        "pair.sets.evidence": "[str, int, int, int, str]",
    },
    "identity.nodes": {
        "": "home identifier own named partners people strength barred spellings spelling_of homes"
        " groups head …",
        "identifier": IDENTIFIER,
        "groups": "[int, map]",
        "head": "size unique contested barred joined_at …",
    },
    "identity.set_buckets": {"": "[map]"},
    "identity.set_claims": {"": "[struct, struct, int]", "one": IDENTIFIER, "other": IDENTIFIER},
    "identity.set_runs": {"": "run time by source through claimed below refused closed buckets"},
    "identity.sets": {"": "run time strength pending bucket"},
    "intake.dead_letter_states": {"": "received closed"},
    "intake.dead_letters": {"": "letter received", "letter": LETTER},
    "intake.replaced": {"": "number position"},
    "intake.receptions": {"": "[int, bytes]"},
    "intake.slips": {"": "sender event trait source expected kept found event_id count first last"},
    "ledger.addresses": {"": "fragment waiting", "waiting": REPORT},
    "ledger.amounts": {"": "amount time id"},
    "ledger.fragments": CONTACTS,
    "ledger.holds": {"": "[int, int, bool, str]"},
    "ledger.older": CONTACTS,
    "ledger.queue": {"": "contact_id"},
    "ledger.uses": {
        "": "used holds owed held owed_held ends",
        "holds": "[int, int, bool, str]",
    },
    "profile.fragments": {
        "": "told totals logs happened groups items",
        "told": STAMPED,
        "totals": STAMPED,
        "logs": "[int, list]",
    },
    "profile.items": {"": "key time fields ranks", "fields": STAMPED, "ranks": "[bool, int]"},
    "profile.members": {"": ""},
    "profile.ordered_items": {"": "[str]"},
    "profile.pages": {"": "[map, list]", "cells": STAMPED},
    "profile.rolls": {"": "members"},
    "reach.addresses": {"": "said"},
}

FACTS: dict[str, stored.Shapes] = {
    "": {"": "id fragment time received body"},
    "clock_turned_back": {"": "by ahead"},
    "contact_withdrawn": {"": "contact_id reason code values"},
    "dead_letter": {"": LETTER},
    "dead_letter_closed": {"": "id how"},
    "event": {
        "": "id call name identifiers time received claimed latest source properties traits "
        "context integrations group_id label category …",
        "identifiers": IDENTIFIER,
    },
    "history_folded": {"": "digest through"},
    "key_issued": {"": "name digest scopes"},
    "key_revoked": {"": "name"},
    "link_claimed": {
        "": "set run one other score",
        "one": IDENTIFIER,
        "other": IDENTIFIER,
    },
    "links_closed": {"": "set run by strength"},
    "links_read": {"": "set run by source through claimed below refused"},
    "links_settled": {"": "set run"},
    "looked": {"": "by what"},
    "preference": {"": "purpose channel allowed by who", "who": IDENTIFIER},
    "project_activated": {"": "digest files by ways", "ways": "[str, str, str, nil | str]"},
    "receipt": {
        "": "id now customer position surfaces choices verdicts refused failed defaults withheld "
        "owed arm seed read read_of_items project_digest contacts idempotency asked who fragments "
        "grounds",
        "choices": CHOICE,
        "choices.score": SCORE,
        "verdicts": "action treatment surface item refusal score all_refusals",
        "verdicts.refusal": "stage reason code values …",
        "verdicts.score": SCORE,
        "verdicts.all_refusals": "stage reason code values …",
        "refused": "about item stages",
        "failed": "action treatment item error",
        "withheld": CHOICE,
        "withheld.score": SCORE,
        "owed": "contact_id action treatment surface item due reminder rendered reused held_until "
        "why address basis kind language subject",
        "contacts": CONTACT,
        "who": IDENTIFIER,
        "grounds": "consents free silences limits offers slots others",
        "grounds.consents": "code values",
        "grounds.silences": "rule action item until",
        "grounds.limits": "rule at_most counted opens shown",
        "grounds.offers": CONTACT,
    },
    "resource": {"": "name amount by"},
    "traits_refused": {
        "": "event_id event sender traits",
        "traits": "trait source found expected kept",
    },
    "unmerge": {
        "": "one other by why more",
        "one": IDENTIFIER,
        "other": IDENTIFIER,
        "more": IDENTIFIER,
    },
}
"""By tag; "" is the record around all of them."""

DEDUPE = {b"closed:", b"idempotency:", b"letter:", b"links:", b"withdrawn:"}
"""Beginnings of the keys under which something is taken once. An event's begin with an hour."""
SECRETS = {b"tuttu", b"tuttu-once", b"tuttu-pseudonym", b"tuttu-seal"}
"""What a store's keys are derived for, and what its canary says."""
NAMESPACES = {"ledger.contact", "item:", "group:", "intake.dead_letter", "order:"}
"""Of pseudonyms, beside the namespaces of identifiers; those that end in a colon go on."""
DEFINITIONS = {
    "address said", "address told", "answer", "consent", "elsewhere", "field", "group", "items",
    "newest contacts", "order", "outcome", "queued contacts", "step", "tally", "told",
    "what tuttu itself says of a contact", "who is who",
}  # fmt: skip
"""First words of the definitions whose hash is the key of what they keep."""


def test_the_tables_are_those_that_are_written_down() -> None:
    assert set(stored.tables()) == set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_keeps_its_fields(name: str) -> None:
    assert stored.shapes(stored.tables()[name].type) == TABLES[name]


def test_a_fact_keeps_its_tag_and_its_fields() -> None:
    found = stored.fact_shapes()
    assert set(found) == set(FACTS)
    for tag, shapes in FACTS.items():
        assert found[tag] == shapes, tag


def test_dedupe_keys_keep_their_beginnings() -> None:
    found = {each for each in stored.literals() if each[:1].isalpha() and each.endswith(b":")}
    assert found == DEDUPE


def test_a_store_derives_its_keys_for_the_same_uses() -> None:
    assert set(stored.literals()) >= SECRETS


def test_pseudonyms_keep_their_namespaces() -> None:
    assert stored.namespaces() == NAMESPACES


def test_definitions_keep_their_first_words() -> None:
    assert stored.definitions() == DEFINITIONS
