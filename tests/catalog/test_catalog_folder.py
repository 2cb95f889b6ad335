"""Which files are read, which are refused, and the digest over them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tuttu import catalog
from tuttu.catalog.folder import REQUIRED
from tuttu.versions import read_project
from tuttu.vocabulary.errors import Fault, ProjectError
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Room
from tuttu.vocabulary.values import Type

Write = Callable[..., Path]


def told(folder: Path) -> list[tuple[str, str, str]]:
    return [(str(fault.where), fault.found, fault.expected) for fault in catalog.check(folder)]


NONE = "guards: {}\ncontact_limits: {}\nsuppressions: {}\n"


@pytest.mark.parametrize("kind", REQUIRED)
def test_a_required_file_must_be_there(write: Write, kind: str) -> None:
    (fault,) = [each for each in told(write({f"{kind}.yaml": None})) if each[1] == "no such file"]
    assert fault[0] == f"{kind}.yaml:1"
    assert fault[2].startswith(f"a file {kind}.yaml")


def test_what_is_not_declared_may_be_left_out(write: Write, base: Mapping[str, str]) -> None:
    needed = (*(f"{kind}.yaml" for kind in REQUIRED), "content/w")
    empty = {"policy.yaml": NONE, "traits.yaml": "traits: {}\n", "events.yaml": "events: {}\n"}
    left_out = {path: None for path in base if not path.startswith(needed)}
    project = catalog.load(write({**left_out, **empty}))
    assert (project.actions, project.resources, project.profile.traits) == ({}, {}, {})
    assert project.tracking.names["page"] == "Page Viewed"
    assert project.tracking.sources == {"identify": "told"}


@pytest.mark.parametrize("key", ["guards", "contact_limits", "suppressions"])
def test_that_there_are_none_is_said(write: Write, key: str) -> None:
    lines = "".join(line for line in NONE.splitlines(keepends=True) if not line.startswith(key))
    faults = told(write({"policy.yaml": lines}, as_it_is=True))
    assert [each[:2] for each in faults] == [("policy.yaml:1", f"no `{key}`")]


def test_a_version_of_earlier_days_stays_readable(base: Mapping[str, str]) -> None:
    """What a store keeps of it: absence meant none then."""
    needed = ("tuttu.yaml", "identity.yaml", "channels.yaml", "consent.yaml", "content/w")
    kept = {path: text for path, text in base.items() if path.startswith(needed)}
    for policy in ({}, {"policy.yaml": "exploration: 5%\n"}):
        survey = catalog.survey({**kept, **policy})
        assert survey.faults == []
        assert survey.project.policy.guards == ()


def growing(folder: Path, times: int) -> Room:
    """A room at whose reading somebody writes the folder, so many times."""
    left = iter(range(times))

    def columns(_: Project) -> dict[str, Type]:
        if next(left, None) is not None:
            path = folder / "content" / "offer.web.en.liquid"
            path.write_text(path.read_text() + "more\n")
        return {}

    return Room(name="writer", columns=columns)


def test_a_folder_that_is_being_written_is_read_again(write: Write) -> None:
    folder = write({})
    found = read_project(folder, (growing(folder, 2),))
    assert found.project.messages["offer", "web", "en"].template.count("more") == 2
    assert catalog.is_still(folder, found)


def test_a_folder_that_is_being_written_for_long_is_not_taken(write: Write) -> None:
    folder = write({})
    with pytest.raises(ProjectError, match="files that change while they are read"):
        read_project(folder, (growing(folder, 3),))


@pytest.mark.parametrize("kind", ["systems", "context", "calendars", "goals", "models"])
def test_files_of_later_versions_are_not_supported_yet(write: Write, kind: str) -> None:
    ((where, found, expected),) = told(write({f"{kind}.yaml": "a: 1\n"}))
    assert where == f"{kind}.yaml:1"
    assert kind in found
    assert "not supported yet" in expected


@pytest.mark.parametrize(
    ("path", "where", "nearest"),
    [
        ("event.yaml", "event.yaml:1", "events.yaml"),
        ("policy.yml", "policy.yml:1", "policy.yaml"),
        ("action/sales/tv/a.yaml", "action:1", "actions"),
        ("actions/sales/late.yaml", "actions/sales/late.yaml:1", None),
        ("actions/sales/tv/deep/late.yaml", "actions/sales/tv/deep/late.yaml:1", None),
        ("content/offer.en.liquid", "content/offer.en.liquid:1", None),
        ("content/offer.web.de.liquid", "content/offer.web.de.liquid:1", None),
        ("content/offer.wep.en.liquid", "content/offer.wep.en.liquid:1", "web"),
        ("content/offer.web.en.txt", "content/offer.web.en.txt:1", None),
        ("content/offer.email.en.mjml", "content/offer.email.en.mjml:1", None),
        ("scenarios/one.yml", "scenarios/one.yml:1", None),
    ],
)
def test_a_file_in_the_wrong_place_is_a_fault(
    write: Write, path: str, where: str, nearest: str | None
) -> None:
    (fault,) = catalog.check(write({path: "text\n"}))
    assert (str(fault.where), fault.nearest) == (where, nearest)


@pytest.mark.parametrize(
    "path",
    ["README.md", ".gitignore", ".schema/x.yaml", "demo/x.yaml", "imports/x.yaml", "data/x.csv"],
)
def test_other_files_are_left_alone(write: Write, path: str) -> None:
    folder = write()
    digest = catalog.load(folder).digest
    assert catalog.load(write({path: "x"})).digest == digest


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        (b"name: caf\xe9\n", 1, "the byte 0xe9, which is not UTF-8"),
        (b"name: a\nzone: \xff\n", 2, "the byte 0xff"),
        (b"", 1, "an empty file"),
        (b"# nothing\n", 1, "an empty file"),
        (b"just text\n", 1, "`just text`"),
        (b"- a\n", 1, "a list"),
        (b"name: " + b"x" * (1 << 20), 1, "a file over 1 MiB"),
        (b"name: a\x00b\n", 1, "U+0000 control character"),
        (b"a: &a [x]\nb: [*a, *a]\n", 1, "the anchor `&a`"),
        (b"name: " + b"[" * 100_000, 1, "too many levels"),
    ],
)
def test_an_unreadable_file_is_one_clear_fault(
    write: Write, text: bytes, line: int, found: str
) -> None:
    (fault,) = catalog.check(write({"tuttu.yaml": text}))
    assert str(fault.where) == f"tuttu.yaml:{line}"
    assert found in fault.found


def test_a_byte_order_mark_and_windows_lines_are_read(write: Write) -> None:
    text = b"\xef\xbb\xbfname: corner-shop\r\nlanguages: [en]\r\n"
    assert catalog.load(write({"tuttu.yaml": text})).company.languages == ("en",)


def test_content_that_is_empty_or_unreadable_is_a_fault(write: Write) -> None:
    folder = write({"content/offer.web.en.liquid": " \n", "content/offer.call.en.liquid": b"\xff"})
    assert [(where, found) for where, found, _ in told(folder)] == [
        ("content/offer.call.en.liquid:1", "the byte 0xff, which is not UTF-8"),
        ("content/offer.web.en.liquid:1", "an empty file"),
    ]


def test_a_folder_where_a_file_should_be(write: Write) -> None:
    folder = write({"policy.yaml": None})
    (folder / "policy.yaml").mkdir()
    assert told(folder) == [("policy.yaml:1", "something that is no file", "a file")]


def test_a_pipe_is_not_waited_for(write: Write) -> None:
    folder = write({"policy.yaml": None})
    os.mkfifo(folder / "policy.yaml")
    assert told(folder) == [("policy.yaml:1", "something that is no file", "a file")]


def test_links_out_of_the_folder_are_refused(write: Write, tmp_path: Path) -> None:
    folder = write({"policy.yaml": None})
    (tmp_path / "secret.yaml").write_text("guards: {}\n")
    (folder / "policy.yaml").symlink_to(tmp_path / "secret.yaml")
    (folder / "content" / "x.web.en.liquid").symlink_to("/etc/hostname")
    (folder / "actions" / "sales" / "more").symlink_to(tmp_path)
    (folder / "resources.yaml").unlink()
    (folder / "resources.yaml").symlink_to("nowhere")
    (folder / "actions" / "sales" / "loop").symlink_to("loop")
    found = {(where, found) for where, found, _ in told(folder)}
    out, nothing = "a link out of the project folder", "a link to nothing"
    assert found == {
        ("policy.yaml:1", out),
        ("content/x.web.en.liquid:1", out),
        ("actions/sales/more:1", out),
        ("resources.yaml:1", nothing),
    }


def test_a_link_inside_the_folder_is_read(write: Write) -> None:
    folder = write()
    (folder / "content" / "copy.web.en.liquid").symlink_to("offer.web.en.liquid")
    assert catalog.load(folder).messages["copy", "web", "en"].template == "TV!\n"


@pytest.mark.parametrize("name", ["nowhere", "tuttu.yaml"])
def test_no_folder_at_all(write: Write, name: str) -> None:
    assert catalog.check(write() / name)[0].found == "no such folder"


def test_a_name_that_is_not_utf_8_can_be_told(write: Write) -> None:
    folder = write()
    (folder / "content" / os.fsdecode(b"offer.w\xffb.en.liquid")).write_text("x")
    faults: list[Fault] = catalog.check(folder)
    assert faults
    assert all(str(fault).encode() for fault in faults)


def test_the_digest_is_over_paths_and_bytes(write: Write, base: Mapping[str, str]) -> None:
    total = hashlib.sha256()
    for path, text in sorted(base.items()):
        for part in (path.encode(), text.encode()):
            total.update(len(part).to_bytes(8, "big") + part)
    assert catalog.load(write()).digest == total.hexdigest()


def test_any_byte_changes_the_digest_but_scenarios_do_not(
    write: Write, base: Mapping[str, str]
) -> None:
    digests = {catalog.load(write({path: text + "\n"})).digest for path, text in base.items()}
    digests.add(catalog.load(write()).digest)
    assert len(digests) == len(base) + 1
    assert catalog.load(write({"scenarios/a.yaml": "?"})).digest in digests


def test_a_faulty_scenario_is_told_but_stops_no_company(write: Write) -> None:
    folder = write({"scenarios/a.yaml": "scenario: x\n"})
    assert set(catalog.load(folder).actions) == {"offer", "news"}
    assert {fault.where.file for fault in catalog.check(folder)} == {"scenarios/a.yaml"}
    with pytest.raises(ProjectError):
        catalog.read_scenarios(folder)
