"""Reads a project folder whole: load, check, scenarios."""

import gc
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tuttu.catalog import read_consent as consent
from tuttu.catalog.findings import Findings
from tuttu.catalog.folder import (
    KINDS,
    REQUIRED,
    REQUIRED_KEYS,
    REQUIRED_OF_OLD,
    Folder,
    KeptFiles,
    SourceFile,
    digest,
    texts_of,
)
from tuttu.catalog.identifier_fields import check_fields
from tuttu.catalog.read_actions import read_action_sheets, read_actions
from tuttu.catalog.read_channels import (
    check_defaults,
    check_reach,
    read_channels,
    read_surfaces,
    with_reach,
)
from tuttu.catalog.read_content import read_content
from tuttu.catalog.read_events import read_plan, read_tracking
from tuttu.catalog.read_identity import read_identity, read_sets
from tuttu.catalog.read_policy import read_policy
from tuttu.catalog.read_resources import read_resources
from tuttu.catalog.read_scenarios import Scenario, read_scenario
from tuttu.catalog.read_traits import read_profile
from tuttu.catalog.read_tuttu import read_company
from tuttu.catalog.schema_validation import read_sheet
from tuttu.catalog.scope import LoadScope
from tuttu.catalog.slips import with_slips
from tuttu.catalog.trait_usage import TraitUsage
from tuttu.catalog.yaml_nodes import MappingNode
from tuttu.vocabulary import company, errors, library, values
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.room import Rooms

Sheets = dict[str, MappingNode | None]
Texts = Mapping[str, str]
"""A version's policy files as they were kept: path to text."""


class Survey(msgspec.Struct, frozen=True):
    """One reading of a project. With a fault, the project is not whole. removes: names of what it
    lacks on purpose, as whoever activates it says (`versions.removed`)."""

    project: Project
    faults: list[errors.Fault]
    texts: Texts
    removes: frozenset[str] = frozenset()


def load(source: Path | Texts, rooms: Rooms = ()) -> Project:
    """The project of a folder, or of kept files, checked and compiled; raises `ProjectError` with
    all faults. rooms: those whose columns its expressions may name."""
    reading = _Reading(source, rooms)
    project = reading.project()
    reading.raise_faults()
    return project


def survey(source: Path | Texts, rooms: Rooms = ()) -> Survey:
    """What could be read of the policy, its faults, and the files themselves."""
    reading = _Reading(source, rooms)
    project = reading.project()
    return Survey(project, reading.findings.faults(), texts_of(reading.files))


def is_still(folder: Path, survey: Survey) -> bool:
    """Whether the folder, read again, holds what was read of it."""
    return digest(Folder(folder, Findings()).policy_files()) == survey.project.digest


def survey_all(folder: Path, rooms: Rooms = (), stages: tuple[str, ...] = ()) -> Survey:
    """As `survey`, with the faults of the folder's scenarios. stages: those that scenarios may
    name; none: any."""
    reading = _Reading(folder, rooms)
    project = reading.project()
    reading.scenarios(stages)
    return Survey(project, reading.findings.faults(), texts_of(reading.files))


def check(folder: Path, rooms: Rooms = (), stages: tuple[str, ...] = ()) -> list[errors.Fault]:
    """All faults of the folder, those of its scenarios included, by file and line."""
    return survey_all(folder, rooms, stages).faults


def read_scenarios(
    folder: Path, rooms: Rooms = (), stages: tuple[str, ...] = ()
) -> tuple[Scenario, ...]:
    """The folder's scenarios, by the names of their files; raises `ProjectError`. stages: as for
    `check`."""
    reading = _Reading(folder, rooms)
    reading.project()
    scenarios = reading.scenarios(stages)
    reading.raise_faults()
    return scenarios


class _Reading:
    """One load of one folder; each step needs the names that earlier ones put into the scope."""

    def __init__(self, source: Path | Texts, rooms: Rooms) -> None:
        self.rooms = rooms
        self.findings = Findings()
        self.scope = LoadScope(self.findings)
        self.folder: Folder | KeptFiles = (
            Folder(source, self.findings) if isinstance(source, Path) else KeptFiles(source)
        )
        self.files: list[SourceFile] = []

    def raise_faults(self) -> None:
        faults = self.findings.faults()
        if faults:
            raise errors.ProjectError(faults)

    def project(self) -> Project:
        """Nearly all that is made stays: collections meanwhile would walk it again and again, and
        find nothing."""
        collecting = gc.isenabled()
        gc.disable()
        try:
            return self._project()
        finally:
            if collecting:
                gc.enable()

    def _project(self) -> Project:
        scope = self.scope
        files = self.files = self.folder.policy_files()
        sheets = self._sheets(files)
        read_company(sheets["tuttu"], scope)
        channels = read_channels(sheets["channels"], scope)
        surfaces = read_surfaces(sheets["channels"], channels, scope)
        resources = read_resources(sheets["resources"], scope)
        namespaces = read_identity(sheets["identity"], scope)
        kinds = consent.read_kinds(sheets["consent"])
        purposes = consent.read_consent(sheets["consent"], kinds, scope)
        messages = read_content([file for file in files if file.parts[0] == "content"], scope)
        check_defaults(sheets["channels"], scope)
        actions_files = [file for file in files if file.parts[0] == "actions"]
        action_sheets = read_action_sheets(actions_files, scope)
        read_plan(sheets["events"], scope)
        declared = Project(
            digest=digest(files),
            company=scope.company,
            namespaces=namespaces,
            sets=read_sets(sheets["identity"], scope),
            tracking=company.Tracking(),
            profile=company.Profile(),
            purposes=purposes,
            kinds=kinds,
            channels=channels,
            surfaces=surfaces,
            resources=resources,
            policy=library.Policy(),
            actions={},
            messages=messages,
            row_schema=values.Schema(),
            event_schema=values.Schema(),
        )
        contributed = {room.name: room.columns(declared) for room in self.rooms}
        profile = read_profile(sheets["traits"], contributed, scope)
        channels = with_reach(sheets["channels"], channels, scope)
        usage = TraitUsage(profile.traits, scope)
        usage.check_groups()
        usage.check_paths()
        usage.check_zone()
        tracking = read_tracking(sheets["events"], scope)
        check_fields(sheets["identity"], scope)
        kinds = consent.with_trait(kinds, purposes, usage, scope)
        purposes = consent.with_soft_opt_in(sheets["consent"], purposes, usage, scope)
        actions = read_actions(action_sheets, usage, scope)
        consent.check_similar(actions, purposes, scope)
        check_reach(actions, channels, usage)
        policy = read_policy(sheets["policy"], actions, usage, scope)
        return msgspec.structs.replace(
            declared,
            channels=channels,
            purposes=purposes,
            kinds=kinds,
            tracking=tracking,
            profile=with_slips(sheets["traits"], profile, policy, usage),
            policy=policy,
            actions=actions,
            row_schema=scope.row_columns.schema,
            event_schema=scope.event_columns.schema,
        )

    def scenarios(self, stages: tuple[str, ...]) -> tuple[Scenario, ...]:
        files = self.folder.scenario_files()
        sheets = [
            read_sheet("scenario", one.path, one.text, self.findings, stages) for one in files
        ]
        return tuple(read_scenario(sheet, self.scope) for sheet in sheets if sheet)

    def _sheets(self, files: list[SourceFile]) -> Sheets:
        """Roots by kind: None if it cannot be read, empty if an optional file is not there."""
        sheets: Sheets = {}
        kept = isinstance(self.folder, KeptFiles)
        required = REQUIRED_OF_OLD if kept else REQUIRED
        for kind in KINDS:
            name = f"{kind}.yaml"
            file = next((one for one in files if one.path == name), None)
            if file:
                lacking = REQUIRED_KEYS.get(kind, ()) if kept else ()
                sheets[kind] = read_sheet(kind, name, file.text, self.findings, may_lack=lacking)
            else:
                nothing = MappingNode({}, {}, errors.Where(name, 1))
                sheets[kind] = None if kind in required else nothing
        return sheets
