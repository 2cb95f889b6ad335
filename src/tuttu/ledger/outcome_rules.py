"""What one event means to the ledger: contacts made outside tuttu, and outcomes of contacts."""

from tuttu.ledger import external, state
from tuttu.ledger.definitions import Definitions
from tuttu.ledger.writer import ContactWriter
from tuttu.policy import ConditionLookup
from tuttu.vocabulary import conversion, events, facts, history, values
from tuttu.vocabulary.project import Project

_Condition = tuple[values.Expression, list[history.Part]]
"""A condition on events, and the outcome rules that use it."""


class OutcomeRules:
    """The outcome rules of all actions, each distinct condition tested once, and the mappings and
    outcomes that events.yaml declares."""

    def __init__(self, project: Project, definitions: Definitions) -> None:
        self.definitions = definitions
        self._project = project
        conditions: dict[tuple[str, frozenset[str]], _Condition] = {}
        for part, rule in definitions.rules.items():
            key = (rule.test.text, rule.test.columns)
            conditions.setdefault(key, (rule.test, []))[1].append(part)
        self._conditions = ConditionLookup(
            ((each[0], each) for each in conditions.values()), "event"
        )
        self._events = {mapped.mapping.event for mapped in definitions.mappings.values()}
        self._events.update(event for event, _ in definitions.outcomes.values())

    def fold(self, transaction: facts.Transaction, logged: facts.Logged) -> None:
        event, fragment, rules = logged.fact.body, logged.fact.fragment, self.definitions
        if not isinstance(event, events.Event) or fragment is None:
            return
        declared = event.name in self._events
        row = conversion.event_row(event, self._project.event_schema)
        conditions = self._conditions.candidates(row)
        met = [part for test, parts in conditions if test(row) is True for part in parts]
        if not (declared or met):
            return
        writer = ContactWriter(transaction, self._project, logged.fact.received)
        contact = event.said.get("contact_id")
        named = contact if isinstance(contact, str) else ""
        for part, mapped in rules.mappings.items() if declared else ():
            mapping = mapped.mapping
            if mapping.event == event.name and (mapping.when is None or mapping.when(row) is True):
                action, result = (
                    external.action_of(mapping, event),
                    external.outcome_of(mapping, event),
                )
                made = state.ExternalContact(event.time, action, self._item(action, event), result)
                contact_id = external.contact_id(mapped, event.id)
                writer.add_external(part, fragment, event.id, contact_id, made)
        for part, (name, outcome) in rules.outcomes.items() if declared and named else ():
            if name == event.name:
                writer.add_report(named, state.ContactReport(event.time, outcome, part=part))
        answers = []
        for part in met:
            rule = rules.rules[part]
            item = self._item(rule.action, event) or ""
            answers.append((part, state.Answer(event.time, rule.outcome, named, item)))
        if answers:
            writer.add_answers(fragment, answers)
        for part, answer in answers if named else ():
            action = rules.rules[part].action
            writer.add_report(named, state.ContactReport(event.time, answer.outcome, action, part))

    def _item(self, action: str | None, event: events.Event) -> str | None:
        """The item that an event names by its key, of the collection that the action is about."""
        declared = self._project.actions.get(action or "")
        if declared is None or declared.about is None:
            return None
        collection = self._project.profile.collections[declared.about]
        return conversion.item_key(
            conversion.said_at(event, collection.key),
            collection.fields[collection.key],
            self._project.company.zone,
        )
