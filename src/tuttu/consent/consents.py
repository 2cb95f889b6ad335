"""What a customer allows, and the only place where a permit is made."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import msgspec

from tuttu.consent import records
from tuttu.vocabulary import conversion, events, facts, people, values, verdicts
from tuttu.vocabulary.project import Project

PROFILING = "profiling"

Preference = tuple[str, str, bool, bool]
"""Purpose, channel, allowed, and whether the customer chose so themselves."""


class Consent(msgspec.Struct, frozen=True):
    """One cell of purposes × channels. choice: what decided it; None: the purpose's default."""

    allowed: bool
    choice: records.ConsentChoice | None = None


class Consents:
    """What one customer allows, by purpose and channel, as one snapshot shows it.

    refusing: choices of fragments that may be theirs: only what these refuse counts.
    """

    def __init__(
        self,
        project: Project,
        fragments: list[records.ChoicesByCell],
        joined_at: values.Instant | None,
        refusing: Sequence[records.ChoicesByCell] = (),
    ) -> None:
        self._project = project
        self._fragments = fragments
        self._joined_at = joined_at
        self._refusing = refusing
        self._known: dict[tuple[str, str], Consent] = {}

    def permit(self, purpose: str, channel: str) -> verdicts.Permit | None:
        """Leave to contact the customer; None for a refusal, and for what is not declared."""
        if self.why_not(purpose, channel) is not None:
            return None
        basis = self._project.purposes[purpose].basis
        return verdicts.Permit(purpose=purpose, channel=channel, basis=basis)

    def why_not(self, purpose: str, channel: str) -> verdicts.Reason | None:
        """Why there is no permit; None if there is one."""
        undeclared = self._undeclared(purpose, channel)
        if undeclared is not None:
            return undeclared
        consent = self._consent(purpose, channel)
        if consent.allowed:
            return None
        cell = {"purpose": purpose, "channel": channel}
        if consent.choice is None:
            return verdicts.Reason("not_consented", cell)
        moment = conversion.EPOCH + timedelta(microseconds=consent.choice.time)
        day = moment.astimezone(ZoneInfo(self._project.company.zone)).date()
        return verdicts.Reason("refused_by_customer", {**cell, "on": day.isoformat()})

    def assuming(self, purpose: str, channel: str, allowed: bool) -> "Consents":
        """These consents as if the customer had chosen so for one cell: for counterfactuals, never
        to contact them."""
        assumed = Consents(self._project, self._fragments, self._joined_at, self._refusing)
        assumed._known = {**self._known, (purpose, channel): Consent(allowed)}
        return assumed

    @cached_property
    def profiling(self) -> bool:
        """Whether the customer may be profiled: refused in one channel is refused.

        True where the company declares no purpose of that name.
        """
        if PROFILING not in self._project.purposes:
            return True
        channels = (records.EVERY, *self._project.channels)
        return all(self._consent(PROFILING, channel).allowed for channel in channels)

    def preferences(self) -> list[Preference]:
        """All cells, purposes and channels in the order of the project folder."""
        return [
            (purpose, channel, consent.allowed, consent.choice is not None)
            for purpose in self._project.purposes
            for channel in self._project.channels
            for consent in [self._consent(purpose, channel)]
        ]

    def _undeclared(self, purpose: str, channel: str) -> verdicts.Reason | None:
        if purpose not in self._project.purposes:
            return verdicts.Reason("undeclared_purpose", {"purpose": purpose, "channel": channel})
        if channel not in self._project.channels:
            return verdicts.Reason("undeclared_channel", {"purpose": purpose, "channel": channel})
        return None

    def _consent(self, purpose: str, channel: str) -> Consent:
        """A choice made since the fragments became one customer holds for all of them; before
        that, the strictest fragment's own last choice does."""
        known = self._known.get((purpose, channel))
        if known is not None:
            return known
        last = [found for each in self._fragments if (found := last_choice(each, purpose, channel))]
        others = (last_choice(each, purpose, channel) for each in self._refusing)
        last += [found for found in others if found is not None and not found[0].allowed]
        if not last:
            default = self._project.purposes[purpose].default
            everywhere = channel == records.EVERY
            known = Consent(all(default.values()) if everywhere else default.get(channel, False))
        else:
            decisive = max(last, key=_order)[0]
            if self._joined_at is not None and decisive.time <= self._joined_at:
                decisive = max(last, key=lambda found: (not found[0].allowed, _order(found)))[0]
            known = Consent(decisive.allowed, decisive)
        self._known[purpose, channel] = known
        return known


def read(
    reader: facts.Reader,
    customer: people.Customer,
    project: Project,
    refusing: Collection[events.FragmentId] = (),
) -> Consents:
    """The customer's consents; each fragment's choices are watched.

    refusing: those of the customer's fragments under which others speak, too: what was allowed
    there is nobody's permit.
    """
    own: list[records.ChoicesByCell] = []
    others: list[records.ChoicesByCell] = []
    for fragment in customer.fragments:
        stored = reader.get(records.FRAGMENTS, fragment)
        if stored is not None:
            choices = others if fragment in refusing else own
            choices.append(records.choices_by_cell(project, stored))
    return Consents(project, own, customer.joined_at, others)


def canonical(
    reader: facts.Reader, customer: people.Customer, project: Project
) -> list[list[tuple[str, str, bool, values.Instant]]]:
    """What the customer's fragments hold, in an order of its own: for the digest."""
    stored = (
        reader.get(records.FRAGMENTS, fragment, watch=False) for fragment in customer.fragments
    )
    choices = (records.choices_by_cell(project, each) for each in stored if each is not None)
    return sorted(
        [
            (purpose, channel, choice.allowed, choice.time)
            for purpose, channels in sorted(each.items())
            for channel, choice in sorted(channels.items())
        ]
        for each in choices
        if each
    )


def last_choice(
    choices: records.ChoicesByCell, purpose: str, channel: str
) -> tuple[records.ConsentChoice, bool] | None:
    """A fragment's last choice for a channel, and whether it named the channel itself."""
    cells = choices.get(purpose, {})
    found = [
        (cells[name], name != records.EVERY) for name in {channel, records.EVERY} if name in cells
    ]
    return max(found, key=_order, default=None)


def _order(found: tuple[records.ConsentChoice, bool]) -> tuple[values.Instant, bool, bool, str]:
    """Later counts; at the same moment ("none, but e-mail") the one that names the channel."""
    choice, named = found
    return choice.time, named, not choice.allowed, choice.id
