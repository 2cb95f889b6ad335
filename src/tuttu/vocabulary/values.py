"""Values and their types: what a condition reads and yields.

At run time a value is plain Python: ``None`` is NULL, a timestamp is an integer of microseconds
since 1970-01-01T00:00Z, a date is an integer of days since 1970-01-01, money is an integer of
1/10,000 of the currency's unit. The type that distinguishes them is declared, never guessed.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

import msgspec

MONEY_SCALE = 10_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
INTEGER_MIN = -(2**63)
INTEGER_MAX = 2**63 - 1
COUNT_MAX = 2**53
"""Largest integer in settings: exact also where JSON numbers are read as floats."""

Instant = int
"""Microseconds since 1970-01-01T00:00Z."""

Duration = int
"""Elapsed microseconds."""

Scalar = bool | int | float | str | None
Item = Mapping[str, Scalar]
"""One item of a collection: field name to value; a field never written is absent, that is NULL."""

Value = Scalar | list[Any]
"""A scalar, a list of scalars, or a collection: a list of `Item`."""
Row = Mapping[str, Value]
"""The wide row a condition is tested on: column name to value; ``now`` is always there."""


Figure = str | int | float | bool | tuple[str, ...] | None
"""A value of a reason. Money is in currency units, a moment is ISO text."""
Figures = Mapping[str, Figure]
"""By name."""


class Kind(StrEnum):
    """The scalar types of conditions and formulas."""

    BOOL = "bool"
    INTEGER = "integer"
    MONEY = "money"
    REAL = "real"
    TEXT = "text"
    DATE = "date"
    TIMESTAMP = "timestamp"


class Type(msgspec.Struct, frozen=True):
    """A scalar type, or a list of it."""

    kind: Kind
    many: bool = False

    def __str__(self) -> str:
        return f"[{self.kind}]" if self.many else str(self.kind)


class Schema(msgspec.Struct, frozen=True):
    """The columns that a condition may name.

    columns: name (``has_tv``, ``told.shoe_size``) to type. ``now`` is implied.
    collections: name to its fields' types.
    actions, channels, outcomes: names that ``contacted``, ``answered``, ``last_contact`` accept.
    late: owed actions that ``late`` accepts, with what it means of each.
    zone: IANA name of the project's time zone. own_zone: the column that names the customer's, in
    which the calendar counts (``today``, ``date``, ``days_since``), where it names one; None: it
    counts in the project's, as of an event, which has no other.
    """

    columns: Mapping[str, Type] = {}
    collections: Mapping[str, Mapping[str, Type]] = {}
    actions: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    outcomes: frozenset[str] = frozenset()
    late: "Mapping[str, Expression]" = {}
    zone: str = "UTC"
    own_zone: str | None = None


class Expression(Protocol):
    """A compiled condition or formula. Calling it never raises: what would raise is NULL."""

    @property
    def text(self) -> str:
        """As the author wrote it."""

    @property
    def type(self) -> Type: ...

    @property
    def columns(self) -> frozenset[str]:
        """Every column the row must offer: traits, collections, and the ledger's columns
        ``contacted.<action>``, ``answered.<action>.<outcome>``, ``last_contact.<channel>``
        (timestamps, NULL if never)."""

    def __call__(self, row: Row) -> Value: ...


class Condition(msgspec.Struct, frozen=True):
    """A named condition. The name, in plain words, is the reason that people read."""

    name: str
    test: Expression


ZONE = "zone"
"""The trait that names a customer's time zone: text, and the name of one."""
OWNERS_ZONE = "zone of the customer"
"""The same in the row of an item alone; no field has such a name."""

ITEM = "item"
"""The word for the item that an action or a guard is about: ``item.postal_code``."""
OF_ITEM = f"{ITEM}."
"""Every `item_column` begins with it."""


def item_column(field: str) -> str:
    return f"{OF_ITEM}{field}"


def schema_about(schema: Schema, collection: str) -> Schema:
    """What a rule that is `about` a collection may name: the customer's row, and ``item.<field>``
    of the item at hand, its key's own field included."""
    fields = schema.collections[collection]
    of_item = {item_column(name): declared for name, declared in fields.items()}
    return msgspec.structs.replace(schema, columns={**schema.columns, **of_item})


def contacted_column(action: str) -> str:
    return f"contacted.{action}"


def answered_column(action: str, outcome: str) -> str:
    return f"answered.{action}.{outcome}"


def fulfilled_column(action: str) -> str:
    """For what due an owed action was fulfilled last; when, if no due was known."""
    return f"fulfilled.{action}"


def last_contact_column(channel: str) -> str:
    return f"last_contact.{channel}"
