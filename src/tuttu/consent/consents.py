"""What a customer allows, and the only place where a permit is made."""

from collections.abc import Collection, Sequence
from functools import cached_property
from zoneinfo import ZoneInfo

import msgspec

from tuttu.consent import records
from tuttu.consent.circumstances import (
    NOTHING_KNOWN,
    Circumstances,
    after_a_sale,
    kind_of,
    lacking_soft_opt_in,
)
from tuttu.vocabulary import company, conversion, events, facts, people, values, verdicts
from tuttu.vocabulary.project import Project

PROFILING = "profiling"


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    """One cell of purposes × channels.

    chosen: by the customer; else `allowed` is the default of their kind of person. after_sale: it
    is not allowed, nor refused, and what is similar to a sale may be offered all the same.
    """

    purpose: str
    channel: str
    allowed: bool
    chosen: bool
    basis: str
    after_sale: bool


class OwnChoice(msgspec.Struct, frozen=True):
    """What the customer chose for one cell. refusal: None: they allow it."""

    refusal: verdicts.Reason | None = None


class Consents:
    """What one customer allows, by purpose and channel, as one snapshot shows it.

    A choice of theirs goes before all else. Without one the terms of their kind of person hold;
    where these want consent, a soft opt-in may stand in for it. refusing: choices of fragments that
    may be theirs: only what these refuse counts.
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
        self._known: dict[tuple[str, str], OwnChoice | None] = {}

    def permit(
        self, purpose: str, channel: str, known: Circumstances = NOTHING_KNOWN
    ) -> verdicts.Permit | None:
        """Leave to contact the customer; None for a refusal, and for what is not declared."""
        basis = self._answer(purpose, channel, known)
        if isinstance(basis, verdicts.Reason):
            return None
        kind = kind_of(self._project, known.row)
        return verdicts.Permit(purpose=purpose, channel=channel, basis=basis, kind=kind)

    def why_not(
        self, purpose: str, channel: str, known: Circumstances = NOTHING_KNOWN
    ) -> verdicts.Reason | None:
        """Why there is no permit; None if there is one."""
        found = self._answer(purpose, channel, known)
        return found if isinstance(found, verdicts.Reason) else None

    def assuming(self, purpose: str, channel: str, allowed: bool) -> "Consents":
        """These consents as if the customer had chosen so for one cell: for counterfactuals, never
        to contact them."""
        assumed = self._again()
        refusal = None if allowed else verdicts.Reason("not_consented", _cell(purpose, channel))
        assumed._known = {**self._known, (purpose, channel): OwnChoice(refusal)}
        return assumed

    @cached_property
    def profiling(self) -> bool:
        """Whether the customer may be profiled: refused in one channel is refused, and it does not
        depend on the kind of person, which a profile may tell.

        True where the company declares no purpose of that name.
        """
        if PROFILING not in self._project.purposes:
            return True
        terms = self._project.purposes[PROFILING].terms[company.ANYONE]
        if not (self._fragments or self._refusing):
            return all(each.allowed for each in terms.values())
        channels = (records.EVERY, *self._project.channels)
        return all(self._allowed(PROFILING, channel) for channel in channels)

    def chosen(self, purpose: str, channel: str) -> OwnChoice | None:
        """What the customer chose themselves; None: nothing."""
        cell = purpose, channel
        if cell not in self._known:
            self._known[cell] = self._choice(*cell)
        return self._known[cell]

    def preferences(self, known: Circumstances = NOTHING_KNOWN) -> list[Preference]:
        """All cells, purposes and channels in the order of the project folder."""
        kind = kind_of(self._project, known.row)
        found = []
        for purpose in self._project.purposes.values():
            for channel in self._project.channels:
                chosen, terms = self.chosen(purpose.name, channel), purpose.terms_in(channel, kind)
                allowed = terms.allowed if chosen is None else chosen.refusal is None
                preference = Preference(
                    purpose=purpose.name,
                    channel=channel,
                    allowed=allowed,
                    chosen=chosen is not None,
                    basis=terms.basis,
                    after_sale=chosen is None
                    and self._may_be_soft(purpose, channel, kind)
                    and after_a_sale(purpose, channel, known),
                )
                found.append(preference)
        return found

    def _answer(self, purpose: str, channel: str, known: Circumstances) -> str | verdicts.Reason:
        """The basis of a permit, or why there is none."""
        undeclared = self._undeclared(purpose, channel)
        if undeclared is not None:
            return undeclared
        declared, kind = self._project.purposes[purpose], kind_of(self._project, known.row)
        terms, chosen = declared.terms_in(channel, kind), self.chosen(purpose, channel)
        if chosen is not None:
            return chosen.refusal or terms.basis
        if terms.allowed:
            return terms.basis
        soft, similar_to = declared.soft_opt_in, known.similar_to
        if soft is None or similar_to is None or not self._may_be_soft(declared, channel, kind):
            return self._not_consented(declared, channel, kind)
        lacking = lacking_soft_opt_in(soft, similar_to, known, _cell(purpose, channel))
        return lacking or company.SOFT_OPT_IN

    def _may_be_soft(self, purpose: company.Purpose, channel: str, kind: str) -> bool:
        """Only where nothing but consent is missing, whatever kind of person it may be."""
        soft, terms = purpose.soft_opt_in, purpose.terms_in(channel, kind)
        in_doubt = kind == company.ANYONE and purpose.differs(channel)
        asked = terms.basis in company.BASES and company.BASES[terms.basis].asked
        return (
            soft is not None
            and channel in soft.channels
            and asked
            and not (terms.allowed or in_doubt)
        )

    def _not_consented(self, purpose: company.Purpose, channel: str, kind: str) -> verdicts.Reason:
        cell = _cell(purpose.name, channel)
        kinds = self._project.kinds
        if kinds is not None and kind == company.ANYONE and purpose.differs(channel):
            return verdicts.Reason("kind_not_known", {**cell, "trait": kinds.trait})
        if purpose.differs(channel):
            return verdicts.Reason("not_consented", {**cell, "kind": kind})
        return verdicts.Reason("not_consented", cell)

    def _undeclared(self, purpose: str, channel: str) -> verdicts.Reason | None:
        if purpose not in self._project.purposes:
            return verdicts.Reason("undeclared_purpose", _cell(purpose, channel))
        if channel not in self._project.channels:
            return verdicts.Reason("undeclared_channel", _cell(purpose, channel))
        return None

    def _allowed(self, purpose: str, channel: str) -> bool:
        """By their choice, else by the terms of the strictest kind."""
        chosen = self.chosen(purpose, channel)
        if chosen is not None:
            return chosen.refusal is None
        declared = self._project.purposes[purpose]
        if channel == records.EVERY:
            return all(terms.allowed for terms in declared.terms[company.ANYONE].values())
        return declared.terms_in(channel).allowed

    def _choice(self, purpose: str, channel: str) -> OwnChoice | None:
        """A choice made since the fragments became one customer holds for all of them; before
        that, the strictest fragment's own last choice does."""
        if not (self._fragments or self._refusing):
            return None
        last = [found for each in self._fragments if (found := last_choice(each, purpose, channel))]
        others = (last_choice(each, purpose, channel) for each in self._refusing)
        last += [found for found in others if found is not None and not found[0].allowed]
        if not last:
            return None
        decisive = max(last, key=_order)[0]
        if self._joined_at is not None and decisive.time <= self._joined_at:
            decisive = max(last, key=lambda found: (not found[0].allowed, _order(found)))[0]
        if decisive.allowed:
            return OwnChoice()
        zone = ZoneInfo(self._project.company.zone)
        day = conversion.local_time(decisive.time, zone).date()
        said = {**_cell(purpose, channel), "on": day.isoformat()}
        return OwnChoice(verdicts.Reason("refused_by_customer", said))

    def _again(self) -> "Consents":
        return Consents(self._project, self._fragments, self._joined_at, self._refusing)


def _cell(purpose: str, channel: str) -> dict[str, values.Figure]:
    return {"purpose": purpose, "channel": channel}


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
