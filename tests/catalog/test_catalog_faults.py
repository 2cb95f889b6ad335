"""Faults of every kind of file: each at its file and line, none twice."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.catalog.conftest import OFFER, Edit, Faults

from tuttu import catalog
from tuttu.vocabulary.errors import ProjectError, Where


def test_the_small_company_has_no_faults(write: Callable[[], Path]) -> None:
    assert catalog.check(write()) == []


def test_load_raises_what_check_tells(edit: Edit) -> None:
    folder = edit("tuttu.yaml", "corner-shop", "Corner Shop")
    with pytest.raises(ProjectError) as raised:
        catalog.load(folder)
    assert raised.value.faults == catalog.check(folder)
    assert "tuttu.yaml:1: found `Corner Shop`" in str(raised.value)


def test_whoever_reads_a_folder_finds_garbage_collected_as_before(edit: Edit) -> None:
    folder = edit("tuttu.yaml", "corner-shop", "Corner Shop")
    assert gc.isenabled()
    assert catalog.check(folder)
    assert gc.isenabled()
    gc.disable()
    try:
        assert catalog.check(folder)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_five_faults_give_five(faults: Faults, base: dict[str, str]) -> None:
    found = faults(
        {
            "tuttu.yaml": base["tuttu.yaml"].replace("zone", "zoone"),
            "traits.yaml": base["traits.yaml"].replace("{type: integer}", "{type: number}"),
            "policy.yaml": base["policy.yaml"].replace("marketing", "markting"),
            OFFER: base[OFFER].replace("minutes: 8", "hours: 8"),
            "content/offer.call.en.liquid": None,
        }
    )
    assert [str(fault.where) for fault in found] == [
        f"{OFFER}:10",
        f"{OFFER}:10",
        "policy.yaml:2",
        "traits.yaml:8",
        "tuttu.yaml:2",
    ]


@pytest.mark.parametrize("kind", ["traits", "channels", "consent", "events", "identity", "tuttu"])
def test_a_file_that_cannot_be_read_draws_no_other_faults(faults: Faults, kind: str) -> None:
    found = faults({f"{kind}.yaml": "a: [b\n"})
    assert [fault.where.file for fault in found] == [f"{kind}.yaml"]


@pytest.mark.parametrize(
    ("path", "old", "new", "key"),
    [
        (OFFER, "status: live", "status: live\nbrand: budget", "`brand`"),
        ("traits.yaml", "{type: bool}", "{table: outages, by: home_id}", "`table`"),
        ("events.yaml", "sources:", "webhooks: []\nsources:", "`webhooks`"),
        ("consent.yaml", "purposes:", "retention: {}\npurposes:", "`retention`"),
        ("resources.yaml", "per: day", "per: day, source: stock", "`source`"),
    ],
)
def test_what_a_later_version_reads_is_not_supported_yet(
    edit: Edit, path: str, old: str, new: str, key: str
) -> None:
    found = catalog.check(edit(path, old, new))
    assert key in found[0].found
    assert {fault.where.file for fault in found} == {path}
    assert all("not supported yet" in fault.expected for fault in found)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("policy.yaml", "when: open_tickets > 0,", "when: COALESCE(open_tickets, 0) > 0,"),
        ("policy.yaml", "when: open_tickets > 0,", "when: open_tickets IN (1, 2),"),
        ("policy.yaml", "when: open_tickets > 0,", "when: open_tickets > 0 OR [1],"),
        ("policy.yaml", "when: open_tickets > 0,", "when: 'a' = 'b',"),
        ("traits.yaml", "where: \"status <> 'resolved'\"", "where: COALESCE(status, '') <> 'x'"),
    ],
)
def test_an_expression_in_brackets_that_breaks_is_to_be_quoted(
    edit: Edit, path: str, old: str, new: str
) -> None:
    found = catalog.check(edit(path, old, new))
    assert len(found) == 1
    assert found[0].where.file == path
    assert "quote the expression" in found[0].expected


def test_every_record_knows_its_place(operator: Path) -> None:
    project = catalog.load(operator)
    lines: Mapping[str, list[str]] = {
        file: (operator / file).read_text().splitlines()
        for file in ("traits.yaml", "policy.yaml", "events.yaml", "consent.yaml", "channels.yaml")
    }
    policy, profile = project.policy, project.profile
    named: list[tuple[str, Where]] = [
        *((one.name, one.where) for one in profile.traits.values()),
        *((one.name, one.where) for one in profile.collections.values()),
        *((one.name, one.where) for one in policy.guards),
        *((one.name, one.where) for one in policy.contact_limits),
        *((one.name, one.where) for one in policy.levers),
        *((one.name, one.where) for one in project.tracking.plan.values()),
        *((one.name, one.where) for one in project.purposes.values()),
        *((one.name, one.where) for one in project.channels.values()),
    ]
    for name, where in named:
        assert name in lines[where.file][where.line - 1]
