"""What a customer allows, and the only place where a permit is made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec

from tuttu.consent.cells import Made, made
from tuttu.consent.records import EVERY, FRAGMENTS, Choice
from tuttu.vocabulary.conversion import EPOCH
from tuttu.vocabulary.facts import Reader
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Instant
from tuttu.vocabulary.verdicts import Permit, Reason

PROFILING = "profiling"

Preference = tuple[str, str, bool, bool]
"""Purpose, channel, allowed, and whether the customer chose so himself."""


class Standing(msgspec.Struct, frozen=True):
    """One cell of purposes × channels. choice: what decided it; None: the purpose's default."""

    allowed: bool
    choice: Choice | None = None


class Consents:
    """What one customer allows, by purpose and channel, as one snapshot shows it."""

    def __init__(self, project: Project, fragments: list[Made], joined_at: Instant | None) -> None:
        self._project = project
        self._fragments = fragments
        self._joined_at = joined_at
        self._known: dict[tuple[str, str], Standing] = {}

    def permit(self, purpose: str, channel: str) -> Permit | None:
        """Leave to contact the customer; None for a refusal, and for what is not declared."""
        if self._undeclared(purpose, channel) or not self._allows(purpose, channel):
            return None
        basis = self._project.purposes[purpose].basis
        return Permit(purpose=purpose, channel=channel, basis=basis)

    def why_not(self, purpose: str, channel: str) -> Reason | None:
        """Why there is no permit; None if there is one."""
        undeclared = self._undeclared(purpose, channel)
        if undeclared is not None:
            return undeclared
        standing = self._standing(purpose, channel)
        if standing.allowed:
            return None
        cell = {"purpose": purpose, "channel": channel}
        if standing.choice is None:
            return Reason("not_consented", cell)
        return Reason("refused_by_customer", {**cell, "on": self._date(standing.choice.time)})

    def supposing(self, purpose: str, channel: str, allowed: bool) -> Consents:
        """These consents as they would be if the customer said so of one cell: to ask what would
        follow, never to contact him."""
        supposed = Consents(self._project, self._fragments, self._joined_at)
        supposed._known = {**self._known, (purpose, channel): Standing(allowed)}
        return supposed

    @property
    def profiling(self) -> bool:
        """Whether he may be profiled: refused in one channel is refused.

        True where the company declares no purpose of that name.
        """
        if PROFILING not in self._project.purposes:
            return True
        channels = (EVERY, *self._project.channels)
        return all(self._standing(PROFILING, channel).allowed for channel in channels)

    def preferences(self) -> list[Preference]:
        """All cells, purposes and channels in the order of the project folder."""
        return list(self._preferences())

    def _preferences(self) -> Iterator[Preference]:
        for purpose in self._project.purposes:
            for channel in self._project.channels:
                standing = self._standing(purpose, channel)
                yield purpose, channel, standing.allowed, standing.choice is not None

    def _allows(self, purpose: str, channel: str) -> bool:
        return self._standing(purpose, channel).allowed

    def _undeclared(self, purpose: str, channel: str) -> Reason | None:
        if purpose not in self._project.purposes:
            return Reason("undeclared_purpose", {"purpose": purpose, "channel": channel})
        if channel not in self._project.channels:
            return Reason("undeclared_channel", {"purpose": purpose, "channel": channel})
        return None

    def _standing(self, purpose: str, channel: str) -> Standing:
        known = self._known.get((purpose, channel))
        if known is None:
            known = self._known[purpose, channel] = self._judge(purpose, channel)
        return known

    def _judge(self, purpose: str, channel: str) -> Standing:
        """A choice made since the fragments became one customer holds for all of him; before
        that, the strictest fragment's own last choice does."""
        last = [found for each in self._fragments if (found := last_choice(each, purpose, channel))]
        if not last:
            return Standing(self._default(purpose, channel))
        newest = max(last, key=_order)
        if self._joined_at is None or newest[0].time > self._joined_at:
            return Standing(newest[0].allowed, newest[0])
        strictest = max(last, key=lambda found: (not found[0].allowed, _order(found)))[0]
        return Standing(strictest.allowed, strictest)

    def _default(self, purpose: str, channel: str) -> bool:
        default = self._project.purposes[purpose].default
        return all(default.values()) if channel == EVERY else default.get(channel, False)

    def _date(self, time: Instant) -> str:
        moment = EPOCH + timedelta(microseconds=time)
        return moment.astimezone(ZoneInfo(self._project.company.zone)).date().isoformat()


def read(reader: Reader, customer: Customer, project: Project) -> Consents:
    """The customer's consents; each fragment's choices are watched."""
    kept = (reader.get(FRAGMENTS, fragment) for fragment in customer.fragments)
    fragments = [made(project, each) for each in kept if each is not None]
    return Consents(project, fragments, customer.joined_at)


def canonical(
    reader: Reader, customer: Customer, project: Project
) -> list[list[tuple[str, str, bool, Instant]]]:
    """What the customer's fragments hold, in an order of its own: for the digest."""
    kept = (reader.get(FRAGMENTS, fragment, watch=False) for fragment in customer.fragments)
    choices = (made(project, each) for each in kept if each is not None)
    return sorted(
        [
            (purpose, channel, choice.allowed, choice.time)
            for purpose, channels in sorted(each.items())
            for channel, choice in sorted(channels.items())
        ]
        for each in choices
        if each
    )


def last_choice(choices: Made, purpose: str, channel: str) -> tuple[Choice, bool] | None:
    """A fragment's last choice for a channel, and whether it named the channel itself."""
    cells = choices.get(purpose, {})
    found = [(cells[name], name != EVERY) for name in {channel, EVERY} if name in cells]
    return max(found, key=_order, default=None)


def _order(found: tuple[Choice, bool]) -> tuple[Instant, bool, bool, str]:
    """Later counts; at the same moment ("none, but e-mail") the one that names the channel."""
    choice, named = found
    return choice.time, named, not choice.allowed, choice.id
