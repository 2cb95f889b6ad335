"""Exports one snapshot to files: the row of every customer, the live results, and the log."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from tuttu import decision, identity, profile
from tuttu.batch.verify.definition_checks import (
    CheckSubject,
    DefinitionCheck,
    SubjectKind,
    asking,
    choice_column,
    choices,
)
from tuttu.decision import Candidate, DecisionView, other_members
from tuttu.decision.view import items_of
from tuttu.policy import Relation, duckdb_type, duckdb_value
from tuttu.profile import batch
from tuttu.storage import ExportWorkspace, Sheet
from tuttu.vocabulary import company, conversion, facts, people, room, values
from tuttu.vocabulary.counting import so_many
from tuttu.vocabulary.events import Event

CUSTOMERS, SHADES, GROUPS = "customers", "shades", "groups"
INSTANT = values.Type(values.Kind.TIMESTAMP)
EVERY = 1_000
Progress = Callable[[str], None]


def answers_table(layout: batch.Layout, kind: SubjectKind) -> str:
    """The live answers about customers, about the items of a collection, or about a group."""
    if kind.group is not None:
        return f"answers of {batch.groups_asked(layout.project).index(kind.group)}"
    whose = "shade answers" if kind.shade else "answers"
    return whose if kind.about is None else f"{whose} {_number(layout, kind.about)}"


def rows_table(kind: SubjectKind) -> str:
    """The wide rows of customers, or of their shades."""
    return SHADES if kind.shade else CUSTOMERS


def items_table(layout: batch.Layout, collection: str) -> str:
    """The live items of a collection."""
    return f"live items {_number(layout, collection)}"


def ledger_columns(layout: batch.Layout) -> list[str]:
    """The ledger's columns: those that belong neither to the profile nor to time."""
    project = layout.project
    known = {*project.row_schema.columns, *project.row_schema.collections, "now"}
    return [name for name in layout.relation() if name not in known]


def answer(number: int) -> str:
    """The column of the result of a check."""
    return f"tuttu answer {number}"


def _number(layout: batch.Layout, collection: str) -> int:
    return list(layout.project.profile.collections).index(collection)


class Counts(NamedTuple):
    """How many were written."""

    customers: int
    events: int


class ExportWriter(msgspec.Struct, frozen=True, kw_only=True):
    """asked: checks by the kind of their subjects."""

    workspace: ExportWorkspace
    layout: batch.Layout
    rooms: room.Rooms
    asked: Mapping[SubjectKind, list[DefinitionCheck]]
    masks: batch.Masks

    def write(self, reader: facts.Reader, now: values.Instant, progress: Progress) -> Counts:
        """All customers, and the whole log."""
        log = batch.LogExport(self.workspace, self.layout, self.masks)
        customers = self._people(log, reader, now, progress)
        exported = 0
        for fragment, event in events(reader):
            log.event(fragment, event)
            exported += 1
            if exported % (10 * EVERY) == 0:
                progress(f"{so_many(exported, 'event')} exported")
        log.close()
        progress(f"{so_many(exported, 'event')} exported")
        return Counts(customers, exported)

    def _people(
        self, log: batch.LogExport, reader: facts.Reader, now: values.Instant, progress: Progress
    ) -> int:
        sheets, count = _Sheets(self), 0
        for customer in identity.customers(reader, self.layout.project):
            view = decision.view(reader, self.layout.project, customer, now, rooms=self.rooms)
            sheets.add(reader, view)
            for fragment in customer.fragments:
                log.fragment(fragment, name_of(customer))
            count += 1
            if count % EVERY == 0:
                progress(f"{so_many(count, 'customer')} judged row by row")
        sheets.close()
        progress(f"{so_many(count, 'customer')} judged row by row")
        return count


def events(reader: facts.Reader) -> Iterator[tuple[bytes, Event]]:
    """Every event of the log with its fragment, oldest first."""
    for logged in facts.facts_between(reader, 0, reader.position):
        if isinstance(logged.fact.body, Event) and logged.fact.fragment is not None:
            yield logged.fact.fragment, logged.fact.body


def name_of(customer: people.Customer) -> str:
    """A customer's pseudonym."""
    return customer.oldest.hex()


class _Sheets:
    """The tables of live results."""

    def __init__(self, export: ExportWriter) -> None:
        self._export, self._layout = export, export.layout
        self._relation: Relation = self._layout.relation()
        self._ledger = ledger_columns(self._layout)
        project = self._layout.project
        self._hidden = [each for each in batch.compared(project) if not self._layout.shows(each)]
        workspace = export.workspace
        self._customers = workspace.table(CUSTOMERS, self._columns())
        self._shades = workspace.table(SHADES, self._shade_columns())
        self._groups = workspace.table(
            GROUPS,
            {batch.CUSTOMER: "VARCHAR", "of": "VARCHAR", "number": "BIGINT", "names": "VARCHAR"},
        )
        self._items = {
            name: workspace.table(items_table(self._layout, name), _item_types(self._layout, each))
            for name, each in project.profile.collections.items()
        }
        self._answers = {
            kind: workspace.table(answers_table(self._layout, kind), self._answer_types(kind))
            for kind in export.asked
        }

    def add(self, reader: facts.Reader, found: DecisionView) -> None:
        name, row = name_of(found.customer), found.row
        shown = [self._cell(column, row) for column in self._relation]
        hidden = [self._export.masks.mask(row.get(each)) for each in self._hidden]
        chosen = [_chosen(found, *cell) for cell in choices(found.project)]
        self._customers.add([name, found.profiling, *chosen, *shown, *hidden])
        if found.shade is not None:
            cells = [self._cell(column, found.shade.row) for column in self._relation]
            self._shades.add([name, *cells])
        for kind in self._export.asked:
            for subject in _subjects(found, kind):
                self._add_answers(name, subject)
        for collection in self._items:
            self._add_items(name, collection, row)
        self._add_groups(name, reader, found)

    def close(self) -> None:
        sheets: list[Sheet] = [self._customers, self._shades, self._groups]
        for sheet in (*sheets, *self._items.values(), *self._answers.values()):
            sheet.close()

    def _columns(self) -> dict[str, str]:
        shown = {name: duckdb_type(declared) for name, declared in self._relation.items()}
        hidden = {self._layout.column(name): "VARCHAR" for name in self._hidden}
        chosen = {choice_column(*cell): "BOOLEAN" for cell in choices(self._layout.project)}
        who = {batch.CUSTOMER: "VARCHAR", batch.PROFILING: "BOOLEAN"}
        return {**who, **chosen, **shown, **hidden}

    def _shade_columns(self) -> dict[str, str]:
        shown = {name: duckdb_type(declared) for name, declared in self._relation.items()}
        return {batch.CUSTOMER: "VARCHAR", **shown}

    def _answer_types(self, kind: SubjectKind) -> dict[str, str]:
        asked = self._export.asked[kind]
        types = {answer(n): duckdb_type(each.type) for n, each in enumerate(asked)}
        laid_over = {} if kind.about is None else dict.fromkeys(self._ledger, "TIMESTAMP")
        return {batch.CUSTOMER: "VARCHAR", batch.KEY: "VARCHAR", **laid_over, **types}

    def _cell(self, column: str, row: values.Row) -> Any:
        declared, value = self._relation[column], row.get(column)
        if column in batch.abouts(self._layout.project) and isinstance(value, list):
            value = [{batch.KEY: self._key(column, item), **item} for item in value]
        return duckdb_value(value, declared)

    def _key(self, collection: str, item: values.Item) -> str | None:
        """The pseudonym of an item."""
        declared = self._layout.project.profile.collections[collection]
        key = conversion.key_text(item.get(declared.key), declared.fields[declared.key])
        return self._export.masks.mask(key)

    def _add_answers(self, name: str, subject: CheckSubject) -> None:
        asked = self._export.asked[subject.kind]
        ledger = [] if subject.kind.about is None else self._ledger
        laid_over = [duckdb_value(subject.row.get(each), INSTANT) for each in ledger]
        given = [duckdb_value(each.live(subject), each.type) for each in asked]
        key = self._export.masks.mask(subject.item)
        self._answers[subject.kind].add([name, key, *laid_over, *given])

    def _add_items(self, name: str, collection: str, row: values.Row) -> None:
        declared = self._layout.project.profile.collections[collection]
        found = row.get(collection)
        for item in found if isinstance(found, list) else []:
            cells = [self._item_cell(declared, field, item) for field in declared.fields]
            self._items[collection].add([name, self._key(collection, item), *cells])

    def _item_cell(self, collection: company.Collection, field: str, item: values.Item) -> Any:
        value = item.get(field)
        if field not in self._layout.fields[collection.name]:
            return self._export.masks.mask(value)
        return duckdb_value(value, collection.fields[field])

    def _add_groups(self, name: str, reader: facts.Reader, found: DecisionView) -> None:
        project, profiling = self._layout.project, found.profiling
        written = profile.written_of(reader, found.customer, project)
        for group in project.profile.groups:
            value = profile.group_key(project, group, written, profiling=profiling)
            others = other_members(reader, project, found.customer, group, value)
            members = [found.customer, *(other for other, _ in others)]
            names = ",".join(sorted(map(name_of, members)))
            digest = hashlib.sha256(names.encode()).hexdigest()
            self._groups.add([name, group, len(members), digest])


def _chosen(found: DecisionView, purpose: str, channel: str) -> bool | None:
    choice = found.consents.chosen(purpose, channel)
    return None if choice is None else choice.refusal is None


def _subjects(found: DecisionView, kind: SubjectKind) -> Iterator[CheckSubject]:
    """The customer, their group, or each of their items; without any, one subject with item
    None. Of a shade the same; of a customer without one, none."""
    if kind.shade:
        if found.shade is None:
            return
        found = found.shade
    if kind.about is None:
        row = found.row if kind.group is None else found.row_of_group(kind.group)
        yield CheckSubject(found, row, kind)
        return
    action, treatment = asking(found.project, kind.about)
    keys: list[str | None] = list(items_of(found.project, found.row, kind.about))
    for key in keys or [None]:
        row = found.row_of(Candidate(action, treatment, key))
        yield CheckSubject(found, row, kind, key)


def _item_types(layout: batch.Layout, collection: company.Collection) -> dict[str, str]:
    columns = batch.item_columns(layout, collection).items()
    return {
        batch.CUSTOMER: "VARCHAR",
        batch.KEY: "VARCHAR",
        **{n: duckdb_type(kind) for n, kind in columns},
    }
