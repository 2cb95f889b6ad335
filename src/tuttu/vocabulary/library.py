"""What a company may do and by which rules: actions with treatments, guards, limits, controls."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

import msgspec

from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.values import Condition, Duration, Expression, Instant

ActionStatus = Literal["draft", "live", "paused", "retired"]
"""Of an action; only live ones are candidates."""
SuppressionScope = Literal["action", "issue_group", "owner", "purpose"]
"""What a suppression stops: all that has this in common with what was answered."""


class Treatment(msgspec.Struct, frozen=True, kw_only=True):
    """One way of delivering an action.

    cost: in currency units, as exact as it is written; rounded once where it is booked. uses:
    resource name to units. answer_within: after it, a counted contact without an outcome is
    *ignored*; None: never. holds: how long a shown offer keeps its terms. fulfils: a contact by it
    fulfils what is owed; else it is a reminder.
    """

    name: str
    surface: str
    channel: str
    message: str
    cost: float = 0.0
    uses: Mapping[str, int] = {}
    answer_within: Duration | None = None
    holds: Duration | None = None
    fulfils: bool = True
    where: Where


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One action of the library. Owner and issue group come from its folder.

    Each block of conditions passes only if all are TRUE. value, relevance, propensity, effort are
    formulas over the same row; value and effort yield currency units (not 1/10,000), and are never
    rounded before candidates are ranked. propensity: a formula, or the handle of a model (`model`),
    whose score is missing until learning fills it. The action is valid while valid_from <= now <
    valid_until; None: without that end.

    about: a collection: the action is judged once for each of the customer's items in it, and its
    conditions, formulas and messages may read ``item.<field>`` (`schema_about`). None: once.

    due: of an owed action, by when the customer must have been contacted; a timestamp. fulfilled:
    of an owed action, a condition on the same row: a contact has fulfilled it.

    similar_to: a condition: what it sells is like what the customer bought; without it the action
    never rests on a soft opt-in.
    """

    name: str
    owner: str
    issue_group: str
    objective: str = ""
    status: ActionStatus
    purpose: str
    value: Expression
    relevance: Expression | None = None
    effort: Expression | None = None
    propensity: Expression | None = None
    model: str | None = None
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    about: str | None = None
    due: Expression | None = None
    fulfilled: Expression | None = None
    eligible: tuple[Condition, ...] = ()
    applicable: tuple[Condition, ...] = ()
    suitable: tuple[Condition, ...] = ()
    similar_to: Expression | None = None
    treatments: Mapping[str, Treatment] = {}
    outcomes: Mapping[str, Expression] = {}
    """Outcome name to a condition on an event (schema of events, not of the customer's row)."""
    where: Where

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All of them, in the order of evaluation."""
        return (*self.eligible, *self.applicable, *self.suitable)

    @property
    def formulas(self) -> dict[str, Expression]:
        """Those that there are, by the key of the folder."""
        named = {
            "propensity": self.propensity,
            "value": self.value,
            "relevance": self.relevance,
            "effort": self.effort,
        }
        return {name: formula for name, formula in named.items() if formula is not None}


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """Blocks a purpose while `when` is not FALSE, then for a while.

    Cooling: with `after` set, it also blocks from the instant `after` yields, for `cooling`
    (exclusive of its last instant with `until`, inclusive with `through`); a NULL instant makes
    the cooling part FALSE.

    about: a collection: it is evaluated for each item (`item.<field>`), and blocks only what is
    about that item. group: a declared group: it is evaluated on the row of all its members as one
    customer. At most one of the two.
    """

    name: str
    when: Expression
    blocks: str
    about: str | None = None
    group: str | None = None
    after: Expression | None = None
    cooling: Duration = 0
    inclusive: bool = False
    instead: str | None = None
    where: Where

    @property
    def expressions(self) -> dict[str, Expression]:
        """When it blocks, and after what it cools down, by the key of the folder."""
        return (
            {"when": self.when} if self.after is None else {"when": self.when, "after": self.after}
        )


class ContactLimit(msgspec.Struct, frozen=True, kw_only=True):
    """At most `at_most` counted contacts in a sliding `window`, or on the calendar day of now where
    it is None; None in another field: any."""

    name: str
    at_most: int
    window: Duration | None
    purpose: str | None = None
    channel: str | None = None
    action: str | None = None
    issue_group: str | None = None
    group: str | None = None
    """A declared group whose members share the limit; None: the customer alone."""
    where: Where


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """After `outcome` came `times` times in a row, no contact of the same scope for `window`."""

    name: str
    outcome: str
    times: int = 1
    window: Duration
    scope: SuppressionScope = "action"
    where: Where


class Lever(msgspec.Struct, frozen=True, kw_only=True):
    """A manual adjustment of worth, with a name, an end and a reason."""

    name: str
    times: float
    action: str | None = None
    issue_group: str | None = None
    owner: str | None = None
    valid_until: Instant | None = None
    by: str
    why: str
    where: Where


class ControlArm(msgspec.Struct, frozen=True):
    """A slice of the circle that customers stand on: from `start`, a `share` of it; both parts of
    1. Exact, so that slices which touch have no customer in common."""

    share: Fraction = Fraction(0)
    start: Fraction = Fraction(0)

    def has(self, place: Fraction) -> bool:
        return (place - self.start) % 1 < self.share

    def meets(self, other: "ControlArm") -> bool:
        """Whether a place on the circle is in both; an empty slice meets nothing."""
        some = self.share > 0 and other.share > 0
        return some and (self.has(other.start) or other.has(self.start))


USUAL_ARMS = {
    "no_marketing": ControlArm(),
    "random_choice": ControlArm(start=Fraction(1, 2)),
    "propensity_only": ControlArm(start=Fraction(3, 4)),
}
"""Where they begin if nothing else is written; of nobody."""


class Controls(msgspec.Struct, frozen=True, kw_only=True):
    """arms: by name, all of them; they do not meet, so that a share that is raised moves nobody
    from one to another. exploration: the share of slots that are explored."""

    arms: Mapping[str, ControlArm] = msgspec.field(default_factory=USUAL_ARMS.copy)
    exploration: float = 0.0
    salt: str = "tuttu"


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """policy.yaml."""

    guards: tuple[Guard, ...] = ()
    contact_limits: tuple[ContactLimit, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    levers: tuple[Lever, ...] = ()
    controls: Controls = Controls()


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Text of one message for one channel and language, as a Liquid template.

    subject: a template too, of one line; None: it has none. where: its first line. subject_where:
    that of the subject.
    """

    name: str
    channel: str
    language: str
    template: str
    where: Where
    subject: str | None = None
    subject_where: Where | None = None
